"""What changed from one text to another: pieces that stayed, went and came; by lines, in changed lines by words.

Finding the smallest difference takes time with the product of the lengths, so that what is too long for it is given as
removed and added whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "removed", "added"]
MOST_PAIRS = 1_000_000
"""Of words or lines compared with each other, in all: a moment's work."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the text. The `same` and `removed` ones make the text before, `same` and `added` the text after."""

    kind: Kind
    text: str


def text_diff(before: str, after: str) -> list[Piece]:
    """The pieces in order. Neighbours differ in kind, none is empty."""
    pieces: list[Piece] = []
    effort = _Effort()
    for old, new in effort.changes(_LINE.findall(before), _LINE.findall(after)):
        if old == new:
            _put(pieces, "same", old)
        else:
            for removed, added in effort.changes(_WORD.findall(old), _WORD.findall(new)):
                if removed == added:
                    _put(pieces, "same", removed)
                else:
                    _put(pieces, "removed", removed)
                    _put(pieces, "added", added)
    return pieces


def _put(pieces: list[Piece], kind: Kind, text: str) -> None:
    if not text:
        return
    if pieces and pieces[-1].kind == kind:
        pieces[-1] = Piece(kind, pieces[-1].text + text)
    else:
        pieces.append(Piece(kind, text))


@dataclass(slots=True)
class _Effort:
    """Compares, as long as it may."""

    pairs_left: int = MOST_PAIRS

    def changes(self, before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Stretches of both, joined; equal where they stayed."""
        start = 0
        most = min(len(before), len(after))
        while start < most and before[start] == after[start]:
            start += 1
        end = 0
        while end < most - start and before[-1 - end] == after[-1 - end]:
            end += 1
        head, tail = "".join(before[:start]), "".join(before[len(before) - end :])
        yield head, head
        yield from self._between(before[start : len(before) - end], after[start : len(after) - end])
        yield tail, tail

    def _between(self, before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
        pairs = len(before) * len(after)
        if pairs > self.pairs_left:
            yield "".join(before), "".join(after)
            return
        self.pairs_left -= pairs
        for _, left, right, low, high in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            yield "".join(before[left:right]), "".join(after[low:high])
