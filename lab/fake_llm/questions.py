"""The questions that a rating prompt lists, so that the fake judge answers each by its id."""

from __future__ import annotations

import re

LISTED = re.compile(r"^- `([^`\n]+)`(?: for turns? ([\d, ]+))?:", re.MULTILINE)


def listed(text: str) -> tuple[list[str], list[tuple[str, int]]]:
    """Ids of the questions about the whole transcript, and pairs of id and turn of those about single turns.

    Read from lines such as "- `goal`: ..." and "- `relevance` for turn 2, 4: ...".
    """
    whole: list[str] = []
    single: list[tuple[str, int]] = []
    for id_, turns in LISTED.findall(text):
        if turns:
            single += [(id_, int(turn)) for turn in turns.replace(",", " ").split()]
        elif id_ not in whole:
            whole.append(id_)
    return whole, single
