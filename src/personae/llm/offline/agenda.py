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
from personae.llm.offline.first_person import first_person
from personae.llm.offline.speech import Manner, manner_of
from personae.llm.offline.words import LOOKED_AT, STOPWORDS, content, coverage, split_sentences, tokens

MOST_ITEMS = 12

VERBS = frozenset(
    """
    accept access activate add adjust apply arrange ask avoid block book buy calculate call cancel change charge
    check choose claim clarify close collect compare complain complete confirm consider contact convert convince
    correct create decide delete demand deposit discover discuss dispute download downgrade drop enroll ensure
    exchange explain explore extend figure file find finish fix follow freeze get give have help identify inquire
    insist install keep know learn leave let locate lower make manage match modify move negotiate notify obtain open
    order pay persuade pick place plan postpone press pretend proceed process provide pull purchase push put raise
    reach rebook receive recover redeem reduce refund register reinstate remove renew repair replace report request
    reschedule reserve reset resolve return review save schedule see select sell send set settle share ship show
    sign solve speak split start stop submit subscribe suspend swap switch take talk tell test track transfer trick
    troubleshoot try turn understand undo unlock unsubscribe update upgrade use verify wait waive withdraw
    """.split()  # noqa: SIM905 - one word after the other reads better here
)
_VERB = "(?:" + "|".join(sorted(VERBS)) + ")"
_WISH = (
    r"(?:want|wish|would like|'d like|need|would prefer|'d prefer|prefer|hope|wonder|intend|plan|'d love|would love"
    r"|are looking|'re looking|are trying|'re trying)"
)
_OBJECT = (
    r"(?:the|my|your|you|a|an|it|its|them|this|that|these|those|all|any|one|both|every\w*|some\w*|#?\d+|another|how"
    r"|if|whether"
    r"|what|when|where|which|why|who|for|to|out|me|him|her|new|more|two|three|order|orders|items|back|down|up|with"
    r"|about)"
)
_CLAUSE = re.compile(
    r"(?:,? and then |,? and also |,? then |, and |,? and | but )(?=(?:to )?" + _VERB + " " + _OBJECT + r"\b"
    r"|(?:you |I )?(?:also |then )?" + _WISH + r" |(?:you|I)(?:'d| would) |insist )|, so (?=insist|you want)",
    re.IGNORECASE,
)
_META = re.compile(
    r"\b(?:at the same time|same message|at once|upfront|in one go|in context with|things together|conversation"
    r"|piecewise|in pieces|one thing at a time|say things|typos?|is meant to|"
    r"do not reveal|don't reveal|not (?:want|prefer) to (?:reveal|share|mention|provide|give)|not mention|not share"
    r"|don't mention"
    r"|don't share|reactive to the agent|volunteer|should sound|sound (?:natural|very)|make up reasons"
    r"|reveal minimal|only provide this"
    r"|confusing for|laugh|lots of jokes|french words|don't provide|do not provide|not want to be transferred"
    r"|to (?:be|get) transferred"
    r"|speak (?:very )?(?:briefly|tersely)|talk (?:very )?tersely|prefer not to provide|your replies|very brief\b"
    r"|first message"
    r"|do not end|don't end|will never|take no for|take No for|without being asked|only when asked|stay in (?:role"
    r"|character)|coercion|maximum of|make up a story|be the one|insert French|end the call"
    r"|(?:want|like) to get things done|let the agent|but are willing to cooperate|talk a lot)",
    re.IGNORECASE,
)
_PROHIBITION = re.compile(
    r"^(?:do not|don't|never|under no|avoid|always|refuse to|be |act |stay |remain |speak |use )", re.IGNORECASE
)
_DIRECTIVE = re.compile(
    r"^(?:(?:first|then|also|finally|lastly|next|and|at the end,?|explicitly|please|you will|you should|you must"
    r"|you can also|try to|"
    r"you'll|make sure (?:to|you)|be sure to|you then|you)[ ,]+){0,4}"
    r"(?P<verb>mention|say|tell|explain|insist|claim|point out|state|admit|respond exactly with|respond with|assert"
    r"|stress)"
    r"(?: to)?(?: (?:the )?(?:service )?agent| the (?:bot|assistant)| them| him| her)?(?P<that>,? that| on"
    r"|:)? (?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_ASK = re.compile(
    r"^(?:(?:first|then|also|finally|lastly|next|you|will|should|can also|explicitly|please|want to"
    r"|would like to)[ ,]+){0,4}"
    r"(?:ask|inquire|request|beg)(?:s|ed)?(?: (?:the )?(?:service )?agent| the (?:bot|assistant)"
    r"| them)?(?: explicitly| about)? "
    r"(?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_LEARN = re.compile(
    r"^(?:(?:I|to|want|need|wish|also|then|first|would|finally|just|I'd|like|hope|try|get)[ ,]+)*"
    r"(?P<verb>find out|learn|know|understand|figure out|get to know|confirm|check|ask|clarify|see|be told|hear"
    r"|verify|inquire)"
    r"(?: about| of| exactly| whether or not)? (?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_IF_HEAD = (
    r"^(?:but |and |also,? |even |however,? )?"
    r"(?P<word>if and only if|only if|if|when|whenever|in case|once|only after|after|unless)\s+"
)
_THEN = (
    r"(?:you|your|ask|tell|mention|say|insist|only|please|it|that|do not|don't|suddenly|abruptly|also|just|no action"
    r"|accept|move on"
    r"|end|swear|agree|respond|provide|proceed|using|still|never|" + _VERB + r")\b"
)
_IF = re.compile(
    _IF_HEAD + r"(?P<when>.+?)(?:,\s+(?:then )?(?=" + _THEN + r")|\s+then\s+)(?P<then>.+)$", re.IGNORECASE | re.DOTALL
)
_IF_COMMA = re.compile(_IF_HEAD + r"(?P<when>.+?),\s+(?P<then>.+)$", re.IGNORECASE | re.DOTALL)
_INNER_IF = re.compile(r"[,;] (?:and |but )?(?=if (?:the |it|that|not|you cannot|they|refused))", re.IGNORECASE)
_WHETHER = re.compile(
    r"\b(?:know|wonder|ask|check|see|tell|verify|confirm|inquire|out)(?: \w+){0,4}(?:, and|,)? if\b"
    r"|\bknow\b[^.]{0,200}\bif (?:you|I) can\b",
    re.IGNORECASE,
)
_IF_LAST = re.compile(
    r"^(?P<then>(?:you|ask|tell|mention|say|only|be).{8,}?),? (?P<word>if) (?P<when>(?:the |it |that |asked|refused"
    r"|you ).+)$",
    re.IGNORECASE,
)
_SHORT_IF = re.compile(
    r"^(?P<word>if) (?P<when>(?:not|so|asked|refused|needed|relevant)(?: \w+){0,3}),\s+(?P<then>.{6,})$", re.IGNORECASE
)
_REFUSED = re.compile(
    r"\b(?:cannot|can't|can not|not|n't|no|unable|refus\w+|den(?:y|ies|ied)|declin\w+|unavailable|impossible|fails?"
    r"|only do one|doesn't)\b"
    r"|n't\b",
    re.IGNORECASE,
)
_GIVES_UP = re.compile(
    r"^accept$|\b(?:accept (?:it|this|that)|move on|end the (?:call|conversation)|no action|do not do anything"
    r"|give up|forget about it|hang up"
    r"|just thank)\b",
    re.IGNORECASE,
)
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
class Rule:
    """What the user says when something happens."""

    on: Literal["refused", "confirm", "asked", "said"]
    words: frozenset[str]
    """What the bot's turn must be about; empty for any."""
    say: str
    say_words: frozenset[str]
    gives_up: bool = False


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
        if _IF_COMMA.match(sentence) or (_IF_LAST.match(sentence) and not _WHETHER.search(sentence)):
            rules += filter(None, [_rule(sentence)])
        elif not _is_meta(sentence):
            items += (_item(clause) for clause in _clauses(sentence))
    return _without_repeats([item for item in items if item.words]), rules


