"""First person: what is written about the user, as the user would say it. `You want to cancel your order` becomes
`I want to cancel my order`, and `the agent`, whom the user talks to, becomes `you`.
"""

from __future__ import annotations

import re
from functools import lru_cache

_AGENT = (
    r"(?:the|an?) (?:(?:customer )?(?:service|support) )?(?:agent|assistant|bot|chatbot)|the (?:representative|clerk)"
    r"|(?:the )?(?:support agent|customer service agent|customer support|customer service)(?= (?:to|if|that|for|about))"
)
_OTHER_PERSON = re.compile(
    r"\b(?:human|another|different|other|real) (?:agent|representative|assistant)|(?:agent|assistant)s", re.IGNORECASE
)
_ADDRESSEE = re.compile(r"\b(?:" + _AGENT + r"|(?<=If )agent|(?<=that )agent)('s)?(?: (\w+))?", re.IGNORECASE)
_YOU = re.compile(
    r"\b(you)(['\u2019](?:re|ve|d|ll))?( are(?:n't)?| were(?:n't)?| name\b| names\b| emails?\b)?\b(?=\W|$)"
    r"|\b(yourself|yours|your)\b",
    re.IGNORECASE,
)
_BEFORE_ME = frozenset(
    """
    tell tells told give gives gave given asks ask asked to for with from of on at by let lets help helps helped
    allow allows save saves show shows upgrade transfer transfers about between behind without show send sends sent
    offer offers offered charge charges charged cost costs owe owes pay pays paid make makes made get gets keep
    keeps put remind reminds inform informs refund refunds bother caused cause call contact against around near than
    issue issued leave book refer reach guide walk treat compensate reimburse notify forgive waive find
    """.split()  # noqa: SIM905 - one word after the other reads better here
)
_SUBJECT_AFTER = re.compile(
    r"\s*(?:want|would|need|have|can|could|will|do|did|don't|may|might|must|should|also|received|bought|ordered|like"
    r"|paid|were|"
    r"are|just|think|had|realiz|get|got|purchased|live|prefer|made|placed|already|only|know|booked|plan|set|owe"
    r"|never)\b"
)
_THIRD = re.compile(
    r"^(?:the )?(?:user|customer|persona|shopper|caller|client|guest|patient|student|passenger|traveller|traveler"
    r"|buyer|member"
    r"|he|she|they)(?= (?:wants?|needs?|would|is|are|has|have|hopes?|wishes|tries|asks?|will|must|should)\b)",
    re.IGNORECASE,
)
_AGREE = {"is": "am", "are": "am", "has": "have", "tries": "try", "wishes": "wish"}
_FOR_YOU = {"is": "are", "was": "were", "has": "have", "does": "do", "isn't": "aren't", "doesn't": "don't"}


_SHOUTED = re.compile(r"\b(?:DO|NOT|ONLY|MUST|NO|BOTH|AND|ALL|NEVER|UNDER|IF|OR|ALSO|WILL)\b")
_SLIP = re.compile(r"(?<=from |turn )you (?=reservation|skateboard|order|item)")


def _capital(source: str, word: str) -> str:
    return word[0].upper() + word[1:] if source[:1].isupper() else word


def _addressee(match: re.Match[str]) -> str:
    possessive, following = match.group(1), match.group(2)
    text = "your" if possessive else "you"
    if following:
        low = following.lower()
        if low in _FOR_YOU:
            following = _FOR_YOU[low]
        elif low.endswith("s") and not low.endswith("ss") and low not in {"as", "yes", "this", "its", "always", "was"}:
            following = re.sub(
                r"(?:(?<=ss)|(?<=sh)|(?<=ch))es$|ies$|s$", lambda end: "y" if end[0] == "ies" else "", low
            )
        text += " " + following
    return "\0" + text


def _self(match: re.Match[str]) -> str:
    own = match.group(4)
    if own:
        return _capital(own, {"yourself": "myself", "yours": "mine", "your": "my"}[own.lower()])
    ending, verb = (match.group(2) or "").replace("\u2019", "'"), (match.group(3) or "").lower().strip()
    if verb.startswith(("name", "email")):  # a slip that is common in the tasks: "You name is ..."
        return "my " + verb if match.start() else "My " + verb
    if ending:
        return {"'re": "I'm", "'ve": "I've", "'d": "I'd", "'ll": "I'll"}[ending] + (" " + verb if verb else "")
    if verb:
        return {"are": "I'm", "aren't": "I'm not", "were": "I was", "weren't": "I wasn't"}[verb]
    return _subject_or_object(match)


def _subject_or_object(match: re.Match[str]) -> str:
    before = match.string[: match.start()].rstrip().rsplit(None, 1)
    last = before[-1].lower().strip("\"'(") if before else ""
    if last in _BEFORE_ME and not _SUBJECT_AFTER.match(match.string, match.end()):
        return "me"
    return "I"


@lru_cache(maxsize=4_096)
def first_person(text: str) -> str:
    """`text`, which speaks to or about the user, in the user's own words."""
    text = " ".join(text.split())
    text = _SHOUTED.sub(lambda match: match[0].lower(), text)
    text = _SLIP.sub("your ", text)
    third = _THIRD.match(text)
    if third and not re.search(r"\byour?\b", text, re.IGNORECASE):
        rest = text[third.end() :].lstrip()
        verb, _, tail = rest.partition(" ")
        low = verb.lower()
        verb = _AGREE.get(low, low if low in {"would", "will", "must", "should"} else low.removesuffix("s"))
        text = "I " + verb + " " + re.sub(r"\b(?:their|his|her)\b", "my", re.sub(r"\b(?:them|him)\b", "me", tail))
        text = re.sub(r"\b(?:they|he|she)\b", "I", text)
    if _OTHER_PERSON.search(text) is None:
        text = _ADDRESSEE.sub(_addressee, text)
    # What addresses the bot is marked by \0, so that its "you" is not turned into "I".
    parts = re.split("(\0(?:your|you)\\b(?: are| were| have| do| aren't| don't)?)", text)
    text = "".join(part[1:] if part.startswith("\0") else _YOU.sub(_self, part) for part in parts)
    text = re.sub(r"\bI am\b", "I'm", text)
    return re.sub(r"\bi('m|'d|'ve|'ll)?\b(?=\s)", lambda m: "I" + (m.group(1) or ""), text)
