"""Probes with judges that are scripted to be steady, moody, biased and broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from inline_snapshot import snapshot

from lab.fake_llm import ChatRequest, Reply, Script
from lab.fake_llm.questions import listed
from personae.core.conversation import Conversation, Turn
from personae.core.persona import Persona, Scenario
from personae.core.rating import Criterion, Rating
from personae.core.result import SimulationResult
from personae.errors import BudgetExceeded, InputError
from personae.experiments.budget import Budget, Ceilings, Metered
from personae.experiments.judging import Bench
from personae.experiments.probing import Probed, Probing
from personae.rating.probes import probes
from tests.llm.reach import Reach, reach

pytestmark = pytest.mark.anyio
POLITE, PRICE = Criterion(name="polite", question="Was the bot polite?"), Criterion(question="Did it say the price?")
TEXTS = {"polite": POLITE}


def result(number: int, **metadata: Any) -> SimulationResult:
    turns = (Turn("user", f"Cancel order {number}."), Turn("assistant", "Done, for 5 euro."))
    return SimulationResult(
        f"k{number}",
        Persona(name="Ann", description="x"),
        Scenario(goal="Cancel it."),
        1,
        Conversation(turns, "goal_met"),
        ratings=(Rating("polite", True, "So."), Rating(PRICE.label, True, "So.")),
        metadata={"judge_model": "openai/judge", "judge_mode": "detailed", **metadata},
    )


def says(decide: Callable[[ChatRequest, str], bool]) -> Script:
    """A judge that answers each listed question by what `decide` makes of the request and the question's line."""

    def step(request: ChatRequest) -> Reply:
        whole, _ = listed(request.last_text)
        lines = {id_: next(line for line in request.last_text.split("\n") if f"`{id_}`" in line) for id_ in whole}
        answers: list[dict[str, Any]] = [
            {"id": id_, "reasoning": "So.", "quotes": [], "verdict": "YES" if decide(request, line) else "NO"}
            for id_, line in lines.items()
        ]
        return Reply(json.dumps({"criteria": answers, "turns": []}))

    return step


def bench(there: Reach, usd: float | None = None) -> Bench:
    budget = Budget(Ceilings(usd))
    return Bench((Metered(there.model(model="judge"), budget),), budget, 4)


async def probed(script: Script, *names: str, results: int = 6, **metadata: Any) -> tuple[list[Probed], int]:
    async with reach(script) as there:
        running = bench(there)
        probing = Probing(running.models[0], [result(number, **metadata) for number in range(results)], TEXTS)
        assert probing.price(running, names).calls > 0
        return await probing.run(running, names), there.calls


async def test_a_steady_judge_never_flips() -> None:
    found, calls = await probed(says(lambda *_: True), *probes.names())
    assert {one.probe: one.flips[0].rate.value for one in found} == {"consistency": 0.0, "length": 0.0, "order": 0.0}
    assert calls == 18
    assert found[0].flips[0].rate.n == 12
    assert found[0].flips[0].rate.clusters == 6


async def test_a_moody_judge_is_found_by_asking_again() -> None:
    turns = count()
    (found,), _ = await probed(says(lambda *_: next(turns) % 2 == 0), "consistency")
    assert found.flips[0].rate.value == 0.5
    assert (found.flips[0].to_yes, found.flips[0].to_no) == (0, 6)


async def test_a_judge_who_likes_the_first_question_is_found_by_the_order() -> None:
    (same, other), _ = await probed(
        says(lambda request, line: "`c1`" in line or "polite" in line), "consistency", "order"
    )
    by_name = {flip.criterion: flip.rate.value for flip in other.flips}
    assert same.flips[0].rate.value == 0.5
    assert by_name == {"": 0.0, "polite": 0.0, PRICE.label: 0.0}


async def test_a_judge_who_likes_words_is_found_by_the_length() -> None:
    def wordy(request: ChatRequest, _line: str) -> bool:  # it says NO once more is said
        return "| Done, for 5 euro.\n" in request.last_text

    (same, longer), _ = await probed(says(wordy), "consistency", "length")
    assert same.flips[0].rate.value == 0.0
    assert (longer.flips[0].rate.value, longer.flips[0].to_no) == (1.0, 12)


async def test_what_was_said_stays_in_a_longer_transcript() -> None:
    async with reach(says(lambda *_: True)) as there:
        running = bench(there)
        await Probing(running.models[0], [result(1)], TEXTS).run(running, ["length"])
        task = there.sent()["messages"][1]["content"]
    assert "| Cancel order 1.\n" in task
    assert next(line for line in task.split("\n") if "Done" in line) == snapshot(
        "| Done, for 5 euro. This message ends here, and it says no more than what stands in it. "
        "There is nothing hidden between the lines of this message."
    )


async def test_verdicts_of_another_judge_are_asked_for_first() -> None:
    (found,), calls = await probed(says(lambda *_: False), "consistency", judge_model="openai/other")
    assert found.fresh
    assert calls == 12
    assert found.flips[0].rate.value == 0.0


async def test_answers_that_cannot_be_read_are_counted_and_nothing_is_made_of_them() -> None:
    (found,), _ = await probed(Reply("no json"), "consistency", results=2)
    assert (found.errors, found.flips[0].rate.value) == (4, None)
    assert found.flips[0].rate.reason == "the judge gave no answer that could be compared"


async def test_one_criterion_has_no_order() -> None:
    single = SimulationResult(
        **{
            name: getattr(result(1), name)
            for name in ("key", "persona", "scenario", "epoch", "conversation", "metadata")
        },
        ratings=(Rating("polite", True),),
    )
    async with reach() as there:
        running = bench(there)
        (found,) = await Probing(running.models[0], [single], TEXTS).run(running, ["order"])
    assert found.flips[0].rate.reason == "there was nothing to change"


async def test_the_ceiling_is_held_before_and_while_asking() -> None:
    async with reach(says(lambda *_: True)) as there:
        model = Metered(there.model(model="gpt-4o"), budget := Budget(Ceilings(0.0001)))
        running = Bench((model,), budget, 2)
        probing = Probing(model, [result(number) for number in range(20)], TEXTS)
        with pytest.raises(BudgetExceeded, match="raise --budget or lower --n"):
            running.refuse_if_dearer(probing.price(running, ["consistency"]))
        (found,) = await probing.run(running, ["consistency"])
        assert there.calls == 0
    assert found.errors == 40


async def test_a_criterion_without_its_text_is_said() -> None:
    async with reach() as there:
        running = bench(there)
        with pytest.raises(InputError, match="the text of criterion 'polite' is not in the result file"):
            Probing(running.models[0], [result(1)], {}).is_fresh()
