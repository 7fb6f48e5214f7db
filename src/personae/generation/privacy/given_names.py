"""Given names that hardly mean anything else, and where they stand in a text.

Idea: a name that nothing announces can only be known. The list has common names of the languages whose phrases are
      known, and some of many others; left out are those that are words too, places, months, or well known as brands
      (Mark, Rose, Sofia, June, Jack, Mercedes). One that is written large is a name wherever it stands, together with a
      surname behind it; one that is written small is one only where somebody says who they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

_LARGE = re.compile(r"(?<![\w@#/.-])[^\W\d_a-z][^\W\d_]+(?:-[^\W\d_a-z][^\W\d_]+)?(?![\w@/])")
_BEFORE = re.compile(
    r"\b(?:Sankt|S(?:ain)?te?|San|Santa|Santo|São|Port|Mount|Lake|Fort|Cape|King|Queen|Prince|Princess|Pope)\.? ?-?$"
)
"""What makes a place or a crowned head of it."""
_AFTER = re.compile(
    r" ?(?:&|\+) ?\w|(?:['\u2019]s)? (?:[A-Z]\w+ )?(?:Streets?|St\b|Ave|Avenue|Road|Rd|Square|Lane|Boulevard|Blvd"
    r"|Airport|Hospital|University|College|School|Hotel|Bank|Park|Bridge|Church|Cent(?:er|re)|Stra(?:ß|ss)e|Platz"
    r"|Award|Inc|Ltd|GmbH|LLC|Show)\b"
)
_BRANDS = frozenset(
    (
        "alexander mcqueen", "alexander wang", "calvin klein", "carolina herrera", "charles schwab",
        "daniel wellington",
        "elizabeth arden", "george foreman", "giorgio armani", "harry potter", "helena rubinstein", "hugo boss",
        "james bond", "jamie oliver", "john deere", "john lewis", "karen millen", "karl lagerfeld", "laura ashley",
        "michael kors", "nina ricci", "oscar mayer", "paul mitchell", "peter pan", "philip morris", "ralph lauren",
        "robert bosch", "sara lee", "tom ford", "tom tailor", "vera wang", "victor hugo", "william hill",
    )
)  # fmt: skip
_SURNAME = re.compile(
    r"(?: (?:van|von|der|den|de|del|della|di|da|dos|la|le|el|al|bin|ben|ibn|y|zu|ter|ten))*"
    r" (?:[A-ZÀ-ÖØ-ÞŁŚŠŽĐĆČ][\w'\u2019-]*\w|[A-Z]\.)"
)


@cache
def given_names() -> frozenset[str]:
    """All of them, written small."""
    return frozenset((files(__package__) / "given_names.txt").read_text(encoding="utf-8").split())


def is_given_name(word: str) -> bool:
    """Whether it is on the list, in any case."""
    return word.strip(".,'\u2019").casefold() in given_names()


def given_names_in(text: str) -> Iterator[tuple[int, int]]:
    """Where a given name stands that is written large, with up to three surnames."""
    reached = 0
    for match in _LARGE.finditer(text):
        start, end = match.span()
        if start < reached or match[0].isupper() or not is_given_name(match[0].partition("-")[0]):
            continue
        if _BEFORE.search(text[max(0, start - 12) : start]) or _AFTER.match(text, end):
            continue
        for _ in range(3):
            more = _SURNAME.match(text, end)
            if more is None:
                break
            end = more.end()
        if " ".join(text[start:end].split()[:2]).casefold() not in _BRANDS:
            reached = end
            yield start, end