def _statements(text: str) -> Iterator[str]:
    """Sentences, cut also before an `if` in their middle."""
    for line in split_sentences(text):
        sentence = _BULLET.sub("", line).rstrip(" .;")
        sentence = _ASIDE.sub("", sentence)
        parts = [sentence] if _WHETHER.search(sentence) else _INNER_IF.split(sentence)
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
    if _PROHIBITION.match(sentence) or _GIVES_UP.search(sentence):
        return True
    if _META.search(sentence) and not re.search(
        r"\byou (?:also )?(?:want|wish|need) to (?:also )?" + _VERB, sentence, re.IGNORECASE
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


def _clauses(sentence: str) -> Iterator[str]:
    """The sentence's parts in first person, each a sentence of its own."""
    if match := _DIRECTIVE.match(sentence):
        rest = match["rest"].strip(" '\"“”")
        verb = match["verb"].lower()
        if order := re.match(r"(?:(?:it|them|the agent) )?(?:to|(not) to) (.+)$", rest, re.IGNORECASE | re.DOTALL):
            yield first_person(f"Please {'do not ' if order[1] else ''}{order[2]}")
            return
        if verb == "insist" or (match["that"] or "").strip() == "on":
            rest = rest if re.match(r"(?:you|I|the|it)\b", rest) else f"you insist on {rest}"
        yield _said(rest)
        return
    if match := _ASK.match(sentence):
        for rest in _NEXT_QUESTION.split(match["rest"]):
            yield _requested(rest)
        return
    for number, part in enumerate(_parts(sentence)):
        yield _wished(part, is_first=number == 0)


_NEXT_QUESTION = re.compile(
    r"(?:, and |,? and |, )(?=(?:how|what|when|where|whether|which|why|who)\b(?! (?:is|are) (?:to|not)\b))",
    re.IGNORECASE,
)
_LEARNS = re.compile(r"^(?:find out|learn|understand|know|check|ask|clarify|figure out|confirm)\b", re.IGNORECASE)


def _parts(sentence: str) -> Iterator[str]:
    """The sentence cut into clauses; a list of questions into one each."""
    for clause in _verb_parts(sentence):
        lead = _LEARNS.match(clause)
        first, *others = _NEXT_QUESTION.split(clause) if lead else [clause]
        yield first
        yield from (f"{lead[0]} {other}" for other in others if lead)


def _verb_parts(sentence: str) -> Iterator[str]:
    """The sentence cut before each further verb that the user is to do; not where the bot or a `not` governs it."""
    start = 0
    for match in _CLAUSE.finditer(sentence):
        before = sentence[start : match.start()]
        own = re.match(
            r"(?:you |I )?(?:also |then )?" + _WISH + r"\b|(?:you|I)\b|insist", sentence[match.end() :], re.IGNORECASE
        )
        if not own and re.search(
            r"\b(?:agent|assistant|bot) (?:to|can|could)\b|\b(?:not|n't|never|without)\b", before, re.IGNORECASE
        ):
            continue
        if before.strip(" ,;"):
            yield before.strip(" ,;")
        start = match.end()
    if rest := sentence[start:].strip(" ,;"):
        yield rest


def _said(text: str) -> str:
    text = first_person(re.sub(r"^(?:that|yes,|no,) ", "", text))
    return text[0].upper() + text[1:] if text else text


def _requested(rest: str) -> str:
    """What follows `ask` or `ask the agent`, as a question or a request to the bot."""
    text = re.sub(r"^for getting\b", "for", first_person(rest))
    if re.match(r"(?:the|my|a) .+ to be \w+ed\b", text):
        return f"I'd like {text}"
    head = text.split(None, 1)[0].lower() if text else ""
    if head in {"to", "for"} or head in {"if", "whether", "what", "how", "when", "why", "where", "which", "who"}:
        return {"to": f"Could you {text[3:]}", "for": f"Can I get {text[4:]}"}.get(head) or f"Can you tell me {text}"
    return f"Can you tell me {text}"


def _wished(part: str, *, is_first: bool) -> str:
    """One clause about a wish: `want to cancel the order`, `cancel the order`, `you received your order`."""
    text = re.sub(
        r"^(?:(?:also|and|then|finally|lastly|first|next|additionally|to|second),? )+", "", part, flags=re.IGNORECASE
    )
    if pressed := _PRESSED.match(text):
        rest = _OWN.sub("the agent's", pressed[2])
        return first_person(f"You want the agent to {_base(pressed[1])}{rest}")
    text = first_person(text)
    text = re.sub(r"^If you (?:can|could) ", "Can you ", text, flags=re.IGNORECASE)
    text = re.sub(
        r"^(?=(?:if|whether) (?!.* want )[^,]{0,60}$)", "Can you tell me ", text, flags=re.IGNORECASE
    ).replace("tell me If", "tell me if")
    text = re.sub(r"^(For .*?),? I (?:want|need|would like) to:?$", lambda match: f"It's about {match[1][4:]}", text)
    text = re.sub(r"^I (?:will |'ll )?(?:first |then )?(?=inquire|ask)", "", text)
    head = (
        re.sub(r"^(?:also|just|only|first|then) ", "", text, flags=re.IGNORECASE).split(None, 1)[0].lower().strip(",:")
    )
    if re.match(_WISH + r"\b", text, re.IGNORECASE) and not text.startswith("I"):
        text = "I " + re.sub(r"^'d", "would", text)
    elif head in VERBS:
        text = _of_verb(re.sub(r"^(?:also|just|then) ", "", text, flags=re.IGNORECASE), is_first=is_first)
    elif head in {"are", "were", "have", "received", "ordered", "bought", "prefer", "like", "insist"}:
        text = "I " + {"are": "am"}.get(head, head) + text[len(head) :]
    text = re.sub(r"^(I(?:'d| would)? (?:want|wish|need|like) )you to ", r"\1you to ", text)
    text = re.sub(r"^I (?:first |want to )?try to ", "I'd like to ", text)
    return text[0].upper() + text[1:] if text else text


_PRESSED = re.compile(
    r"(?:(?:you|I)(?: are|'re|'m)? )?(?:(?:want|try|trying|attempt|manage) to )?(?:make|get|convince|trick|persuade"
    r"|pressure|manipulate|push"
    r"|force|talk|coax) (?:the )?(?:\w+ )?(?:agent|assistant|bot|chatbot|it|them)(?: (?:to"
    r"|into))? (\w+)(.*?)(?: that is not allowed)?$",
    re.IGNORECASE | re.DOTALL,
)
_OWN = re.compile(r"\b(?:its|their)\b")


def _base(verb: str) -> str:
    """`revealing` as `reveal`."""
    if not verb.endswith("ing") or len(verb) < 6:
        return verb
    root = verb[:-3]
    if root[-1] == root[-2] and root[-1] not in "lsf":
        return root[:-1]
    return next((known for known in (root, root + "e") if known in VERBS), root + ("e" if root[-1] in "cgvsz" else ""))


def _of_verb(text: str, *, is_first: bool) -> str:
    """An imperative, `find out how to get a refund`, as a wish or a question."""
    learn = _LEARN.match(text)
    if learn and learn["verb"].lower() not in {"see", "hear"}:
        rest = learn["rest"]
        if how := re.match(r"how to (.+)$", rest, re.IGNORECASE | re.DOTALL):
            return f"How do I {how[1]}"
        if re.match(
            r"(?:that|the|my|your|a|an|what|whether|if|when|where|which|who|why|how|it)\b", rest, re.IGNORECASE
        ):
            verb = "confirm" if learn["verb"].lower() in {"confirm", "verify"} else "tell me"
            return f"Can you {verb} {rest}"
    lowered = text[0].lower() + text[1:]
    if " of " in text[:14]:
        return f"It's about the {lowered}"
    return ("I'd like to " if is_first else "I also want to ") + lowered


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
    r"I(?:'d)? (?:really |just |also |do |then |now |first )*(?:want|wish|wonder|need|like|would like) (?:to (?:also )?)?"
    r"(?:know|find out|see|check|figure out|if|when|what|how|learn|understand|ask|confirm)\b"
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


def _rule(sentence: str) -> Rule | None:
    match = _SHORT_IF.match(sentence) or _IF.match(sentence) or _IF_COMMA.match(sentence) or _IF_LAST.match(sentence)
    if match is None or match["word"].lower() == "unless":
        return None
    when, then = match["when"], match["then"].strip(" .")
    low = when.lower()
    words = content(
        re.sub(r"\b(?:the )?(?:service |customer service )?agent\b|\basks?(?:ed)?\b|\bsays?\b|\btells?\b", " ", low)
    )
    words -= content(
        "not possible confirm confirmation mention mentions finally cannot available allowed reservation agent offer"
    )
    on: Literal["refused", "confirm", "asked", "said"] = "said"
    if re.search(r"confirm", low) and re.search(r"\bask|want|request", low):
        on, words = "confirm", frozenset()
    elif re.search(r"\bask(?:s|ed)?\b|\bwants? to know\b|\brequests?\b", low):
        on = "asked"
    elif _REFUSED.search(low) or re.match(r"not\b|refused", low):
        on = "refused"
    elif not words:
        return None
    gives_up = bool(_GIVES_UP.search(then))
    say = "" if gives_up else _then_said(then)
    if not say and not gives_up:
        return None
    return Rule(on, words, say, content(say), gives_up)


_REACTION = re.compile(
    r"^(?:you (?:are|become|'re|would be|feel) (?:very )?(?:angry|upset|sad|annoyed"
    r"|furious)\b(?: and swear for a few times)?[, ]*(?:and |but |then )*"
    r"|swear[^,]*, ?|suddenly |abruptly |only then |still |simply |change your mind(?: and| to)? "
    r"|you regret(?: it)?(?: and)? |just |you add another request and (?:also )?)+",
    re.IGNORECASE,
)


def _then_said(then: str) -> str:
    """What the user says when the rule applies."""
    angry = _REACTION.match(then)
    then = _REACTION.sub("", then)
    if re.match(
        r"(?:do not|don't|never|be |you (?:do not|don't) (?:want to )?(?:mention|reveal))", then, re.IGNORECASE
    ) or _META.search(then):
        return (
            "No, please don't do that"
            if re.match(r"(?:do not|don't) (?:exchange|do|cancel|change|process)", then, re.IGNORECASE)
            else ""
        )
    then = re.sub(
        r"^(?:you )?(?:want to|will|would|should|can)? ?(?=(?:mention|say|tell|ask|insist|respond)\b)",
        "",
        then,
        flags=re.IGNORECASE,
    )
    then = re.sub(r"(?<=\w) (?:first|initially)(?: \(|,| and|$).*$", "", then, flags=re.IGNORECASE | re.DOTALL)
    then = re.sub(r"^(?=(?:want|prefer|wonder|insist)\b)", "you ", then, flags=re.IGNORECASE)
    then = re.sub(r"\b(?:and )?provide (?=#?[A-Z]?\d)(\S+)(?: first)?", r"it's \1", then)
    if then.lower() in {"explicitly", "ask explicitly"}:
        return ""
    if match := _DIRECTIVE.match(then):
        said = next(_clauses(then))
    elif match := _ASK.match(then):
        said = _requested(match["rest"])
    elif re.match(
        r"you(?:'d|'re|'ll| are| would| also| prefer| want| will| do| need| have|$)", then, re.IGNORECASE
    ) or re.match(r"it\b|the\b|that\b", then):
        said = _said(then)
    elif re.match("go for ", then, re.IGNORECASE):
        said = f"I'd {first_person(then)}"
    else:
        words = then.split(None, 2)
        verb = words[0].lower() if words else ""
        only = verb == "only" and len(words) > 1 and words[1].lower() in VERBS
        said = f"Please {then[0].lower() + first_person(then)[1:]}" if verb in VERBS or only else _said(then)
    swears = angry is not None and re.search(r"angry|upset|annoyed|furious|swear", angry[0], re.IGNORECASE)
    return f"That's really annoying. {said}" if swears else said


def _spoken_sentences(text: str) -> Iterator[str]:
    for line in split_sentences(text):
        sentence = _BULLET.sub("", line).rstrip(" .;")
        if len(sentence) > 3 and not re.search(r"\bagent\b", sentence) and not _META.search(sentence):
            yield _said(sentence)
