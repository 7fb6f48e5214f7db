"""Agenda: goal, instructions and known facts split into what the user says, asks, answers and does when refused.

Source: Schatzmann et al., "Agenda-Based User Simulation for Bootstrapping a POMDP Dialogue System", NAACL 2007. There
the agenda is a stack of dialogue acts; here it is a list of sentences, since the bot under test speaks plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from personae.core.tasks import Speak
from personae.llm.offline import facts
from personae.llm.offline.clauses import META, VERB, clauses, said
from personae.llm.offline.first_person import first_person
from personae.llm.offline.rules import GIVES_UP, WHETHER, Rule, is_rule, rule_of
from personae.llm.offline.speech import Manner, manner_of
from personae.llm.offline.words import LOOKED_AT, STOPWORDS, content, coverage, split_sentences, tokens

MOST_ITEMS = 12
_PROHIBITION = re.compile(
    r"^(?:do not|don't|never|under no|avoid|always|refuse to|be |act |stay |remain |speak |use )", re.IGNORECASE
)
_INNER_IF = re.compile(r"[,;] (?:and |but )?(?=if (?:the |it|that|not|you cannot|they|refused))", re.IGNORECASE)
_PARENTHESIS = re.compile(r"\s*\(([^()]{0,300})\)")
_SECRET = re.compile(r"\b(?:not|don't|won't|agent|prefer not|reveal|mention|unless|incorrect)\b", re.IGNORECASE)
_FOLD = re.compile(r"(?<![.!?:;\n])\n(?![ \t]*(?:[-*•\n]|$))")
_ASIDE = re.compile(
    r"^(?:(?:halfway|in the middle of|after the (?:first|second|third)|as you are interacting with)\b[^,]{0,80}"
    r"|at (?:some|one) point|at the end(?: of the day)?|after this|in fact|also|for some reason|well), (?:abruptly "
    r"|suddenly )?"
    r"|^(?:make sure|be sure) (?:to |that |you )+(?=\w)|^but (?!if)|^if relevant, ",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^[\s.,;:•*-]+")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to say or to find out."""

    text: str
    """As the user says it, in the first person, without a full stop."""
    words: frozenset[str]
    kind: Literal["request", "question", "remark"]
    """What counts as answered is asked of requests and questions alone; remarks are only said."""

    @property
    def is_due(self) -> bool:
        return self.kind != "remark"


@dataclass(frozen=True, slots=True)
class Agenda:
    """All of a user's part."""

    items: tuple[Item, ...]
    details: tuple[Item, ...]
    """What is only said when the bot asks for it."""
    rules: tuple[Rule, ...]
    known: Mapping[str, str]
    """Facts by kind (`facts.KINDS`)."""
    unknown: frozenset[str]
    """Kinds that the user does not know."""
    unknown_words: frozenset[str]
    manner: Manner
    accepts_refusal: bool


def agenda_of(task: Speak) -> Agenda:
    """The agenda of the task's user. Remembered, since it is asked for each turn."""
    return _agenda(
        task.name, task.description, task.traits, task.domain_knowledge, task.goal, task.known_info, task.unknown_info,
        task.instructions,
    )  # fmt: skip


@lru_cache(maxsize=4_096)
def _agenda(
    name: str,
    description: str,
    traits: tuple[str, ...],
    domain_knowledge: str,
    goal: str,
    known_info: str,
    unknown_info: str,
    instructions: str,
) -> Agenda:
    told = [text[:LOOKED_AT] for text in (known_info, goal, instructions, description, domain_knowledge)]
    known: dict[str, str] = {}
    for text in told:
        known = {**facts.given(text), **known}
    if "name" not in known and (person := _person(name, description)):
        known["name"] = person
    goal_items, rules = _plan(told[1])
    more_items, more_rules = _plan(told[2])
    details = [item for item in more_items if item.kind == "remark" or not _is_directive(item)]
    items = goal_items + [item for item in more_items if item not in details]
    if not any(item.is_due for item in items):
        items = _promoted(items, told[1])
    unknown_text = unknown_info[:LOOKED_AT].lower()
    unknown_text = " ".join(
        part
        for part in split_sentences(unknown_text)
        if re.search(r"\bnot\b|n't|never|no\b|forg|unknown|^\W*\w+(?: \w+){0,3}\W*$", part)
    )
    unknown = frozenset(kind for kind, rule in facts.KINDS.items() if rule.asked.search(f"your {unknown_text}?"))
    extra = [_item(text) for text in _spoken_sentences(told[0])] + [_item(text) for text in _spoken_sentences(told[4])]
    return Agenda(
        items=tuple(dict.fromkeys(items))[:MOST_ITEMS],
        details=tuple(dict.fromkeys([*details, *extra]))[: 2 * MOST_ITEMS],
        rules=tuple(dict.fromkeys(rules + more_rules))[:MOST_ITEMS],
        known={kind: value for kind, value in known.items() if kind not in unknown or value in told[0]},
        unknown=unknown,
        unknown_words=content(unknown_text) - content("remember know recall"),
        manner=manner_of(traits, f"{description} {instructions}"[:LOOKED_AT]),
        accepts_refusal=bool(
            re.search(r"accept (?:it|this) and (?:move on|end)|accepts? (?:a )?refusal", instructions, re.IGNORECASE)
        ),
    )


def _person(name: str, description: str) -> str:
    """The user's own name, where the persona's label or description begins with one."""
    for text in (name, description.partition(",")[0].partition(" is ")[0]):
        if re.fullmatch(r"[A-Z][\w'\u2019.-]{1,20}(?: [A-Z][\w'\u2019.-]{0,20}){1,2}", text.strip()):
            words = content(text)
            if not words & _ROLE_WORDS:
                return text.strip()
    return ""


