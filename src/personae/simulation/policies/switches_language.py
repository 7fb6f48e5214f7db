"""Switches language: goes on in another language, for a word, a sentence or the whole message.

Source: code-switching (Poplack 1980); our own detector
Idea:   the language of each sentence and clause, told by script and commonest words, against that of the situation and
        of what was said before. Of sentences too short to tell nothing is known.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from personae.core.language import are_alike, language_of, language_of_given
from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import LONGEST, sentences

_CLAUSES = re.compile(r"[,;:]\s+|\s[-\u2013\u2014]\s")


@policies.method("switches_language")
@dataclass(frozen=True)
class SwitchesLanguage(Policy):
    """A part of the message is in another language than the conversation."""

    name: ClassVar[str] = "switches_language"
    excuses: ClassVar[frozenset[str]] = frozenset({"wrong_language"})
    instructions = by_intensity(
        "switches_language",
        "In this message, slip one sentence in another language that this person could know into your "
        "text (their mother tongue if they have one, else Spanish, French or German).",
        "In this message, write at least half in another language that this person could know (their "
        "mother tongue if they have one, else Spanish, French or German). Say the same as you would have "
        "said.",
        "Write this message entirely in another language that this person could know (their mother tongue "
        "if they have one, else Spanish, French or German). Say the same as you would have said.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        usual = language_of_given(" ".join((*said.told, *said.said_before[:2])))
        parts = [part for sentence in sentences(said.text) for part in (sentence, *_CLAUSES.split(sentence))]
        spoken = {found for part in (said.text[:LONGEST], *parts) if (found := language_of(part))}
        if usual is None or not spoken:
            return None
        return not all(are_alike(found, usual) for found in spoken)
