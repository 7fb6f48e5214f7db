"""Facts with rules: what the persona tells of its own accord, when asked, or never; and what the bot elicited.

What was elicited is read off the turns by words alone: the value stands in a message of the user, letter for letter
save for case and signs, and the bot's last turn before it asked for something.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal

from personae.core.conversation import Turn
from personae.core.persona import KnownFact, Persona, Scenario, When
from personae.core.prompt import load
from personae.simulation.policies._reading import asks, canonical

FACTS = load("personae.simulation", "facts")

Told = Literal["elicited", "volunteered", "untold"]
"""The user told a fact after the bot had asked for something; of their own accord; or not at all."""


def known(scenario: Scenario, persona: Persona) -> str:
    """What the simulator is told of the facts that its user has at hand: the scenario's, then the persona's by rule."""
    if not persona.facts:
        return scenario.known_info
    rules: dict[When, str] = {
        when: "\n".join(f"- {fact.name}: {fact.value}" for fact in persona.facts if fact.when == when)
        for when in ("volunteer", "if_asked", "never")
    }
    return "\n\n".join(part for part in (scenario.known_info.strip(), FACTS.render(**rules)) if part)


def told_if_asked(scenario: Scenario, persona: Persona) -> str:
    """The scenario's facts and those of the persona that it may tell, as sentences: for the offline engine."""
    own = (f"Your {fact.name} is {fact.value}." for fact in persona.facts if fact.when != "never")
    return "\n".join([scenario.known_info, *own]).strip()


def volunteered(persona: Persona) -> tuple[str, ...]:
    """What the persona tells of its own accord, as sentences: for the offline engine."""
    return tuple(f"My {fact.name} is {fact.value}." for fact in persona.facts if fact.when == "volunteer")


def told(facts: Iterable[KnownFact], turns: Sequence[Turn]) -> Mapping[str, Told]:
    """How each fact came into the conversation, by its name. The first time that it was told counts."""
    found: dict[str, Told] = {fact.name: "untold" for fact in facts}
    wanted = {fact.name: _letters(fact.value) for fact in facts}
    heard = ""
    for turn in turns:
        if turn.role == "assistant":
            heard = turn.content
            continue
        text = f" {_letters(turn.content)} "
        for name, letters in wanted.items():
            if found[name] == "untold" and letters and f" {letters} " in text:
                found[name] = "elicited" if heard and asks(heard) else "volunteered"
    return found


@lru_cache(maxsize=4_096)
def _letters(text: str) -> str:
    """Words alone, in lower case and one space apart; what stands between letters of one word is left out."""
    return " ".join(filter(None, (canonical(word) for word in text[:8_000].split())))
