"""Scenario sets by REST."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

OUTCOME = "expected_conversation_outcome"
TAU2 = [
    {
        "id": "7",
        "user_scenario": {
            "persona": "Impatient.",
            "instructions": {
                "domain": "retail",
                "reason_for_call": "Return the lamp.",
                "known_info": "You are Ann Lee.",
                "unknown_info": None,
                "task_instructions": "Be brief.",
            },
        },
        "evaluation_criteria": {"nl_assertions": ["Agent says the refund takes 5 days."]},
    }
]


def made(api: httpx2.Client, **body: Any) -> dict[str, Any]:
    answer = api.post("/scenario-sets", json={"name": "S", "description": "", "fields": [], **body})
    assert answer.status_code == 201, answer.text
    scenario_set: dict[str, Any] = answer.json()
    return scenario_set


def scenario(goal: str, **fields: Any) -> dict[str, Any]:
    return {"goal": goal, OUTCOME: "It ends well.", "field_values": fields}


def scenarios(api: httpx2.Client, scenario_set: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.get(f"/scenario-sets/{scenario_set['id']}/scenarios").json()["items"]
    return items


def test_a_set_is_a_persona_collection_too(api: httpx2.Client) -> None:
    made_set = made(api, fields=["order_id"], description="About orders.")
    assert [(field["name"], field["field_type"]) for field in made_set["fields"]] == [("order_id", "text")]
    collection = api.get(f"/collections/{made_set['id']}").json()
    assert {name: collection[name] for name in ("collection_type", "goal_column", "is_scenario_set")} == {
        "collection_type": "PERSONA",
        "goal_column": "goal",
        "is_scenario_set": True,
    }
    assert [column["name"] for column in collection["columns"]] == ["goal", OUTCOME, "order_id"]
    assert api.get("/scenario-sets", params={"name_search": "s"}).json()["items"] == [made_set]
    api.post("/collections", json={"name": "C", "collection_type": "PERSONA"})
    assert api.get("/scenario-sets").json()["count"] == 1
    assert api.get("/scenario-sets/2").status_code == 404


def test_a_name_is_made_up_or_refused_where_it_is_taken(api: httpx2.Client) -> None:
    api.post("/collections", json={"name": "C"})
    made(api)
    for name in "C", "S":
        answer = api.post("/scenario-sets", json={"name": name})
        assert (answer.status_code, "is called" in answer.json()["detail"]) == (400, True)
    names = {api.post("/scenario-sets", json={}).json()["name"] for _ in range(2)}
    assert len(names) == 2


def test_scenarios_are_added_replaced_and_deleted(api: httpx2.Client) -> None:
    made_set = made(api, fields=["a", "b"])
    here = f"/scenario-sets/{made_set['id']}"
    field = made_set["fields"][1]
    api.put(f"{here}/fields/{field['id']}", json={"name": "b", "default_value": "none"})
    added = api.post(f"{here}/scenarios", json=scenario(" Cancel ", a=1)).json()
    assert (added["goal"], added["field_values"]) == ("Cancel", {"a": 1, "b": "none"})
    replaced = api.put(f"{here}/scenarios/{added['id']}", json=scenario("Go on", b=[])).json()
    assert replaced["detail"].startswith("b: is a text column")
    replaced = api.put(f"{here}/scenarios/{added['id']}", json=scenario("Go on")).json()
    assert (replaced["goal"], replaced["field_values"]) == ("Go on", {"a": "", "b": "none"})
    assert api.get(f"{here}/scenarios/{added['id']}").json() == replaced
    assert (api.get(here).json()["scenarios_count"], api.get(here).json()["version"]) == (1, "4")
    assert api.delete(f"{here}/scenarios/{added['id']}").status_code == 204
    assert scenarios(api, made_set) == []
    assert api.get(here).json()["scenarios_count"] == 0


def test_a_batch_leaves_out_what_is_there(api: httpx2.Client) -> None:
    made_set = made(api, fields=["a"])
    here = f"/scenario-sets/{made_set['id']}/scenarios/batch"
    first = api.post(here, json={"scenarios": [scenario("x"), scenario("y", a="1")], "skip_existing": False}).json()
    body = {"scenarios": [scenario("y", a="1"), scenario("z"), scenario("z")], "skip_existing": True}
    second = api.post(here, json=body).json()
    assert [[one["goal"] for one in batch] for batch in (first, second)] == [["x", "y"], ["z"]]


def test_fields_are_renamed_and_deleted_in_all_scenarios(api: httpx2.Client) -> None:
    made_set = made(api, fields=["a", "b"])
    here = f"/scenario-sets/{made_set['id']}"
    api.post(f"{here}/scenarios", json=scenario("x", a="1", b="2"))
    a, b = made_set["fields"]
    renamed = api.put(f"{here}/fields/{a['id']}", json={"name": "c"}).json()
    assert renamed == a | {"name": "c"}
    assert api.delete(f"{here}/fields/{b['id']}").status_code == 204
    added = api.post(f"{here}/fields", json={"name": "d", "default_value": "z"}).json()
    assert added["default_value"] == "z"
    assert [one["field_values"] for one in scenarios(api, made_set)] == [{"c": "1", "d": "z"}]


def test_what_every_scenario_has_stays_as_it_is(api: httpx2.Client) -> None:
    made_set = made(api, fields=["a"])
    here = f"/scenario-sets/{made_set['id']}"
    collection = api.get(f"/collections/{made_set['id']}").json()
    goal = collection["columns"][0]
    wanted = [goal | {"name": "wish"}, *collection["columns"][1:]]
    row = {"input_values": {"goal": " ", OUTCOME: "x"}}
    named = scenario("x") | {"field_values": {"goal": 1}}
    refused = {
        "goal: every scenario": api.put(f"{here}/fields/{goal['id']}", json={"name": "wish"}),
        "goal: every scenario has this:": api.delete(f"{here}/fields/{goal['id']}"),
        "goal: is reserved": api.post(f"{here}/fields", json={"name": "goal"}),
        "goal: every scenario has this persona_goal column": api.put(
            f"/collections/{made_set['id']}", json={"name": "S", "columns": wanted}
        ),
        "goal: must not be blank": api.post(f"/collections/{made_set['id']}/entries", json=row),
        "field_values: `goal` stands beside": api.post(f"{here}/scenarios", json=named),
        "nope: is no column": api.post(f"{here}/scenarios", json=scenario("x", nope="y")),
    }
    for says, answer in refused.items():
        assert answer.status_code == 400, says
        assert says in answer.json()["detail"]
    assert api.get(f"/collections/{made_set['id']}").json() == collection


@pytest.mark.parametrize("name", ["two words", "1st", "", "x" * 101, "ü"])
def test_a_field_has_a_plain_name(api: httpx2.Client, name: str) -> None:
    assert api.post("/scenario-sets", json={"name": "S", "fields": [name]}).status_code == 422


def test_a_read_only_set_keeps_its_scenarios(api: httpx2.Client) -> None:
    made_set = made(api, fields=["a"])
    here = f"/scenario-sets/{made_set['id']}"
    one = api.post(f"{here}/scenarios", json=scenario("x")).json()
    assert api.put(here, json={"read_only": True, "description": "kept"}).json()["description"] == "kept"
    refused = [
        api.post(f"{here}/scenarios", json=scenario("y")),
        api.post(f"{here}/scenarios/batch", json={"scenarios": [scenario("y")]}),
        api.put(f"{here}/scenarios/{one['id']}", json=scenario("y")),
        api.delete(f"{here}/scenarios/{one['id']}"),
        api.post(f"{here}/fields", json={"name": "b"}),
    ]
    assert {(answer.status_code, "read-only" in answer.text) for answer in refused} == {(400, True)}
    assert scenarios(api, made_set) == [one]


def test_files_of_simulate_are_taken_with_their_fields(api: httpx2.Client) -> None:
    made_set = made(api)
    here = f"/scenario-sets/{made_set['id']}/import"
    line = {"goal": "Ask.", "expected_outcome": "Answered.", "known_info": "An order.", "tier": "gold"}
    answer = api.post(here, files={"file": ("scenarios.jsonl", json.dumps(line).encode())})
    assert answer.json() == {"created": 1, "skipped": 0}, answer.text
    tau2 = ("retail-tasks.json", json.dumps(TAU2).encode())
    answer = api.post(here, files={"file": tau2}, params={"source": "tau2"})
    assert answer.json() == {"created": 1, "skipped": 0}, answer.text
    again = api.post(here, files={"file": tau2}, params={"source": "tau2", "skip_existing": True}).json()
    assert again == {"created": 0, "skipped": 1}
    first, second = scenarios(api, made_set)
    assert first["field_values"] | {"tier": "gold", "known_info": "An order."} == first["field_values"]
    assert (second["goal"], second["field_values"]["persona_description"]) == ("Return the lamp.", "Impatient.")
    assert "refund takes 5 days" in second[OUTCOME]


def test_an_exported_set_is_a_file_that_simulate_reads(api: httpx2.Client, tmp_path: Path) -> None:
    from personae.sources import read_scenarios

    made_set = made(api, fields=["tier"])
    api.post(f"/scenario-sets/{made_set['id']}/scenarios", json=scenario("Ask.", tier="gold"))
    for form in "jsonl", "yaml", "csv":
        text = api.get(f"/collections/{made_set['id']}/export", params={"format": form}).text
        (tmp_path / f"s.{form}").write_text(text, encoding="utf-8")
        (read,) = read_scenarios(tmp_path / f"s.{form}")
        assert (read.goal, read.expected_outcome, read.columns["tier"]) == ("Ask.", "It ends well.", "gold")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("s.jsonl", '{"goal": "x", "expected_outcome": "y"}\n{"name": "z"}\n', "s.jsonl:2: goal: is missing"),
        ("s.jsonl", '{"goal": "x"}\n', "expected_conversation_outcome: scenario 1 ('x'): is missing"),
        ("s.jsonl", '{"goal": "x", "expected_outcome": "y", "a b": 1}\n', "a b: scenario 1 ('x'): a field's name"),
        ("s.bin", "x", "s.bin: cannot tell what kind of file this is"),
    ],
)
def test_a_file_that_cannot_be_taken_changes_nothing(api: httpx2.Client, name: str, data: str, says: str) -> None:
    made_set = made(api)
    answer = api.post(f"/scenario-sets/{made_set['id']}/import", files={"file": (name, data.encode())})
    assert answer.status_code == 400
    assert says in answer.json()["detail"]
    assert api.get(f"/scenario-sets/{made_set['id']}").json() == made_set
