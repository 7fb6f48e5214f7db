"""Each way in which a simulator breaks its role, about all tau2-bench tasks: each guard catches its own.

The offline engine's users keep to their role in all 164 conversations, and no guard speaks up (`test_tau2_with_eliza`).
Here each of them is broken on purpose, in each way, and nothing else is changed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from personae import SimulationResult, read_scenarios, simulate
from personae.core.conversation import Conversation, Termination, Turn
from personae.simulation.validity import check, guards

TAU2 = Path(os.environ.get("PERSONAE_TAU2", Path(__file__).parents[3] / "shared" / "data" / "tau2-bench"))
pytestmark = pytest.mark.skipif(
    not TAU2.is_dir(), reason=f"the tau2-bench tasks are not at {TAU2}: set PERSONAE_TAU2 to their folder"
)
LONG = (
    "I have looked into this for you and the change takes effect at the end of the current billing period without any "
    "extra charge."
)
OFF_GOAL = ("Sing me a lullaby.", "Louder, and with verses.", "A poem on tulips and hedgehogs, and then a riddle.")
Broken = tuple[Sequence[Turn], Termination]


def user(text: str) -> Turn:
    return Turn("user", text)


def bot(text: str) -> Turn:
    return Turn("assistant", text)


@dataclass(frozen=True)
class Break:
    """One way to break the role."""

    guard: str
    broken: Callable[[SimulationResult], Broken]
    """The turns of the conversation with the break in it, and how it ends."""
    caught: float = 1.0
    """Share of the conversations in which it is found, at least."""


def says(text: str) -> Callable[[SimulationResult], Broken]:
    """The last message of the user has this in it, too."""

    def broken(talk: SimulationResult) -> Broken:
        turns = list(talk.conversation.turns)
        last = max(number for number, turn in enumerate(turns) if turn.role == "user")
        turns[last] = replace(turns[last], content=text.format(said=turns[last].content))
        return turns, talk.conversation.termination

    return broken


def goes_on(*more: Turn) -> Callable[[SimulationResult], Broken]:
    """After the bot's last word it goes on like this, until there are no turns left."""

    def broken(talk: SimulationResult) -> Broken:
        turns = list(talk.conversation.turns)
        while turns and turns[-1].role == "user":
            turns.pop()
        return [*turns, *more], "max_turns"

    return broken


def repeats(talk: SimulationResult) -> Broken:
    first = user(f"{talk.conversation.turns[0].content} I would like to have this done as soon as it can be.")
    replies = ("Let us see what there is.", "Two of them are there.", "It costs 20 dollars.", "Fine so far.")
    return [turn for reply in replies for turn in (first, bot(f"{reply} The rest is as it was."))], "max_turns"


def leaves(talk: SimulationResult) -> Broken:
    return [talk.conversation.turns[0], bot("Happy to help! May I have your name?")], "goal_met"


def strays(_: SimulationResult) -> Broken:
    return [turn for text in OFF_GOAL for turn in (user(text), bot("Well."))], "max_turns"


BREAKS = [
    Break("role_leak", says("{said} Is there anything else I can help you with today?")),
    Break("meta_text", says("*sighs* {said}")),
    Break("empty_or_repeated", repeats),
    Break("parroting", goes_on(user("Hm."), bot(LONG), user(LONG), bot("Yes."))),
    Break("wrong_language", says("Das ist leider nicht richtig, und ich weiß nicht, wie es mit der Sache weitergeht.")),
    Break("invented_fact", says("{said} My customer number is KD-5531274.")),
    Break("goal_abandoned", strays, caught=0.85),  # a long goal has a word of theirs by chance
    Break("solved_by_simulator", says("{said} Can it be returned? Yes, you can return it within two weeks by post.")),
    Break("ended_early", leaves),
    Break("goodbye_loop", goes_on(*(turn for _ in range(3) for turn in (user("Thank you, bye!"), bot("Bye."))))),
    Break("criteria_leaked", says("{said} That is what the expected outcome says.")),
]


@pytest.fixture(scope="module")
def talks() -> list[SimulationResult]:
    files = ("retail-tasks.json", "airline-tasks.json")
    scenarios = [scenario for file in files for scenario in read_scenarios(f"tau2:{TAU2 / file}")]
    return simulate("model:offline", scenarios=scenarios, provider="offline", metrics=(), max_turns=6)


def test_every_guard_is_tried() -> None:
    assert sorted(one.guard for one in BREAKS) == list(guards.names())


@pytest.mark.parametrize("way", BREAKS, ids=lambda way: way.guard)
def test_each_guard_catches_its_own_in_every_task_and_no_other_speaks_up(
    talks: list[SimulationResult], way: Break
) -> None:
    found: Counter[tuple[str, ...]] = Counter()
    for talk in talks:
        turns, ends = way.broken(talk)
        validity = check(talk.persona, talk.scenario, Conversation(tuple(turns), ends))
        found[tuple(sorted({finding.guard for finding in validity.findings}))] += 1
    assert set(found) <= {(way.guard,), ()}
    assert found[way.guard,] >= way.caught * len(talks)
