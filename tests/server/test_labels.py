"""People's labels on the server: the judge is held against them, and every report says when it is another judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from personae import check_judge
from personae.rating.labels import Label
from tests.experiments.runs import Said, file

POLITE = {f"P{number:02}": number < 14 for number in range(20)}
"""What the judge says of twenty conversations: fourteen are polite."""


def imported(api: httpx2.Client, path: Path, **metadata: Any) -> dict[str, Any]:
    people = [Said(persona=name, criteria={"polite": polite}) for name, polite in POLITE.items()]
    made = file(path, people, metadata=metadata) if metadata else file(path, people)
    answer = api.post("/experiments/import", files={"file": (path.name, made.read_bytes())})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def responses(api: httpx2.Client, experiment: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By persona."""
    found = api.get("/responses", params={"experiment_id": experiment["id"], "limit": 100}).raise_for_status().json()
    return {one["persona"]["name"]: one for one in found["items"]}


def label(api: httpx2.Client, response: dict[str, Any], label: str, **more: Any) -> httpx2.Response:
    return api.put(f"/responses/{response['id']}/labels", json={"label": label, **more})


def test_labels_check_the_judge_and_reports_say_once_it_is_another(api: httpx2.Client, tmp_path: Path) -> None:
    made = imported(api, tmp_path / "a.jsonl")
    found, criterion_id = responses(api, made), made["criterion_set"]["criteria"][0]["id"]
    assert api.get(f"/experiments/{made['id']}/agreement").json()["problems"] == ["there are no labels"]
    for number, response in enumerate(found.values()):
        for rater in ("ann", "bob"):  # people find twelve of the fourteen polite
            said = label(api, response, "YES" if number < 12 else "NO", criterion_id=criterion_id, rater=rater)
            assert said.status_code == 200, said.text
    agreed = api.get(f"/experiments/{made['id']}/agreement").json()
    [polite] = agreed["criteria"]
    assert (polite["criterion"], polite["n"], polite["raters"]) == ("polite", 20, ["ann", "bob"])
    assert polite["sensitivity"]["value"] == 1.0
    assert polite["specificity"]["value"] == pytest.approx(6 / 8)
    assert polite["corrected_rate"]["value"] == pytest.approx(12 / 20)
    assert polite["alpha"]["value"] == 1.0
    assert {one["response_id"] for one in polite["disagreements"]} == {found["P12"]["id"], found["P13"]["id"]}
    assert agreed["disclaimer"]
    lines = api.get(f"/experiments/{made['id']}/labels").json()
    by_file = check_judge(tmp_path / "a.jsonl", [Label(**line) for line in lines])
    assert by_file.as_dict()["criteria"] == [
        polite | {"disagreements": [_without_id(one) for one in polite["disagreements"]]}
    ]
    export = f"/experiments/{made['id']}/export"
    assert "checked on 20 conversations by 2 people" in api.get(export, params={"format": "html"}).text
    later = imported(api, tmp_path / "b.jsonl", judge_model="lab/new")
    query = {"format": "json", "checked_by_id": made["id"]}
    notes = json.loads(api.get(f"/experiments/{later['id']}/export", params=query).text)["judge_card"]
    assert any("now it is lab/new" in change for note in notes for change in note["changes"])
    page = api.get(f"/experiments/{later['id']}/export", params=query | {"format": "html"}).text
    assert "was checked as another than he is now" in page


def _without_id(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "response_id"}


def test_a_label_is_ones_own_and_the_last_one_counts(api: httpx2.Client, tmp_path: Path) -> None:
    made = imported(api, tmp_path / "own.jsonl")
    response = next(iter(responses(api, made).values()))
    first = label(api, response, "NO").json()
    assert first["criterion_id"] is None
    second = label(api, response, "unsure", note="Hard to say.").json()
    path = f"/responses/{response['id']}/labels"
    assert api.get(path).json() == [second]
    other = label(api, response, "YES", rater="bob").json()
    assert [one["rater"] for one in api.get(path).json()] == [second["rater"], "bob"]
    assert api.delete(f"/labels/{other['id']}").status_code == 204
    assert api.delete(f"/labels/{other['id']}").status_code == 404
    assert api.get(path).json() == [second]
    for body, field in (({"label": "maybe"}, "label"), ({"label": "YES", "criterion_id": 10**9}, "criterion_id")):
        assert field in api.put(path, json=body).text
        assert api.put(path, json=body).status_code in (400, 422)


def test_what_a_person_put_in_place_of_the_judges_answer_is_no_answer_of_the_judge(
    api: httpx2.Client, tmp_path: Path
) -> None:
    made = imported(api, tmp_path / "hand.jsonl")
    response = next(iter(responses(api, made).values()))
    criterion_id = made["criterion_set"]["criteria"][0]["id"]
    label(api, response, "YES", criterion_id=criterion_id)
    by_hand = {"prompt_response_id": response["id"], "criterion_id": criterion_id, "rating": "NO"}
    assert api.put("/ratings/manual", json=by_hand).status_code == 200
    agreed = api.get(f"/experiments/{made['id']}/agreement").json()
    assert agreed["criteria"] == []
    assert "which the judge was not asked" in agreed["problems"][0]
