"""What a run says before its first call about what it can see, and stopping once it is sure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from personae.core.persona import Persona
from personae.experiments.foresight import detectable, in_words
from personae.experiments.plan import make_plan
from personae.experiments.stopping import Stopping
from personae.stats.sequential import RateTest
from tests.experiments.samples import result
from tests.running import Done, personae

BOT = "def model_fn(prompt):\n    return {reply!r}\n"


def run(folder: Path, reply: str, *options: str) -> Done:
    people = [
        {
            "name": f"P{n}",
            "description": "plain",
            "goal": "Ask for an invoice.",
            "success_criteria": "The invoice was sent.",
        }
        for n in range(60)
    ]
    (folder / "personas.jsonl").write_text("".join(json.dumps(one) + "\n" for one in people))
    (folder / "bot.py").write_text(BOT.format(reply=reply))
    arguments = ("--model-cmd", "bot.py", "--personas", "personas.jsonl", "--provider", "offline", "--metrics", "none")
    return personae("simulate", *arguments, "--max-turns", "2", "--concurrency", "4", *options, cwd=folder)


def rows(folder: Path) -> int:
    return len((folder / "simulation_results.jsonl").read_text().splitlines())


def test_a_run_says_what_it_can_see_before_it_starts(tmp_path: Path) -> None:
    done = run(tmp_path, "I don't know.")
    assert "60 conversations can only see a drop of 19 points or more against another run" in done.err
    assert rows(tmp_path) == 60


def test_a_clear_failure_stops_early_and_fails_the_gate(tmp_path: Path) -> None:
    gate = ("--fail-under", "0.8", "--stop-when-sure")
    done = run(tmp_path, "I don't know.", *gate)
    assert done.code == 1
    assert "goal completion over this plan is under 80%" in done.err
    ran = rows(tmp_path)
    assert ran < 30
    assert f"{60 - ran} conversations were not run" in done.err
    again = run(tmp_path, "I don't know.", *gate)
    assert again.code == 1
    assert rows(tmp_path) == ran
    assert f"{60 - ran} conversations were not run" in again.err


def test_a_clear_success_stops_early_and_passes(tmp_path: Path) -> None:
    done = run(tmp_path, "The invoice was sent.", "--fail-under", "0.3", "--stop-when-sure")
    assert (done.code, "is at or above 30%" in done.err) == (0, True), done.said
    assert rows(tmp_path) < 60


def test_it_needs_a_rate_to_be_sure_about(tmp_path: Path) -> None:
    done = run(tmp_path, "x", "--stop-when-sure")
    assert (done.code, "give --fail-under" in done.err) == (2, True)


PEOPLE = [Persona(name=f"P{n}", description="plain", goal="a refund") for n in range(5)]


def test_random_order_is_the_same_plan() -> None:
    from dataclasses import replace

    scenarios = [person.own_scenario for person in PEOPLE[:3]]
    plan = make_plan(PEOPLE, [replace_goal(one, n) for n, one in enumerate(scenarios)], epochs=2)
    shuffled = list(replace(plan, is_shuffled=True))
    assert [spec.index for spec in shuffled] != list(range(30))
    assert sorted(shuffled, key=lambda spec: spec.index) == list(plan)
    assert shuffled == list(replace(plan, is_shuffled=True))


def replace_goal(scenario: object, number: int):  # type: ignore[no-untyped-def]
    return scenario.model_copy(update={"goal": f"goal {number}"})  # type: ignore[attr-defined]


def test_answers_are_heard_in_the_order_of_the_draw() -> None:
    from dataclasses import replace

    from personae.core.rating import Rating

    plan = replace(make_plan(PEOPLE, []), is_shuffled=True)
    stopping = Stopping(RateTest(0.5), plan)
    results = [replace(result(spec), goal=Rating("goal", True)) for spec in plan]
    for one in reversed(results[1:]):
        stopping.finished(one)
    assert stopping.test.n == 0
    stopping.finished(results[0])
    assert stopping.test.n == 5


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 conversation is too few"), (4, "4 conversations are too few"), (24, "24 conversations can only see")],
)
def test_few_conversations_see_little(count: int, words: str) -> None:
    assert words in in_words(count, 1)


def test_repeats_see_less_than_as_many_others() -> None:
    once, repeated = detectable(200, 1), detectable(200, 5)
    assert once is not None
    assert repeated is not None
    assert once < repeated
