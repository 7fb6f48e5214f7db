"""Criterion sets and criteria by REST."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest


def made(api: httpx2.Client, *texts: str, name: str = "S") -> dict[str, Any]:
    criteria = [{"criterion_str": text, "label": None} for text in texts]
    answer = api.post("/criterion_sets", json={"name": name, "criteria": criteria or None})
    assert answer.status_code == 201, answer.text
    criterion_set: dict[str, Any] = answer.json()
    return criterion_set


def template(api: httpx2.Client, text: str = "Explain {{topic}}. Never lie.", name: str = "T") -> dict[str, Any]:
    found: dict[str, Any] = api.post("/prompt_templates", json={"name": name, "messages": text}).json()
    return found


def posted(api: httpx2.Client, criteria: list[str] | None, **body: Any) -> httpx2.Response:
    given = None if criteria is None else [{"criterion_str": text, "label": None} for text in criteria]
    return api.post("/criteria", json={"template_variables_id": None, "criteria": given, **body})


def texts(criteria: list[dict[str, Any]]) -> list[str]:
    return [criterion["criterion_str"] for criterion in criteria]


def of_set(api: httpx2.Client, criterion_set: dict[str, Any]) -> list[str]:
    return texts(api.get(f"/criterion_sets/{criterion_set['id']}").json()["criteria"])


def test_sets_are_found_by_name_with_their_criteria(api: httpx2.Client) -> None:
    one = made(api, "Polite?", "Short?", "Polite?")
    made(api, name="other")
    assert texts(one["criteria"]) == ["Polite?", "Short?"]
    assert api.get("/criterion_sets", params={"name": "S"}).json() == {"items": [one], "count": 1}
    assert [item["name"] for item in api.get("/criterion_sets").json()["items"]] == ["other", "S"]
    taken = api.post("/criterion_sets", json={"name": "S", "criteria": None})
    assert (taken.status_code, taken.json()["detail"]) == (409, "a criterion set is called 'S' already")
    assert api.put(f"/criterion_sets/{one['id']}", json={"name": "other"}).status_code == 409
    assert api.put(f"/criterion_sets/{one['id']}", json={"name": "S2"}).json()["name"] == "S2"


def test_the_answer_has_one_criterion_for_each_given_in_order_and_none_twice(api: httpx2.Client) -> None:
    one = made(api, "b?")
    answer = posted(api, ["c?", "b?", "a?", "c?"], criterion_set_id=one["id"])
    assert texts(answer.json()) == ["c?", "b?", "a?", "c?"]
    assert answer.json()[1]["id"] == one["criteria"][0]["id"]
    assert of_set(api, one) == ["b?", "c?", "a?"]


def test_an_empty_list_adds_none_and_clears_where_that_is_asked(api: httpx2.Client) -> None:
    one = made(api, "a?", "b?")
    assert posted(api, [], criterion_set_id=one["id"]).json() == []
    assert of_set(api, one) == ["a?", "b?"]
    assert posted(api, [], criterion_set_id=one["id"], delete_existing=True).json() == []
    assert of_set(api, one) == []
    posted(api, ["a?"], criterion_set_id=one["id"])
    assert texts(posted(api, ["b?"], criterion_set_id=one["id"], delete_existing=True).json()) == ["b?"]
    assert of_set(api, one) == ["b?"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"criterion_set_id": 1, "criteria": None}, "for a prompt template alone"),
        ({"criterion_set_id": 1, "prompt_template_id": 1, "criteria": []}, "give either"),
        ({"criteria": []}, "give either"),
        ({"criterion_set_id": 1, "criteria": [{"criterion_str": " "}]}, "body.criteria.0.criterion_str"),
        ({"criterion_set_id": 1, "criteria": [], "template_variables_id": 5}, "not supported"),
    ],
)
def test_what_makes_no_criteria_is_refused(api: httpx2.Client, body: dict[str, Any], says: str) -> None:
    answer = api.post("/criteria", json=body)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


def test_criteria_of_a_template_are_in_a_set_of_its_own(api: httpx2.Client) -> None:
    one = template(api)
    answer = posted(api, ["a?"], prompt_template_id=one["id"]).json()
    assert answer[0]["prompt_template"]["id"] == one["id"]
    found = api.get(f"/prompt_templates/{one['id']}").json()["criterion_set_id"]
    own = api.get(f"/criterion_sets/{found}").json()
    assert (own["name"], [linked["id"] for linked in own["linked_prompt_templates"]]) == ("T v1 criteria", [one["id"]])
    assert texts(api.get("/criteria", params={"prompt_template_id": one["id"]}).json()["items"]) == ["a?"]
    assert api.delete(f"/prompt_templates/{one['id']}").status_code == 204
    assert of_set(api, own) == ["a?"]


def test_a_template_has_one_set(api: httpx2.Client) -> None:
    one, two, asks = made(api, "a?"), made(api, "b?", name="two"), template(api)

    def linked(criterion_set: dict[str, Any]) -> list[int]:
        found = api.get(f"/criterion_sets/{criterion_set['id']}").json()["linked_prompt_templates"]
        return [item["id"] for item in found]

    for criterion_set in one, one, two:
        answer = api.put(f"/criterion_sets/{criterion_set['id']}/prompt_templates/{asks['id']}")
        assert [item["id"] for item in answer.json()["linked_prompt_templates"]] == [asks["id"]]
    assert (linked(one), linked(two)) == ([], [asks["id"]])
    assert api.delete(f"/criterion_sets/{one['id']}/prompt_templates/{asks['id']}").status_code == 200
    assert linked(two) == [asks["id"]]
    assert api.delete(f"/criterion_sets/{two['id']}/prompt_templates/{asks['id']}").status_code == 200
    assert linked(two) == []
    assert posted(api, None, prompt_template_id=asks["id"]).status_code == 201


def test_a_language_model_writes_criteria_once(api: httpx2.Client) -> None:
    one = template(api)
    body = {"prompt_template_id": one["id"]}
    written = posted(api, None, **body)
    assert written.status_code == 201
    assert any("Never lie" in text for text in texts(written.json()))
    assert posted(api, None, **body).status_code == 409
    again = posted(api, None, delete_existing=True, **body)
    assert texts(again.json()) == texts(written.json())
    assert texts(api.get("/criteria", params=body).json()["items"]) == texts(written.json())


def test_an_edit_is_the_next_version_and_the_same_again_is_none(api: httpx2.Client) -> None:
    one, _ = made(api, "a?", "b?")["criteria"]
    here = f"/criteria/{one['id']}"
    edited = api.put(here, json={"criterion_str": "c?", "label": "see"}).json()
    assert (edited["id"], edited["version"], edited["criterion_str"], edited["label"]) == (one["id"], 2, "c?", "see")
    assert api.put(here, json={"criterion_str": "c?"}).json() == edited
    assert api.put(here, json={"label": None}).json()["label"] is None
    assert api.put(here, json={"criterion_str": "b?"}).status_code == 409
    assert api.get(here).json()["version"] == 3
    assert api.delete(here).status_code == 204
    assert api.get(here).status_code == 404


def test_a_deleted_set_takes_its_criteria_with_it(api: httpx2.Client) -> None:
    one = made(api, "a?")
    assert api.delete(f"/criterion_sets/{one['id']}").status_code == 204
    assert api.get("/criteria").json() == {"items": [], "count": 0}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("c.jsonl", '{"question": "a?"}\n{"name": "bee", "question": "b?"}\n'),
        ("c.yaml", "- a?\n- name: bee\n  question: b?\n"),
        ("c.csv", "name,question\n,a?\nbee,b?\n"),
    ],
)
def test_files_of_simulate_are_taken(api: httpx2.Client, name: str, data: str) -> None:
    one = made(api, "a?")
    here = f"/criterion_sets/{one['id']}/import"
    assert api.post(here, files={"file": (name, data.encode())}).json() == {"created": 1, "skipped": 1}
    found = api.get(f"/criterion_sets/{one['id']}").json()["criteria"]
    assert [(criterion["criterion_str"], criterion["label"]) for criterion in found] == [("a?", None), ("b?", "bee")]
    wrong = api.post(here, files={"file": ("c.jsonl", b'{"question": "z?"}\n{"quest": "b?"}\n')})
    assert (wrong.status_code, "c.jsonl:2: quest: " in wrong.json()["detail"]) == (400, True)
