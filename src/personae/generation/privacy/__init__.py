"""Personal data in what people wrote, found by patterns and replaced before anything leaves the machine.

Idea:   e-mail addresses, phone numbers, cards (Luhn), IBANs (mod 97), addresses of machines, and names where a phrase
        says that one follows, or that are well known. Each becomes a mark such as `[EMAIL_1]`, the same one all through
        a conversation, so that what is said of it can still be followed. A name that was found once is replaced
        wherever it stands.
Limits: patterns find what looks like something. Rare names that nothing announces stay, so do postal addresses and
        whatever else somebody is recognised by. Measured on lines for which no pattern was written: see the tests.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from personae.generation.privacy.names import is_name_part, names_in

Kind = Literal["email", "iban", "card", "machine", "phone", "name"]
Span = tuple[int, int]

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"
    r"|(?<![\w.+-])[\w.+-]{1,64} ?[\[(]at[\])] ?[\w-]{1,63}(?: ?(?:[\[(]dot[\])]|\.) ?[\w-]{2,63}){1,3}"
    r"|(?<![\w.+-])[\w.+-]{1,64} at [\w-]{1,63} dot (?:com|org|net|edu|io|co|de|fr|es|it|nl|uk)\b",
    re.IGNORECASE,
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.])(?<!\d[ -])(?:\d[ -]?){12,18}\d(?![\w])(?![ -]\d)")
_MAC = re.compile(r"(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-f:]{2,39}(?:\.\d{1,3}){0,3}(?![\w:])", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<![\w+])\+\d[\d\s()./-]{6,20}\d(?!\w)"
    r"|(?<![\w+.-])(?<!\d )00[1-9]\d[\d\s()./-]{6,18}\d(?!\w)"
    r"|(?<![\w+.,#-])(?<!\d )\(?0\d{1,5}\)?[\s/.-]{0,3}\d[\d\s./-]{3,14}\d(?![\w,])"
    r"|(?<![\w+.,#-])\(?[2-9]\d{2}\)?[\s.-]{1,2}\d{3}[\s.-]\d{4}(?!\w)"
)
_PHONE_NAMED = re.compile(
    r"\b(?:phone|cell|mobile|tel|telephone|telefon|handy|whatsapp|call|text|ring|reach)\b[^\d\n]{0,25}?"
    r"(?P<number>(?:\+|\()?\d[\d\s()./-]{5,16}\d)(?!\w)",
    re.IGNORECASE,
)
_NO_PHONE_BEFORE = re.compile(
    r"(?:order|invoice|ticket|case|reference|ref|tracking|booking|account|customer|article|item|serial|policy|no\.?|nr\.?"
    r"|number|id|#|version|[$€£])[\s:#.]*(?:is|was|number|no\.?|nr\.?|id)?[\s:#]*$",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:[ T]\d{1,2}(?::\d{2})?)?")
_VERSION_BEFORE = re.compile(r"(?:version|firmware|release|build|\bv)\.?\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Removed:
    """Something that was replaced."""

    kind: Kind
    text: str
    mark: str
    place: int
    """Which of the texts it was in, from 0."""


@dataclass(frozen=True, slots=True)
class Masked:
    """Texts without what was found in them."""

    texts: tuple[str, ...]
    removed: tuple[Removed, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind were replaced."""
        return dict(Counter(one.kind for one in self.removed))


def mask(texts: Sequence[str]) -> Masked:
    """The texts of one conversation, each piece of personal data in them replaced by its mark."""
    named = [list(names_in(text)) for text in texts]
    said_of = (text[start:end] for text, spans in zip(texts, named, strict=True) for start, end in spans)
    known = _known_names({form for name in said_of for form in _forms(name)})
    marks: dict[tuple[Kind, str], str] = {}
    removed: list[Removed] = []
    masked = []
    for place, text in enumerate(texts):
        parts, end = [], 0
        for kind, (start, stop) in found_in(text, known, named[place]):
            said = text[start:stop]
            mark = marks.get((kind, _same(kind, said)))
            if mark is None:
                number = sum(one == kind for one, _ in marks) + 1
                mark = marks[kind, _same(kind, said)] = f"[{kind.upper()}_{number}]"
            parts += [text[end:start], mark]
            removed.append(Removed(kind, said, mark, place))
            end = stop
        masked.append("".join([*parts, text[end:]]))
    return Masked(tuple(masked), tuple(removed))


def found_in(
    text: str, known_names: re.Pattern[str] | None = None, named: Iterable[Span] | None = None
) -> list[tuple[Kind, Span]]:
    """What a text holds, in order, no two overlapping. `known_names`: names that were found elsewhere; `named`: where
    names stand in this text, where that is known already.
    """
    taken: list[tuple[Kind, Span]] = []
    is_taken = bytearray(len(text))
    finders: tuple[tuple[Kind, Iterable[Span]], ...] = (
        ("email", (match.span() for match in _EMAIL.finditer(text))),
        ("iban", _ibans(text)),
        ("card", (match.span() for match in _CARD.finditer(text) if _is_card(match[0]))),
        ("machine", _machines(text)),
        ("phone", _phones(text)),
        ("name", names_in(text) if named is None else named),
        ("name", (match.span() for match in known_names.finditer(text)) if known_names is not None else ()),
    )
    for kind, spans in finders:
        for start, end in spans:
            if not any(is_taken[start:end]):
                is_taken[start:end] = b"\1" * (end - start)
                taken.append((kind, (start, end)))
    return sorted(taken, key=lambda one: one[1])


def _same(kind: Kind, text: str) -> str:
    """What two ways to write one thing have in common."""
    return text.casefold() if kind in ("email", "name") else re.sub(r"[^0-9a-z:]", "", text.casefold())


def _forms(name: str) -> Iterator[str]:
    """A name as it may stand elsewhere: whole, and each part of it."""
    yield name
    yield from (part for part in name.split() if is_name_part(part))


def _known_names(names: Iterable[str]) -> re.Pattern[str] | None:
    ordered = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?!\w)") if ordered else None


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _is_card(text: str) -> bool:
    digits = _digits(text)
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456" or len(set(digits)) < 2:
        return False
    doubled = (sum(divmod(2 * int(digit), 10)) if place % 2 else int(digit) for place, digit in enumerate(digits[::-1]))
    return sum(doubled) % 10 == 0


def _ibans(text: str) -> Iterator[Span]:
    """IBANs, without the words after them that look like more groups of one."""
    for match in _IBAN.finditer(text):
        said = match[0]
        while " " in said and not _is_iban(said):
            said = said.rpartition(" ")[0]
        if _is_iban(said):
            yield match.start(), match.start() + len(said)


def _is_iban(text: str) -> bool:
    plain = text.replace(" ", "").upper()
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def _machines(text: str) -> Iterator[Span]:
    yield from (match.span() for match in _MAC.finditer(text))
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            is_time = match[0].count(":") < 2 and "." not in match[0]
            if not is_time and not _VERSION_BEFORE.search(text[: match.start()]) and _is_address(match[0]):
                yield match.span()


def _is_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not address.is_unspecified


def _phones(text: str) -> Iterator[Span]:
    for match in _PHONE_NAMED.finditer(text):
        if 7 <= len(_digits(match["number"])) <= 15 and not _DATE.fullmatch(match["number"]):
            yield match.span("number")
    for match in _PHONE.finditer(text):
        said = match[0]
        is_other = _DATE.match(said) or _NO_PHONE_BEFORE.search(text[max(0, match.start() - 30) : match.start()])
        if 8 <= len(_digits(said)) <= 15 and (said.startswith("+") or not is_other):
            yield match.span()
