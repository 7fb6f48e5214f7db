"""The dose: which behaviours a conversation has, which are asked for in this turn, and which the message shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from personae.core.conversation import Turn
from personae.core.persona import Behaviour, Persona, Scenario
from personae.core.prompt import versions
from personae.core.validity import Finding
from personae.errors import InputError, PersonaeError
from personae.simulation.policies import Policy, Spoken, policies

MARK = "behaviour:"
"""What a trait begins with that names a behaviour: `behaviour:typos`, `behaviour:typos=0.3`."""
Shown = Mapping[str, Mapping[str, bool | None]]
"""By behaviour: whether it was `planned` in this turn, and `delivered` (None: cannot tell)."""


def chosen(persona: Persona, scenario: Scenario, run: Sequence[Behaviour] = ()) -> tuple[Behaviour, ...]:
    """The behaviours of one conversation. Of one name the scenario's counts, else the persona's, else the run's."""
    traits = [trait for trait in persona.traits if trait.startswith(MARK)]
    if not (run or traits or persona.behaviours or scenario.behaviours):
        return ()
    all_of_them = (*run, *map(of_trait, traits), *persona.behaviours, *scenario.behaviours)
    return tuple({behaviour.name: behaviour for behaviour in all_of_them}.values())


def of_trait(trait: str) -> Behaviour:
    """The behaviour that a trait names. Raises InputError."""
    return parsed(trait.removeprefix(MARK))


def parsed(text: str) -> Behaviour:
    """`typos` or `typos=0.3` as a behaviour. Raises InputError."""
    try:
        return Behaviour.model_validate(text)
    except ValidationError as error:
        problem = f"{text!r} is no behaviour with its probability: write NAME or NAME=0.3, with a number from 0 to 1"
        raise InputError(problem) from error


def manner(traits: Iterable[str]) -> tuple[str, ...]:
    """The traits that describe the persona, without those that name a behaviour."""
    return tuple(trait for trait in traits if not trait.startswith(MARK))


@lru_cache(maxsize=4_096)
def built(behaviours: tuple[Behaviour, ...]) -> tuple[Policy, ...]:
    """The policies of these behaviours. Raises NotFound for an unknown name, ConfigurationError for a wrong dose."""
    return tuple(policies.get(one.name)(**one.model_dump(exclude={"name"}, exclude_none=True)) for one in behaviours)


def problems(place: str, behaviours: Iterable[Behaviour], traits: Iterable[str] = ()) -> Iterator[str]:
    """What is wrong with behaviours, and with traits that name one, each in a line that begins with `place`."""
    for behaviour in behaviours:
        try:
            built((behaviour,))
        except PersonaeError as error:
            yield f"{place}, behaviours: {error}" if place else str(error)
    for trait in traits:
        try:
            if trait.startswith(MARK):
                built((of_trait(trait),))
        except PersonaeError as error:
            yield f"{place}, trait {trait!r}: {error}" if place else f"{trait!r}: {error}"


def prompt_versions(
    personas: Sequence[Persona], scenarios: Sequence[Scenario], run: Sequence[Behaviour]
) -> Mapping[str, str]:
    """Name and version of what simulators are told of these behaviours. Empty where there are none."""
    own = [scenario.persona for scenario in scenarios if scenario.persona is not None]
    found = {*run, *(one for scenario in scenarios for one in scenario.behaviours)}
    for persona in (*personas, *own):
        found |= {*persona.behaviours, *(of_trait(trait) for trait in persona.traits if trait.startswith(MARK))}
    used = [policy.instructions[policy.intensity - 1] for one in found for policy in built((one,))]
    return dict(sorted(versions(*used).items()))


def unknown(persona: Persona) -> Iterator[tuple[str, str]]:
    """Field and problem of each behaviour of a persona that there is not, for whoever reads it from a file."""
    yield from (("behaviours", problem) for problem in problems("", persona.behaviours))
    yield from (("traits", problem) for problem in problems("", (), persona.traits))


def planned(all_of_them: Sequence[Policy], seed: int, turns: Sequence[Turn]) -> tuple[Policy, ...]:
    """Those that are asked for in the user's next message after `turns`."""
    turn = 1 + sum(one.role == "user" and not one.is_opening for one in turns)
    return tuple(policy for policy in all_of_them if policy.is_planned(seed, turn))


def shown(all_of_them: Sequence[Policy], asked_for: Sequence[Policy], said: Spoken) -> Shown:
    """For each behaviour of the conversation, whether it was asked for in this message and whether it shows."""
    is_silent = not said.text.strip()
    return {
        policy.name: {
            "planned": policy in asked_for,
            "delivered": None if is_silent and not policy.shows_in_the_end else policy.delivered(said),
        }
        for policy in all_of_them
    }


def excused(finding: Finding, turns: Sequence[Turn], at_end: Shown) -> bool:
    """Whether a guard found what a behaviour asked for: in that turn, or anywhere if it looks at the whole.

    `at_end`: what was asked for where the user ended the conversation without a word.
    """
    asked_for = [
        turn.metadata["behaviours"]
        for number, turn in enumerate(turns, 1)
        if turn.metadata and "behaviours" in turn.metadata and finding.turn in (0, number, number + 1)
    ]
    if finding.turn in (0, len(turns)):
        asked_for.append(at_end)
    return any(_excuses(shown, finding) for shown in asked_for)


def _excuses(shown: Shown, finding: Finding) -> bool:
    asked_for = (name for name, seen in shown.items() if seen["planned"])
    return any(name in policies.names() and finding.guard in policies.get(name).excuses for name in asked_for)


def as_data(behaviours: tuple[Behaviour, ...]) -> list[dict[str, Any]]:
    """The doses in full, with the version of what the simulator is told, for records."""
    return [
        {
            "name": policy.name,
            "probability": policy.probability,
            "first_turn": policy.first_turn,
            "last_turn": policy.last_turn,
            "intensity": policy.intensity,
            "prompt": policy.instructions[policy.intensity - 1].version_hash,
        }
        for policy in built(behaviours)
    ]
