"""Interrupts: cuts in on what the bot was saying, and does not let it finish.

Source: barge-in in spoken dialogue systems; our own detector
Idea:   words that cut in at the beginning of the message, or a message that breaks off in the middle.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import plain

_CUTS_IN = re.compile(
    r"\W*(?:(?:no|ok|okay|sorry|hey|yes|yeah|but)\W+)?(?:wait|hold (?:on|it|up)|hang on|stop"
    r"|(?:one|just a) (?:moment|sec|second|minute)"
    r"|(?:sorry to |let me |i have to |i'll |can i |may i |i must )(?:just )?"
    r"(?:interrupt|cut (?:in|you)|stop you|jump in)"
    r"|before you (?:go|continue|list|start|carry|explain|tell|say)|no,? no|yes,? yes|yeah,? yeah)\b"
)
_BREAKS_OFF = re.compile(
    r"(?:\w\s?(?:-{1,3}|\u2013|\u2014)|\b(?:and|but|so|because|the|a|an|i|to|of|if|when|that|is|are|be|or|my|only|just"
    r"|will|was|with)\s?(?:\.\.\.|\u2026)?)\Z"
)
"""It ends with a dash, or without a stop on a word that no sentence ends with."""


@policies.method("interrupts")
@dataclass(frozen=True)
class Interrupts(Policy):
    """The user cuts in. Not before the second message."""

    first_turn: int = 2

    name: ClassVar[str] = "interrupts"
    instructions = by_intensity(
        "interrupts",
        "In this message, react to the first thing in the assistant's message as if you had read no "
        'further, and cut in ("wait, ...").',
        "In this message, cut in sharply: stop the assistant, take up only its first words, and leave its "
        "question unanswered for now.",
        "In this message, cut in after the assistant's first words and break off in the middle of your "
        "own sentence too, as if you were typing over each other.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        if not said.heard:
            return False
        text = plain(said.text).strip()
        return bool(_CUTS_IN.match(text) or _BREAKS_OFF.search(text))
