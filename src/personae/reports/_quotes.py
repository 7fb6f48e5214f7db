"""Finds a judge's quotes in the turn that they are taken from, so that the page can mark exactly these words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_BETWEEN = r"[\s\"'`\u00ab\u00bb\u2018-\u201f\u2039\u203a]"
"""White space and quotation marks: a judge sets them as it likes, so they are not compared."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a turn's text, and the quotes that it belongs to."""

    text: str
    quotes: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    """Those of the quotes that begin here."""


def find(words: str, text: str) -> tuple[int, int] | None:
    """Where `words` stand in `text` (start, end), white space and quotation marks not compared."""
    tokens = [re.escape(token) for token in re.split(f"{_BETWEEN}+", words) if token]
    if not tokens:
        return None
    match = re.search(f"{_BETWEEN}*".join(tokens), text)
    return match.span() if match else None


def pieces(text: str, spans: Iterable[tuple[str, tuple[int, int]]]) -> tuple[Piece, ...]:
    """`text` cut where a quote begins or ends; spans may overlap. Each span is (the quote's id, (start, end))."""
    known = list(spans)
    cuts = sorted({0, len(text), *(place for _, span in known for place in span)})
    found = []
    for start, end in pairwise(cuts):
        inside = tuple(name for name, (first, last) in known if first <= start and end <= last)
        begins = tuple(name for name, (first, _) in known if first == start and name in inside)
        found.append(Piece(text[start:end], inside, begins))
    return tuple(found)


def split(parts: Sequence[Piece], most: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The first `most` characters of the pieces, and the rest."""
    head: list[Piece] = []
    left = most
    for place, piece in enumerate(parts):
        if len(piece.text) >= left:
            head.append(Piece(piece.text[:left], piece.quotes, piece.starts))
            rest = Piece(piece.text[left:], piece.quotes)
            return tuple(head), (rest, *parts[place + 1 :])
        head.append(piece)
        left -= len(piece.text)
    return tuple(head), ()
