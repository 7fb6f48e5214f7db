"""Rules: what the user's instructions say for a case, such as `If the agent refuses, ask for a voucher`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from personae.llm.offline.clauses import ASK, DIRECTIVE, META, VERB, VERBS, clauses, requested, said
from personae.llm.offline.first_person import first_person
from personae.llm.offline.words import NEGATIONS, content

_IF_HEAD = (
    r"^(?:but |and |also,? |even |however,? )?"
    r"(?P<word>if and only if|only if|if|when|whenever|in case|once|only after|after|unless)\s+"
)
_THEN = (
    r"(?:you|your|ask|tell|mention|say|insist|only|please|it|that|do not|don't|suddenly|abruptly|also|just|no action"
    r"|accept|move on"
    r"|end|swear|agree|respond|provide|proceed|using|still|never|" + VERB + r")\b"
)
_IF = re.compile(
    _IF_HEAD + r"(?P<when>.+?)(?:,\s+(?:then )?(?=" + _THEN + r")|\s+then\s+)(?P<then>.+)$", re.IGNORECASE | re.DOTALL
)
_IF_COMMA = re.compile(_IF_HEAD + r"(?P<when>.+?),\s+(?P<then>.+)$", re.IGNORECASE | re.DOTALL)
WHETHER = re.compile(
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
GIVES_UP = re.compile(
    r"^accept$|\b(?:accept (?:it|this|that)|move on|end the (?:call|conversation)|no action|do not do anything"
    r"|give up|forget about it|hang up"
    r"|just thank)\b",
    re.IGNORECASE,
)
_REACTION = re.compile(
    r"^(?:you (?:are|become|'re|would be|feel) (?:very )?(?:angry|upset|sad|annoyed"
    r"|furious)\b(?: and swear for a few times)?[, ]*(?:and |but |then )*"
    r"|swear[^,]*, ?|suddenly |abruptly |only then |still |simply |change your mind(?: and| to)? "
    r"|you regret(?: it)?(?: and)? |just |you add another request and (?:also )?)+",
    re.IGNORECASE,
)


_SPEAKER = re.compile(
    r"\b(?:the )?(?:service |customer service )?(?:agent|assistant|bot)\b|\basks?(?:ed)?\b|\bsays?\b|\btells?\b"
)
_NO_SUBJECT = NEGATIONS | content(
    "possible confirm confirmation mention mentions finally available allowed reservation offer after few "
    "attempts attempt exchanges continues refuses way"
)
_FORBIDS = re.compile(r"(?:do not|don't|never|be |you (?:do not|don't) (?:want to )?(?:mention|reveal))", re.IGNORECASE)
_STOPS = re.compile(r"(?:do not|don't) (?:exchange|do|cancel|change|process)", re.IGNORECASE)
_WILL = re.compile(
    r"^(?:you )?(?:want to|will|would|should|can)? ?(?=(?:mention|say|tell|ask|insist|respond)\b)", re.IGNORECASE
)
_OWN_WORDS = re.compile(
    r"you(?:'d|'re|'ll| are| would| also| prefer| want| will| do| need| have|$)|(?:it|the|that)\b", re.IGNORECASE
)
On = Literal["refused", "confirm", "asked", "said"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What the user says when something happens."""

    on: On
    words: frozenset[str]
    """What the bot's turn must be about; empty for any."""
    say: str
    say_words: frozenset[str]
    gives_up: bool = False


def is_rule(sentence: str) -> bool:
    """Is the sentence about a case: `if ..., ...`? A question such as `ask if ...` is none."""
    return bool(_IF_COMMA.match(sentence) or (_IF_LAST.match(sentence) and not WHETHER.search(sentence)))


def rule_of(sentence: str) -> Rule | None:
    """The rule in a sentence about a case, or None where nothing comes of it."""
    match = _SHORT_IF.match(sentence) or _IF.match(sentence) or _IF_COMMA.match(sentence) or _IF_LAST.match(sentence)
    if match is None or match["word"].lower() == "unless":
        return None
    when, then = match["when"].lower(), match["then"].strip(" .")
    on, words = _case(when)
    gives_up = bool(GIVES_UP.search(then))
    say = "" if gives_up else _then_said(then)
    if (on == "said" and not words) or not (say or gives_up):
        return None
    return Rule(on, words, say, content(say), gives_up)


def _case(when: str) -> tuple[On, frozenset[str]]:
    """What sets the rule off, and what the bot's turn must be about."""
    words = content(_SPEAKER.sub(" ", when)) - _NO_SUBJECT
    if re.search(r"confirm", when) and re.search(r"\bask|want|request", when):
        return "confirm", frozenset()
    if re.search(r"\bask(?:s|ed)?\b|\bwants? to know\b|\brequests?\b", when):
        return "asked", words
    if _REFUSED.search(when) or re.match(r"not\b|refused", when):
        return "refused", words
    return "said", words


def _then_said(then: str) -> str:
    """What the user says when the rule applies."""
    reaction = _REACTION.match(then)
    then = _REACTION.sub("", then)
    if _FORBIDS.match(then) or META.search(then):
        return "No, please don't do that" if _STOPS.match(then) else ""
    then = _WILL.sub("", then)
    then = re.sub(r"(?<=\w) (?:first|initially)(?: \(|,| and|$).*$", "", then, flags=re.IGNORECASE | re.DOTALL)
    then = re.sub(r"^(?=(?:want|prefer|wonder|insist)\b)", "you ", then, flags=re.IGNORECASE)
    then = re.sub(r"\b(?:and )?provide (?=#?[A-Z]?\d)(\S+)(?: first)?", r"it's \1", then)
    if not then or then.lower() in {"explicitly", "ask explicitly"}:
        return ""
    swears = reaction is not None and re.search(r"angry|upset|annoyed|furious|swear", reaction[0], re.IGNORECASE)
    return ("That's really annoying. " if swears else "") + _in_first_person(then)


def _in_first_person(then: str) -> str:
    if DIRECTIVE.match(then):
        return next(clauses(then))
    if match := ASK.match(then):
        return requested(match["rest"])
    if _OWN_WORDS.match(then):
        return said(then)
    if then.lower().startswith("go for "):
        return f"I'd {first_person(then)}"
    words = then.lower().split(None, 2)
    only = words[0] == "only" and len(words) > 1 and words[1] in VERBS
    if words[0] in VERBS or only:
        return f"Please {then[0].lower() + first_person(then)[1:]}"
    return said(then)
