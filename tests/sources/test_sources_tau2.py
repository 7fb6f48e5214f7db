"""tau2-bench's tasks as scenarios: the real files where they are at hand, and small ones for what those lack."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from personae.core.persona import Scenario
from personae.core.template import placeholders
from personae.errors import InputError
from personae.sources import read_criteria, read_personas, read_scenarios

DATA = Path(os.environ.get("PERSONAE_TAU2") or Path(__file__).parents[2] / "../shared/data/tau2-bench")
DOMAINS = {"retail": 114, "airline": 50}
real = pytest.mark.skipif(
    not DATA.is_dir(), reason="the tasks of tau2-bench are not here: set PERSONAE_TAU2 to the folder that holds them"
)


@pytest.fixture(scope="module")
def scenarios() -> dict[str, Scenario]:
    found = [scenario for domain in DOMAINS for scenario in read_scenarios(f"tau2:{DATA / domain}-tasks.json")]
    return {scenario.name: scenario for scenario in found}


@real
def test_every_task_becomes_a_scenario_of_its_own(scenarios: dict[str, Scenario]) -> None:
    assert len(scenarios) == sum(DOMAINS.values())
    assert set(scenarios) == {f"{domain}-{number}" for domain, count in DOMAINS.items() for number in range(count)}
    personas = [scenario.persona for scenario in scenarios.values() if scenario.persona is not None]
    assert len({persona.name for persona in personas}) == len(scenarios)
    for scenario in scenarios.values():
        assert scenario.expected_outcome
        assert scenario.known_info
        assert not placeholders(scenario.model_dump_json())
        assert scenario.unknown_info != "."
        assert scenario.instructions != "."


@real
def test_a_task_says_goal_knowledge_manner_and_outcome(scenarios: dict[str, Scenario]) -> None:
    task = scenarios["retail-0"]
    assert task.goal.startswith("You received your order #W2378156 and wish to exchange the mechanical keyboard")
    assert task.known_info == "You are Yusuf Rossi in zip code 19122."
    assert task.unknown_info == "You do not remember your email address."
    manner = "You are detail-oriented and want to make sure everything is addressed in one go."
    assert task.instructions == manner
    assert task.fields == {"domain": "retail", "task_id": "0"}
    assert task.persona is not None
    assert (task.persona.name, task.persona.description) == ("Yusuf Rossi (retail-0)", manner)
    assert task.expected_outcome == (
        "The agent exchanges the delivered items 1151293680, 4983901480 of order #W2378156 "
        "for 7706410293, 7747408585, settled with credit_card_9513926."
    )


@real
@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("retail-25", "The agent changes nothing: no order, booking or account is altered."),
        (
            "retail-10",
            "The agent hands the user over to a human agent.\n"
            "The agent changes nothing: no order, booking or account is altered.",
        ),
        (
            "retail-32",
            "The agent tells the user: 746342064230.\n"
            "The agent cancels the pending order #W9373487 with the reason 'no longer needed'.\n"
            "The agent cancels the pending order #W5481803 with the reason 'no longer needed'.\n"
            "The agent takes back the delivered items 6477915553 of order #W7449508, "
            "refunded to gift_card_7711863.",
        ),
        (
            "airline-17",
            "Reservation FQ8APE is updated to economy.\n"
            "Passenger for reservation FQ8APE is updated to Omar Rossi.\n"
            "Number of bags for reservation FQ8APE is updated to 3.\n"
            "The agent updates the reservation flights (reservation id FQ8APE; cabin economy; "
            "flights HAT056 2024-05-25, HAT138 2024-05-25; payment id gift_card_8190333).\n"
            "The agent changes the passengers of the reservation FQ8APE to Omar Rossi 1970-06-06.\n"
            "The agent updates the reservation baggages (reservation id FQ8APE; total baggages 3; "
            "nonfree baggages 0; payment id gift_card_8190333).",
        ),
        (
            "airline-0",
            "The agent should refuse to proceed with the cancellation.\n"
            "The agent changes nothing: no order, booking or account is altered.",
        ),
    ],
)
def test_the_outcome_is_said_in_plain_words(scenarios: dict[str, Scenario], name: str, outcome: str) -> None:
    assert scenarios[name].expected_outcome == outcome


@real
@pytest.mark.parametrize(
    ("name", "who"),
    [("retail-5", "mei_kovacs_8020"), ("retail-33", "Noah Patel"), ("retail-43", "Lucas"), ("retail-50", "Chen Smith"),
     ("retail-70", "Sofia Hernandez"), ("airline-6", "sophia_taylor_9065"), ("airline-39", "Amelia Davis")],
)  # fmt: skip
def test_a_persona_has_the_name_that_the_task_gives(scenarios: dict[str, Scenario], name: str, who: str) -> None:
    persona = scenarios[name].persona
    assert persona is not None
    assert persona.name == f"{who} ({name})"


@real
def test_the_tasks_are_personas_too() -> None:
    personas = read_personas(f"tau2:{DATA / 'airline-tasks.json'}")
    assert len(personas) == 50
    assert personas[0].goal.startswith("You want to cancel reservation EHGLP3.")
    assert personas[0].success_criteria.startswith("The agent should refuse")


TASK: dict[str, Any] = {
    "id": "[roaming]1",
    "user_scenario": {
        "persona": "A retired teacher.",
        "instructions": {"domain": "telecom", "reason_for_call": "No data abroad.", "known_info": "Born in Rome."},
    },
    "evaluation_criteria": {
        "actions": [
            {"name": "toggle_roaming", "arguments": {}, "requestor": "user"},
            {"name": "enable_roaming", "arguments": {"line_id": "L1", "note": "x"}, "compare_args": ["line_id"]},
            {"name": "check_network_status", "arguments": {}},
        ],
        "communicate_info": ["1,200"],
        "nl_assertions": ["Agent names the price of 1200 euros"],
    },
}


def test_variants_that_other_domains_have_are_read(tmp_path: Path) -> None:
    file = tmp_path / "tasks.json"
    plain = {"id": 7, "user_scenario": {"instructions": "Ask for the time."}}
    file.write_text(json.dumps([TASK, plain]))
    telecom, other = read_scenarios(f"tau2:{file}")
    assert telecom.name == "telecom-[roaming]1"
    assert telecom.persona is not None
    assert telecom.persona.name == "A customer (telecom-[roaming]1)"
    assert telecom.persona.description == "A retired teacher."
    assert telecom.expected_outcome == (
        "The agent names the price of 1200 euros.\nThe user toggles the roaming.\n"
        "The agent enables the roaming (line id L1)."
    )
    assert (other.name, other.goal) == ("tau2-7", "Ask for the time.")


@pytest.mark.parametrize(
    ("task", "told"),
    [
        ('{"id": "1"}', "tasks.json:1: user_scenario.instructions.reason_for_call: is missing: "
         "a tau2 task says here what its user wants"),
        ('{"id": "1", "user_scenario": []}', "tasks.json:1: user_scenario: "
         "must be an object of a tau2 task, not a list"),
        ('{"user_scenario": {"instructions": "x"}}', "tasks.json:1: id: is missing"),
        ("3", "tasks.json:1: must be an object of a tau2 task, not a number"),
        ('{"id": "1", "user_scenario": {"instructions": "x"}, "evaluation_criteria": {"actions": 3}}',
         "tasks.json:1: evaluation_criteria.actions: must be a list, not a number"),
    ],
    ids=["no goal", "wrong type", "no id", "no task", "no list"],
)  # fmt: skip
def test_what_is_no_task_is_told(task: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tasks.json").write_text(f"[{task}]")
    with pytest.raises(InputError) as caught:
        read_scenarios("tau2:tasks.json")
    assert str(caught.value) == told


def test_a_benchmark_holds_no_criteria() -> None:
    with pytest.raises(InputError, match=r"tasks\.json: holds scenarios and personas, not criteria"):
        read_criteria("tau2:tasks.json")
