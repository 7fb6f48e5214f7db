"""Withholds facts: tells no number, date or name that the bot did not ask for.

Source: tau2-bench user instructions ("do not tell your order number unless asked"); our own detector
Idea:   the values that persona and situation give are looked for in the message. One that is there although the bot
        asked for nothing is told of their own accord. Of several, where it asked for one thing, it cannot be told.
Cost:   no call of its own; one line more in the simulator's request, in the turns that are planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from personae.simulation.policies import Policy, Spoken, by_intensity, policies
from personae.simulation.policies._reading import asks, values


def _known(said: Spoken) -> frozenset[str]:
    """The exact values that this user has and could tell."""
    texts = (said.scenario.known_info, said.scenario.goal, *(fact.value for fact in said.persona.facts))
    return frozenset[str]().union(*(values(text) for text in texts))


@policies.method("withholds_facts")
@dataclass(frozen=True)
class WithholdsFacts(Policy):
    """Facts come only when they are asked for."""

    name: ClassVar[str] = "withholds_facts"
    instructions = by_intensity(
        "withholds_facts",
        "In this message, give a number, name or date only if the assistant has just asked for it. Say "
        "the rest without it.",
        "In this message, give no number, name, date or other exact detail unless the assistant has just "
        "asked for exactly that. Leave it at your request.",
        "In this message, give no exact detail at all of your own accord. If the assistant has just asked "
        "for several, give only the first of them and wait to be asked again for the others.",
    )

    def delivered(self, said: Spoken) -> bool | None:
        known = _known(said)
        told_before = frozenset[str]().union(*(values(text) for text in said.said_before))
        left = known - told_before
        if not left:
            return None
        told = left & values(said.text)
        if not told or not asks(said.heard):
            return not told
        return True if len(told) == 1 or " and " in said.heard else None