_ROLE_WORDS = content(
    "customer user buyer shopper client frequent new first time long adversarial impatient polite angry traveler "
    "traveller "
    "student parent expert novice worrier skeptic collector user freelancer rushed confused careful anxious timer"
)


def _plan(text: str) -> tuple[list[Item], list[Rule]]:
    """What the sentences of `text` come to: things to say, and rules."""
    items: list[Item] = []
    rules: list[Rule] = []
    text = _PARENTHESIS.sub(lambda match: "" if len(match[1]) > 40 or _SECRET.search(match[1]) else match[0], text)
    text = _FOLD.sub(" ", text)
    for sentence in _statements(text):
        if is_rule(sentence):
            rules += filter(None, [rule_of(sentence)])
        elif not _is_meta(sentence):
            items += (_item(clause) for clause in clauses(sentence))
    return _without_repeats([item for item in items if item.words]), rules


def _statements(text: str) -> Iterator[str]:
    """Sentences, cut also before an `if` in their middle."""
    for line in split_sentences(text):
        sentence = _BULLET.sub("", line).rstrip(" .;")
        sentence = _ASIDE.sub("", sentence)
        parts = [sentence] if WHETHER.search(sentence) else _INNER_IF.split(sentence)
        yield from (part for part in parts if len(part) > 3)


def _without_repeats(items: list[Item]) -> list[Item]:
    """What is said again in fewer words is left out."""
    kept: list[Item] = []
    for item in items:
        if not any(coverage(item.words, other.words) > 0.8 for other in kept):
            kept = [
                other
                for other in kept
                if other.kind != item.kind or len(other.words) < 3 or coverage(other.words, item.words) < 0.95
            ]
            kept.append(item)
    return kept


def _is_meta(sentence: str) -> bool:
    """Does it say how to behave, rather than what to say?"""
    if _PROHIBITION.match(sentence) or GIVES_UP.search(sentence):
        return True
    if META.search(sentence) and not re.search(
        r"\byou (?:also )?(?:want|wish|need) to (?:also )?" + VERB, sentence, re.IGNORECASE
    ):
        return True
    return _is_trait(sentence)


def _is_trait(sentence: str) -> bool:
    """`You are polite and organized`: a description of the user, not something that the user says."""
    match = re.match(
        r"(?:you are|you're|you|your approach will be|act|be|sound)\b(?: now| also| a| an| the| very| extremely| not"
        r"| good| bit| and"
        r"| but| man| person| guy| today|,)* (.*)$",
        sentence,
        re.IGNORECASE | re.DOTALL,
    )
    if not match or re.match(
        r"you(?:'re| are)? (?:\w+ )?(?:name|user|want|contacting|trying|looking|calling|flying|willing)",
        sentence,
        re.IGNORECASE,
    ):
        return False
    words = [word for word in tokens(match[1]) if word not in STOPWORDS]
    cues = sum(bool(manner_of((), word).flags) for word in words)
    return (cues > 0 and cues >= len(words) / 4) or bool(
        re.match(r"(?:you are|you're) (?:[a-z-]+)(?:,| and [a-z-]+$|$)", sentence, re.IGNORECASE)
    )


def _item(text: str) -> Item:
    text = re.sub(r"\bask for (?=what|how|which)", "know ", text.strip(" .;,"))
    kind: Literal["request", "question", "remark"] = "remark"
    if re.match(r"(?:Can|Could|How|What|When|Where|Which|Is|Are|Do|Does|Will|Why|Who)\b", text):
        kind = "request" if re.match(r"(?:Could you|Can I get) ", text) else "question"
    elif _WONDERS.match(text):
        kind = "question"
    elif _REQUEST.match(text) and not re.search(r"\b(?:not|never|don't)\b", text[:24]):
        kind = "request"
    return Item(text, content(text) - _HOLLOW, kind)


_HOLLOW = content("want need wish like prefer wonder tell know say find could would exactly also sure learn possible")
_WONDERS = re.compile(
    r"I(?:'d)? (?:really |just |also |do |then |now |first )*(?:want|wish|wonder|need|like|would like) "
    r"(?:to (?:also )?)?(?:know|find out|see|check|figure out|if|when|what|how|learn|understand|ask|confirm)\b"
)
_REQUEST = re.compile(
    r"(?:[A-Z][^.]{0,90}, )?I(?:'m|'d| am| would)? (?:really |just |also |do |now |then |first |recently |urgently )*"
    r"(?:want|need|wish|like|looking|trying|insist|hope|contacting|request|intend|demand) (?!(?:it|this|that) )(?:to"
    r"|for|you|on|a|an|the|my|in|\$?\d+)\b"
    r"|I'd like |Please (?!do not|don't)"
)


def _is_directive(item: Item) -> bool:
    """Said of one's own accord: a question, or a request that is no mere preference."""
    return item.kind == "question" or (
        item.kind == "request" and not re.match(r"I(?:'d)? (?:do )?not|I don't|I want to use", item.text)
    )


def _promoted(items: list[Item], goal: str) -> list[Item]:
    """A goal that reads like no request is one all the same: its first thing said becomes the request."""
    if items:
        return [Item(items[0].text, items[0].words, "request"), *items[1:]]
    text = first_person(" ".join(goal.split())).strip(" .")[:300]
    return [Item(text, content(text), "request")] if text else [Item("I have a question", frozenset(), "request")]


def _spoken_sentences(text: str) -> Iterator[str]:
    for line in split_sentences(text):
        sentence = _BULLET.sub("", line).rstrip(" .;")
        if len(sentence) > 3 and not re.search(r"\bagent\b", sentence) and not META.search(sentence):
            yield said(sentence)
