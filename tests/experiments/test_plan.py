"""The plan: who talks about what, under keys that hold."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personae import Criterion, Persona, Scenario
from personae.errors import InputError
from personae.experiments.plan import make_plan

WORDS = st.text(st.characters(exclude_characters="{}"), min_size=1, max_size=10).filter(str.strip)
PERSONAS = st.lists(
    st.builds(Persona, name=WORDS, description=WORDS, goal=WORDS),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one.name,
)
SCENARIOS = st.lists(
    st.builds(Scenario, goal=WORDS, name=WORDS), min_size=1, max_size=4, unique_by=lambda one: one.version_hash
)
ANN = Persona(name="Ann", description="terse", goal="a refund")
BOB = Persona(name="Bob", description="chatty", goal="an order")
CASE = """
from personae import Persona, Scenario
from personae.experiments.plan import make_plan
ann = Persona(name='Ann', description='terse', attributes={'b': 1, 'a': 2})
plan = make_plan([ann], [Scenario(goal='x')], epochs=2)
print(*(spec.key for spec in plan))
"""


def keys(*arguments: Any, **options: Any) -> list[str]:
    return [spec.key for spec in make_plan(*arguments, **options)]


@given(PERSONAS, SCENARIOS, st.integers(1, 3))
def test_keys_are_unique_and_as_many_as_the_plan_says(
    personas: list[Persona], scenarios: list[Scenario], epochs: int
) -> None:
    plan = make_plan(personas, scenarios, epochs=epochs)
    found = [spec.key for spec in plan]
    assert len(set(found)) == len(found) == len(plan) == len(personas) * len(scenarios) * epochs
    assert [spec.index for spec in plan] == list(range(len(plan)))


@given(PERSONAS, SCENARIOS)
def test_the_order_of_the_files_changes_no_key(personas: list[Persona], scenarios: list[Scenario]) -> None:
    assert set(keys(personas, scenarios)) == set(keys(personas[::-1], scenarios[::-1]))


def test_keys_are_the_same_in_every_process() -> None:
    runs = [
        subprocess.run([sys.executable, "-c", CASE], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True)
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert len(runs[0].stdout.split()) == 2


@given(WORDS, WORDS)
def test_any_edit_of_a_persona_changes_its_key(one: str, other: str) -> None:
    before, after = (Persona(name="Ann", description=text, goal="x") for text in (one, other))
    assert (keys([before], []) == keys([after], [])) == (one.strip() == other.strip())


@given(WORDS, WORDS)
def test_any_edit_of_a_scenario_changes_its_key(one: str, other: str) -> None:
    before, after = (Scenario(goal="x", known_info=text) for text in (one, other))
    assert (keys([ANN], [before]) == keys([ANN], [after])) == (one == other)


@given(st.text(), st.text())
def test_other_settings_have_other_keys(one: str, other: str) -> None:
    assert (keys([ANN], [], settings=one) == keys([ANN], [], settings=other)) == (one == other)


def test_more_epochs_keep_the_keys_of_the_first() -> None:
    assert keys([ANN, BOB], [], epochs=3)[:2] == keys([ANN, BOB], [])


def test_more_personas_keep_the_keys_of_the_others() -> None:
    assert set(keys([ANN], [])) < set(keys([ANN, BOB], []))


def test_every_conversation_has_a_seed_of_its_own() -> None:
    seeds = [spec.seed for spec in make_plan([ANN, BOB], [], epochs=3)]
    assert len(set(seeds)) == 6
    assert seeds != [spec.seed for spec in make_plan([ANN, BOB], [], epochs=3, seed=1)]


def test_all_pairs_come_once_before_the_second_epoch() -> None:
    plan = make_plan([ANN, BOB], [], epochs=2)
    assert [(spec.persona.name, spec.epoch) for spec in plan] == [("Ann", 1), ("Bob", 1), ("Ann", 2), ("Bob", 2)]


def test_without_scenarios_each_persona_pursues_its_own_goal() -> None:
    assert [spec.scenario.goal for spec in make_plan([ANN, BOB], [])] == ["a refund", "an order"]


def test_with_scenarios_every_persona_meets_every_one() -> None:
    plan = make_plan([ANN, BOB], [Scenario(goal="x"), Scenario(goal="y")])
    assert {(spec.persona.name, spec.scenario.goal) for spec in plan} == {(a, b) for a in ("Ann", "Bob") for b in "xy"}


def test_without_personas_each_scenario_brings_its_own() -> None:
    plan = make_plan([], [Scenario(goal="x", persona=BOB), Scenario(goal="y", persona=ANN)])
    assert [(spec.persona.name, spec.scenario.goal) for spec in plan] == [("Bob", "x"), ("Ann", "y")]


def test_placeholders_are_filled_from_the_scenarios_fields() -> None:
    persona = Persona(name="Ann", description="lives in {{city}}, wants: {{goal}}")
    scenario = Scenario(goal="cancel {{order no}}", expected_outcome="{{ order no }} is gone", fields={
        "city": "{{goal}}", "order no": 7,
    })  # fmt: skip
    spec = next(iter(make_plan([persona], [scenario])))
    assert spec.persona.description == "lives in {{goal}}, wants: cancel 7"
    assert (spec.scenario.goal, spec.scenario.expected_outcome) == ("cancel 7", "7 is gone")


REFUSED = {
    "nothing": (([], []), {}, "there are no personas and no scenarios"),
    "no epochs": (([ANN], []), {"epochs": 0}, "epochs must be 1 or more, not 0"),
    "duplicate names": (([ANN, BOB, ANN], []), {}, "2 personas are called 'Ann': names must be unique"),
    "no goal": (([Persona(name="Eve", description="x")], []), {}, "persona 'Eve' has no goal of its own"),
    "no persona": (([], [Scenario(goal="x", name="late")]), {}, "scenario 'late' brings no persona"),
    "same scenario": (([ANN], [Scenario(goal="x"), Scenario(goal="x")]), {}, "2 scenarios are the same, 'x'"),
    "two of one name": (
        ([], [Scenario(goal="x", persona=ANN), Scenario(goal="y", persona=ANN.model_copy(update={"goal": "z"}))]),
        {},
        "2 personas are called 'Ann'",
    ),
    "same criterion": (
        ([ANN], []),
        {"criteria": [Criterion(question="Polite?"), Criterion(question="Polite?")]},
        "2 criteria are called 'Polite?'",
    ),
    "unknown column": (
        ([Persona(name="Eve", description="in {{city}}")], [Scenario(goal="x", name="late", fields={"zip": 1})]),
        {},
        "persona 'Eve', description: no column fills {{city}} (scenario 'late' has 'goal', 'name', 'zip')",
    ),
    "unknown column of a criterion": (
        ([ANN], [Scenario(goal="x", name="late")]),
        {"criteria": [Criterion(question="Knows {{city}}?")]},
        "criterion 'Knows {{city}}?': no column fills {{city}} (scenario 'late'",
    ),
    "column of the bot": (
        ([ANN], [Scenario(goal="x", name="late")]),
        {"bot_columns": ["tenant"]},
        "the bot's requests ask for 'tenant', which scenario 'late' does not have (fields: none)",
    ),
}


@pytest.mark.parametrize(("inputs", "options", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_planned_is_refused_before_the_first_call(
    inputs: tuple[Any, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        make_plan(*inputs, **options)
    assert message in str(caught.value)


def test_the_same_persona_may_stand_in_several_scenarios() -> None:
    assert len(make_plan([], [Scenario(goal="x", persona=ANN), Scenario(goal="y", persona=ANN)])) == 2


def test_at_most_twenty_problems_are_listed() -> None:
    with pytest.raises(InputError) as caught:
        make_plan([Persona(name=str(number), description="x") for number in range(30)], [])
    assert str(caught.value).splitlines()[-1] == "... and 10 more"


def test_a_million_conversations_are_streamed() -> None:
    people = [Persona(name=str(number), description="x") for number in range(100)]
    plan = make_plan(people, [Scenario(goal=str(number)) for number in range(100)], epochs=100)
    assert len(plan) == 1_000_000
    tracemalloc.start()
    stream = iter(plan)
    for _ in range(10_000):
        next(stream)
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(20_000):
        next(stream)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 50_000
