"""Typos: slips of the fingers, the kind that spelling help on a phone leaves or makes.

Source: Damerau 1964 (four kinds of slips make 80 % of misspellings); our own detector
Idea:   a word counts as a slip if it is a known misspelling, lacks its apostrophe, holds a letter three times, or is
        one slip away from a word of the conversation or a common one while being neither.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import plain, words
from personae.simulation.policies._slips import holds_slip


@policies.method("typos")
@dataclass(frozen=True)
class Typos(Policy):
    """The message holds at least one slip."""

    name: ClassVar[str] = "typos"
    instructions = by_intensity(
        "typos",
        "In this message, leave one slip of the fingers standing, such as two letters swapped or one "
        "missing. Never in a number, code, name or address.",
        "In this message, leave two or three slips standing: letters swapped, missing or doubled, "
        "apostrophes left out. Never in a number, code, name or address.",
        "In this message, type as on a phone in a moving bus: a slip in every other word, no capitals, "
        "hardly any punctuation, yet still to be understood. Never in a number, code, name or address.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        own = words(plain(said.text))
        if sum(word.isascii() for word in own) < 3:
            return None
        right = _words_of(*said.told, said.heard)
        return holds_slip(own, right, near=right | _words_of(*said.said_before[-3:]) | set(own))


def _words_of(*texts: str) -> frozenset[str]:
    return frozenset().union(*map(_words_in, texts))


@lru_cache(maxsize=4_096)  # the same texts come with every message of a conversation
def _words_in(text: str) -> frozenset[str]:
    return frozenset(words(plain(text)))
