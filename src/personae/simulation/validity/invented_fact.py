"""Invented fact: does the persona name an id, amount, date or name that nobody has given it?

Source: the simulator's own rule, to use only the facts it has and what the bot has told it
Idea:   ids (runs of digits, letters with digits, e-mail addresses), amounts of money, dates, and the name by which the
        user introduces themselves, against all texts of persona and scenario and the bot's turns so far. Signs between
        letters and digits are not compared, dates by month and day. Small numbers (`2 days`, `3 lamps`) are nobody's
        invention, and years and times are passed over.
Cost:   no call; one pattern over each message, and a look into the known text for each fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from personae.core.text import has_any
from personae.core.validity import Finding, Severity
from personae.simulation.validity import Talk, guards
from personae.simulation.validity._talk import Said, squeezed

_MONTH = r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
_MONTH += r"|nov(?:ember)?|dec(?:ember)?"
_FACT = re.compile(
    r"(?P<mail>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<link>\b(?:https?://|www\.)\S+)"
    rf"|(?P<date>\b(?:{_MONTH})\.? \d{{1,2}}(?:st|nd|rd|th)?\b(?!:)|\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_MONTH})\b"
    r"|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b)"
    r"|(?P<time>\b\d{1,2}:\d{2}\b|\b\d{1,2} ?[ap]\.?m\b)"
    r"|(?P<money>[$€£¥] ?\d[\d.,]*\d|[$€£¥] ?\d|\b\d[\d.,]*(?: ?[€£$]| (?:dollars|euros?|pounds|usd|eur|gbp)\b))"
    r"|(?P<id>\+?\b(?:\d[ -]?){6,}\d\b|\b(?:[a-z]{1,6}[-_]?)?\d[\w-]*\w)"
)
_INTRODUCES = ("name", "i am ", "i'm ", "this is ")
_DIGIT = re.compile(r"[\d@]")
_NAME = re.compile(
    r"\b(?:[Mm]y (?:full |first |last )?name(?: is|'s|\u2019s)|[Tt]he name is|[Nn]ame:|[Tt]his is|I am|I'm|I\u2019m)"
    r" ((?:Mr|Ms|Mrs|Dr)\.? )?([A-Z][a-z\u00e0-\u024f]+(?: [A-Z][\w\u00e0-\u024f'-]+){0,2})"
)
_SURE_NAME = re.compile(r"name|Mr|Ms|Dr")
_MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
)}  # fmt: skip
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_UNIT = re.compile(
    r"\d+(?:st|nd|rd|th|x|k|kg|g|m|cm|mm|km|gb|mb|tb|h|hr|hrs|min|mins|ms|am|pm|px|w|v|ml|l|lb|lbs|mph|inch|in|ft"
    r"|days?|hours?|years?|weeks?|months?|minutes?|er|s)\Z"
)
_NOT_NAMES = frozenset(
    """
    afraid also an already angry at back calling done fine from frustrated good going happy having here in just looking
    new not ok okay on only really sorry still sure the tired trying unable urgent very wondering writing my
    customer service about for with english german french spanish italian portuguese dutch american british canadian
    muslim christian jewish monday tuesday wednesday thursday friday saturday sunday
    """.split()  # noqa: SIM905 - one word after the other reads better here
)
_MAKES_UP = re.compile(r"adversarial|false|lie|liar|lying|deceiv|fraud|pretend|fake|invent|manipulat|trick|scam|bluff")


@guards.method("invented_fact")
@dataclass(frozen=True)
class InventedFact:
    """Ids, amounts, dates and names that stand in neither persona, scenario nor bot turns."""

    shortest_id: int = 4
    """Letters and digits that an id has at least."""

    def findings(self, talk: Talk) -> Iterator[Finding]:
        has_number, is_named = _has_digit(talk.blob), talk.says_any(_INTRODUCES)
        if not has_number and not is_named:
            return
        for one in talk.user:
            if has_number and _has_digit(one.own) and not _is_all_told(talk, one):
                yield from self._facts(talk, one)
            if is_named and has_any(one.lower, _INTRODUCES) and (found := _NAME.search(one.text)):
                yield from _name(talk, one, found)

    def _facts(self, talk: Talk, one: Said) -> Iterator[Finding]:
        for found in _FACT.finditer(one.own):
            kind, text = found.lastgroup or "", found[0]
            if kind in ("time", "link") or (kind == "id" and not self._is_id(text)):
                continue
            if kind == "date" and _is_known_date(talk, one, text):
                continue
            if _is_known(talk, one, text):
                continue
            is_grave = kind in ("id", "mail") and not _is_liar(talk)
            severity: Severity = "invalid" if is_grave else "unsure"
            why = f"this {_KIND[kind]} stands in neither persona, scenario nor an earlier turn of the bot"
            yield Finding("invented_fact", one.number, one.piece(*found.span()), why, severity)

    def _is_id(self, text: str) -> bool:
        plain = squeezed(text)
        digits = sum(map(str.isdigit, plain))
        if _YEAR.match(plain) or _UNIT.match(plain):
            return False
        return len(plain) >= self.shortest_id and digits >= (3 if len(plain) > digits else self.shortest_id)


_KIND = {"mail": "address", "date": "date", "money": "amount", "id": "id or number"}


def _has_digit(text: str) -> bool:
    """Whether a digit or an `@` is in it."""
    return has_any(text, "0123456789@") or (not text.isascii() and _DIGIT.search(text) is not None)


def _is_liar(talk: Talk) -> bool:
    """Whether the persona is one who makes things up."""
    return _MAKES_UP.search(talk.manner) is not None


def _is_all_told(talk: Talk, one: Said) -> bool:
    """Whether every word with a digit stands in persona or scenario: a quick look, which spares most messages more."""
    numbers = [word for word in one.own.split() if not word.isalpha() and _DIGIT.search(word)]
    return all([squeezed(number) in talk.told_squeezed for number in numbers])  # noqa: C419 - a list is faster here


def _is_known(talk: Talk, one: Said, text: str) -> bool:
    """Whether persona, scenario or an earlier turn of the bot has it. The expected outcome is for `criteria_leaked`."""
    plain = squeezed(text)
    if plain in talk.told_squeezed or _bare(plain) in talk.told_squeezed:
        return True
    if any(_bare(plain) in other.squeezed for other in talk.bot_before(one)):
        return True
    return _bare(plain) in _outcome(talk.scenario.expected_outcome)


def _bare(plain: str) -> str:
    """An amount without cents that are nought, since `$5.00` is `$5`."""
    digits = "".join(filter(str.isdigit, plain))
    if plain.strip("0123456789") in ("", "dollars", "euros", "euro", "pounds", "usd", "eur", "gbp"):
        return digits.removesuffix("00") if len(digits) > 4 else digits
    return plain


@lru_cache(maxsize=4096)
def _outcome(text: str) -> str:
    return squeezed(text)


def _is_known_date(talk: Talk, one: Said, text: str) -> bool:
    days = _days(text)
    return bool(days & _days(talk.told)) or any(days & _days(other.lower) for other in talk.bot_before(one))


@lru_cache(maxsize=4096)
def _days(text: str) -> frozenset[tuple[int, int]]:
    """Every (month, day) that the text may mean."""
    days: set[tuple[int, int]] = set()
    for found in _FACT.finditer(text):
        if found.lastgroup != "date":
            continue
        numbers = [int(number) for number in re.findall(r"\d+", found[0])]
        if name := re.search(r"[a-z]{3}", re.sub(r"\d+(?:st|nd|rd|th)", "", found[0])):
            days.add((_MONTHS.get(name[0], 0), numbers[0]))
        elif len(numbers) == 3 and numbers[0] > 31:
            days.add((numbers[1], numbers[2]))
        else:
            days |= {(numbers[0], numbers[1]), (numbers[1], numbers[0])}
    return frozenset(days)


def _name(talk: Talk, one: Said, found: re.Match[str]) -> Iterator[Finding]:
    """The user introduces themselves by a name that is not theirs."""
    words = [word.lower() for word in found[2].split()]
    if words[0] in _NOT_NAMES:
        return
    known = talk.told_squeezed
    if any(squeezed(word) in known for word in words) or any(words[0] in other.lower for other in talk.bot_before(one)):
        return
    is_sure = _SURE_NAME.search(found[0]) is not None
    if not is_sure and len(words) < 2:
        return
    severity: Severity = "invalid" if is_sure and not _is_liar(talk) else "unsure"
    why = "nobody in persona or scenario is called so"
    yield Finding("invented_fact", one.number, found[2].strip(), why, severity)
