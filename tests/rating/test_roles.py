"""Who is speaking: what the judge is asked, and what becomes of good and bad answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from inline_snapshot import snapshot

from lab.fake_llm import Reply
from personae.core.conversation import Conversation, Turn
from personae.core.persona import Persona, Scenario
from personae.core.result import SimulationResult
from personae.llm.offline.engine import OfflineModel
from personae.rating.roles import identified, role_cases, scored
from personae.stats.identification import Guess
from tests.llm.reach import reach

pytestmark = pytest.mark.anyio
PEOPLE = [
    Persona(name="Ann Hale", description="A gardener who counts every cent.", traits=("terse",)),
    Persona(name="Bob", description="A pilot, always in a hurry.", domain_knowledge="Airports."),
    Persona(name="Cem", description="A retired teacher who explains at length."),
]


def result(number: int) -> SimulationResult:
    person = PEOPLE[number % 3]
    turns = (
        Turn("user", f"Ann Hale here. {person.description}"),
        Turn("assistant", "Hello Ann."),
        Turn("user", "Good."),
    )
    scenario = Scenario(goal="Cancel it.")
    return SimulationResult(f"k{number}", person, scenario, 1, Conversation(turns, "goal_met"))


def answer(**shares: Any) -> Reply:
    entries = [{"id": id_, "probability": share} for id_, share in shares.items()]
    return Reply(json.dumps({"reasoning": "So.", "candidates": entries}))


async def test_what_the_judge_is_asked() -> None:
    (case, *_) = role_cases([result(n) for n in range(3)], options=2, seed=1)
    system, task = (message["content"] for message in case.messages)
    assert "Exactly one of them is this user" in system
    assert task == snapshot("""\
The candidates:

Candidate A
| A pilot, always in a hurry.
| Knows: Airports.

Candidate B
| A gardener who counts every cent.
| Traits: terse

The conversation:

<transcript 9e37d40f>

[1] USER
| [name] [name] here. A gardener who counts every cent.

[2] BOT
| Hello [name].

[3] USER
| Good.

</transcript 9e37d40f>

Which candidate is the user? Give a probability for each of: A, B.\
""")


def test_no_persona_is_named_in_a_case_and_the_right_one_is_among_the_candidates() -> None:
    cases = role_cases([result(n) for n in range(9)], options=3, seed=1)
    assert len(cases) == 9
    for number, case in enumerate(cases):
        assert case.candidates[case.right] is PEOPLE[number % 3]
        assert "Ann" not in case.messages[1]["content"]
    assert len({case.right for case in cases}) > 1


def test_without_two_personas_there_is_no_case() -> None:
    assert role_cases([result(0), result(3)], options=4, seed=0) == []
    assert scored("lab/judge", [], [])["top_1"]["reason"].startswith("no case could be made")


@pytest.mark.parametrize(
    "bad",
    [
        Reply("no json"),
        answer(A=0.9),
        answer(A=0.5, B=0.2),
        answer(A=2, B=-1),
        answer(A="high", B=0.5),
        answer(A=0.5, B=0.25, C=0.25),
    ],
    ids=["no json", "one left out", "sum", "range", "a word", "one too many"],
)
async def test_a_bad_answer_is_mended_once_and_else_a_failure(bad: Reply) -> None:
    (case, *_) = role_cases([result(n) for n in range(3)], options=2, seed=1)
    async with reach([bad, answer(A=0.75, B=0.25)]) as there:
        guess = await identified(there.model(), case)
        assert isinstance(guess, Guess)
        assert guess.probabilities == (0.75, 0.25)
    async with reach([bad, bad]) as there:
        why = await identified(there.model(), case)
        assert isinstance(why, str)
        assert why
        assert there.calls == 2


async def test_the_scores_leave_failures_out_and_count_them() -> None:
    cases = role_cases([result(n) for n in range(6)], options=3, seed=1)
    guesses = [await identified(OfflineModel(), case) for case in cases]
    found = scored("offline/offline", cases, [*guesses[:5], "it was no JSON"])
    assert (found["cases"], found["failures"], found["why"]) == (5, 1, "it was no JSON")
    assert found["top_1"]["value"] == 1.0
    assert found["rank"]["value"] == 1.0
    assert 0 < found["brier"]["value"] < 0.25
    json.dumps(found, allow_nan=False)
