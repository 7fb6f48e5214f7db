"""Vague: speaks of things without saying which, when or how many.

Source: PPol seed axis "ambiguous" (arXiv 2605.12894); our own detector
Idea:   hedges and hollow words ("something", "the other day", "kind of") without an exact value beside them. Where
        two words of the situation are named as well, it cannot be told.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from personae.core.language import SMALL_WORDS
from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import cues, plain, values, words

_HOLLOW = cues(
    r"a bit of|one of (?:your|those)|not long ago|some day|around then|or thereabouts",
    r"that (?:\w+ )?thing",
    r"some(?:thing|how|where|one|body| time| problem| issue| kind| sort| stuff| point)?",
    r"sort of",
    r"kind of",
    r"kinda",
    r"stuff",
    r"things? like that",
    r"the other day",
    r"a while (?:ago|back)",
    r"recently",
    r"whatever",
    r"or so",
    r"and so on",
    r"i guess",
    r"not (?:really |quite |exactly )?sure",
    r"maybe",
    r"roughly",
    r"a few",
    r"a couple",
    r"you know",
    r"it's just",
    r"the usual",
    r"that one",
)


@policies.method("vague")
@dataclass(frozen=True)
class Vague(Policy):
    """The message leaves open what exactly is meant."""

    name: ClassVar[str] = "vague"
    excuses: ClassVar[frozenset[str]] = frozenset({"goal_abandoned"})
    instructions = by_intensity(
        "vague",
        "In this message, stay a little vague: name the thing only roughly, as people do who expect the "
        "other side to know what they mean.",
        'In this message, be vague: no exact names, numbers or times, only "that thing", "the other '
        'day", "some problem". If the assistant has just asked for an exact detail, give only half of '
        "it.",
        "In this message, be so vague that the assistant has to ask what you mean: hint at your matter in "
        "a few hollow words, and give no detail, not even one that was just asked for.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        if values(said.text):
            return False
        text = plain(said.text)
        if not _HOLLOW.search(text):
            return None
        named = {word for word in words(text) if len(word) > 3} - SMALL_WORDS
        return None if len(named & _told(*said.told)) > 1 else True


@lru_cache(maxsize=4_096)  # the same texts come with every message of a conversation
def _told(*texts: str) -> frozenset[str]:
    return frozenset(word for text in texts for word in words(plain(text)))
