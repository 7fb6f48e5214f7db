"""Facts: order numbers, names, dates and the like, as they are asked for and as they are given.

One table serves both sides: the simulator answers what a bot asks for, the judge sees when it asks for what it knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from personae.llm.offline.words import LOOKED_AT, lowered


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fact."""

    noun: str
    """What the user calls it."""
    asked: re.Pattern[str]
    """How a bot's question names it. Matched on lower case."""
    given: tuple[re.Pattern[str], ...]
    """How a text gives it; the first group is the value."""
    say: str
    """How a user says it, with {} for the value."""


def _kind(noun: str, asked: str, *given: str, say: str = "") -> Kind:
    return Kind(
        noun, re.compile(asked), tuple(re.compile(pattern) for pattern in given), say or "my " + noun + " is {}"
    )


_CODE = r"(?=[A-Z0-9-]{0,11}\d)[A-Z0-9][A-Z0-9-]{3,11}\b"
_NUMBERED = r"(?:\s+(?:numbers?|id|ids|IDs?|code|no\.?|nr\.?))?\s*(?:is|are|was|:|=)?\s*[#'\"(]{0,2}"
_PERSON = r"[A-Z][\w'\u2019-]{1,20}(?:\s+(?:van|de|da|von|del|di|bin|al)){0,2}(?:\s+[A-Z][\w'\u2019-]{1,20}){0,2}"
_STREET = r"(?:Street|St|Drive|Dr|Avenue|Ave|Road|Rd|Lane|Ln|Highway|Boulevard|Blvd|Way|Court|Square|Place)\b"

