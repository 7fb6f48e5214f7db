"""A transcript as a judge is shown it: fenced, numbered, and with nothing in it that could pass for anything else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from personae.core.conversation import Turn
from personae.core.rating import Quote
from personae.core.seed import digest
from personae.core.text import MOST_SHOWN, shown

MOST_IN_ALL = 150_000
"""Characters of a transcript that the judge is shown; each turn gets its share."""
_IGNORED = re.compile("[\\s\"'\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u2018\u2019\u201a`\u00b4*_|]+")
"""White space, quotation marks, and the marks of emphasis and of our own lines."""
_SPEAKERS = {"user": "USER", "assistant": "BOT"}


def quoted_lines(text: str) -> str:
    """`text` with `| ` before each of its lines, whatever character breaks them, so that none can pass for a header."""
    return "\n".join([f"| {line}" for line in text.splitlines() or [""]])


def code(turns: Sequence[Turn]) -> str:
    """The code on the marker lines: made of what was said, so no speaker can know it while speaking."""
    return digest(*(turn.content for turn in turns))[:8]


def most_shown(turns: Sequence[Turn]) -> int:
    """Characters of each turn that the judge is shown of a transcript of so many."""
    return min(MOST_SHOWN, max(500, MOST_IN_ALL // max(len(turns), 1)))


def fenced(turns: Sequence[Turn]) -> str:
    """The whole transcript between its marker lines, each turn with its number and speaker."""
    most, mark = most_shown(turns), code(turns)
    blocks = [
        f"[{number}] {_SPEAKERS[turn.role]}\n{quoted_lines(shown(turn.content, most))}"
        for number, turn in enumerate(turns, 1)
    ]
    return "\n\n".join([f"<transcript {mark}>", *blocks, f"</transcript {mark}>"])


def checked_quote(turns: Sequence[Turn], number: int, text: str) -> Quote:
    """The quote with whether its words stand in that turn, as far as the judge was shown it.

    Where they stand in just one other turn, that is its number.
    """
    wanted = _compared(text)
    if not wanted:
        return Quote(number, text, found=False)
    if 1 <= number <= len(turns) and wanted in _compared(shown(turns[number - 1].content)):
        return Quote(number, text, found=True)
    elsewhere = [place for place, turn in enumerate(turns, 1) if wanted in _compared(shown(turn.content))]
    if len(elsewhere) == 1:
        return Quote(elsewhere[0], text, found=True)
    return Quote(number, text, found=False)


def _compared(text: str) -> str:
    return _IGNORED.sub(" ", text).strip().casefold()