KINDS: Mapping[str, Kind] = {
    "email": _kind(
        "email address",
        r"\be-?mail(?:s| address(?:es)?)?\b(?! (?:you|it to you|me|us))",
        r"\b([\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})",
    ),
    "user_id": _kind(
        "user id",
        r"\b(?:user|customer|member|client)(?:ship)?[ -]?(?:id|number|no\.)|\buser ?name\b|\blogin\b",
        r"\b([a-z]{2,20}_[a-z]{2,20}_\d{2,6})\b",
        r"\b[Uu]ser id(?: is|:)?\s*['\"]?([\w.-]{3,30})",
        r"\b(?:[Cc]ustomer|[Mm]ember|[Mm]embership|[Cc]lient) (?:number|id|ID)(?: is|:)?\s*#?([A-Z0-9-]{4,14})\b",
    ),
    "name": _kind(
        "name",
        r"\b(?:your|full|last|first|the) name\b|\bname(?:\?| and| on (?:the|your))|\bwho am i (?:speaking|talking)",
        r"\b(?:[Yy]our?|[Mm]y|[Ff]ull|[Ll]ast) [Nn]ame(?:'s| is| was|:)\s+(" + _PERSON + ")",
        r"\b(?:I'm|I am|[Yy]ou are|[Yy]ou're|named|called|[Tt]his is)\s+(" + _PERSON + r")(?=[\s.,;:!?(]|$)",
    ),
    "zip": _kind(
        "zip code",
        r"\bzip\b|\bzip ?code|\bpost(?:al)? ?code",
        r"\b(?:[Zz][Ii][Pp]|[Pp]ostal)? ?(?:[Cc]ode)(?: is|:)?\s*#?(\d{4,5}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})\b",
        r"\b(?:live|living|lives|resid\w{1,4}|from|in)\b[^.;\n]{0,40}?[\s,(](\d{5})\b",
        r",\s[A-Z][\w ]{1,20},?\s(\d{5})\b",
    ),
    "order": _kind(
        "order number",
        r"\border[ -]?(?:numbers?|ids?|no\.?|ref\w*|code|#)|\bwhich (?:of your )?orders?\b|\bnumber of (?:the"
        r"|your) order",
        r"\b[Oo]rders?" + _NUMBERED + "(" + _CODE + ")",
        r"#\s?([A-Z]{0,3}-?\d{3,12})\b",
        r"\b([A-Z]{1,3}-\d{4,10})\b",
    ),
    "reservation": _kind(
        "reservation number",
        r"\b(?:reservation|booking|confirmation)s?[ -]?(?:number|id|code|no\.?|ref\w*)?s?\b(?=[^.!]{0,60}\?)"
        r"|\b(?:reservation|booking|confirmation)[ -]?(?:number|id|code|ref\w*)",
        r"\b(?:[Rr]eservation|[Bb]ooking|[Cc]onfirmation)s?" + _NUMBERED + "((?=[A-Z0-9]{0,5}\\d)[A-Z0-9]{6})\\b",
    ),
    "policy": _kind(
        "policy number",
        r"\b(?:policy|contract|insurance)[ -]?(?:number|id|no\.)",
        r"\b(?:[Pp]olicy|[Cc]ontract|[Ii]nsurance)" + _NUMBERED + "(" + _CODE + ")",
    ),
    "account": _kind(
        "account number",
        r"\b(?:account|iban)[ -]?(?:number|id|no\.)|\biban\b",
        r"\b[Aa]ccount" + _NUMBERED + "(" + _CODE + r"|[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7})",
    ),
    "phone": _kind(
        "phone number",
        r"\b(?:phone|telephone|mobile|cell)(?: number)?\b",
        r"\b[Pp]hone(?: number)?(?: is|:)?\s*(\+?[\d() -]{7,18}\d)",
    ),
    "birthday": _kind(
        "date of birth",
        r"\bdate of birth|\bbirth ?(?:day|date)|\bd\.?o\.?b\b|\bborn\b",
        r"\b(?:DOB|[Dd]ate of birth|[Bb]irthday|[Bb]irth ?date|born)(?: on| is|:)?\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
        r"|[A-Z][a-z]{2,8} \d{1,2},? \d{4}|\d{1,2}(?:st|nd|rd|th)? (?:of )?[A-Z][a-z]{2,8} \d{4})",
        say="I was born on {}",
    ),
    "address": _kind(
        "address",
        r"\b(?:delivery|shipping|billing|street|home|new|current|postal|full|your|what|which) address\b",
        r"\b(\d{1,5} [A-Z]\w{1,20}(?: [A-Z]\w{1,20}){0,2} " + _STREET + r"(?:,? [\w ]{2,20}){0,3}(?:,? \d{4,5})?)",
        r"\b(\d{1,5} Highway(?:, [\w ]{2,20}){0,2})",
        say="the address is {}",
    ),
    "payment": _kind(
        "payment method",
        r"\bpayment method|\bmethod of payment|\bhow (?:would|do) you (?:like|want|prefer) to pay|\bwhich card\b"
        r"|\brefund method|\bhow [^.?!]{0,40}(?:refunded|paid)\b[^.!]{0,30}\?",
        r"\b((?:[Cc]redit card|[Cc]ard|CC|[Vv]isa|[Mm]aster ?[Cc]ard|[Aa]mex)(?: card)? ending (?:in|with) \d{4})",
        r"\b(PayPal|[Gg]ift ?[Cc]ard|[Vv]isa|[Mm]aster ?[Cc]ard|[Aa]mex(?: credit card)?"
        r"|[Oo]riginal payment(?: method)?"
        r"|[Cc]ertificates?|[Cc]redit card|[Bb]ank transfer)\b",
        say="I'd like to use {}",
    ),
}
ASKING = re.compile(
    r"\?|\b(?:please|kindly|could you|can you|would you|may i|can i|could i|might i|i(?:'ll"
    r"| will)? (?:just )?(?:need|require)"
    r"|what(?:'s| is| are)|tell me|give me|send me|provide|share|enter|let me know|verify|confirm your)\b"
)


@lru_cache(maxsize=4_096)
def _given(text: str) -> Mapping[str, str]:
    found = {}
    for name, kind in KINDS.items():
        matches = [match for pattern in kind.given if (match := pattern.search(text))]
        if matches:
            first = min(matches, key=lambda match: match.start(1))
            found[name] = first.group(1).strip(" .,;:-")
    if "order" in found and found["order"] == found.get("reservation"):
        del found["order"]
    return found


def given(text: str) -> Mapping[str, str]:
    """The facts that `text` gives: value by kind. The first of each kind."""
    return _given(text[:LOOKED_AT])


def asked_in(sentence: str, *, is_question: bool) -> tuple[str, ...]:
    """The kinds of facts that a bot's sentence asks for."""
    text = lowered(sentence)
    if not (is_question or ASKING.search(text)):
        return ()
    return tuple(name for name, kind in KINDS.items() if kind.asked.search(text))
