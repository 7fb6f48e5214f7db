"""Persona groups by REST."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest


@pytest.fixture
def people(api: httpx2.Client) -> list[int]:
    """Three personas."""
    bodies = [{"name": name, "description": "Somebody."} for name in ("Ann", "Ben", "Cem")]
    return [api.post("/personas", json=body).raise_for_status().json()["id"] for body in bodies]


def group(api: httpx2.Client, **body: Any) -> dict[str, Any]:
    answer = api.post("/persona_groups", json={"name": "All"} | body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def names(group: dict[str, Any]) -> list[str]:
    return [member["name"] for member in group["members"]]


def test_members_keep_their_order_and_are_shown_as_they_are_now(api: httpx2.Client, people: list[int]) -> None:
    ann, _, cem = people
    made = group(api, description="Everybody.", persona_ids=[cem, ann, cem])
    assert (names(made), made["members_count"]) == (["Cem", "Ann"], 2)
    api.put(f"/personas/{cem}", json={"name": "Cem", "description": "Somebody else."})
    member = api.get(f"/persona_groups/{made['id']}").json()["members"][0]
    assert (member["version"], member["description"]) == (2, "Somebody else.")
    page = api.get("/persona_groups").json()
    assert [(one["name"], one["members_count"], "members" in one) for one in page["items"]] == [("All", 2, False)]
    assert api.get("/personas", params={"group_id": made["id"]}).json()["count"] == 2
    path = f"/persona_groups/{made['id']}"
    assert api.get(f"{path}/member_ids").json() == [cem, ann]
    second = api.get(f"{path}/members", params={"page": 2, "limit": 1}).json()
    assert ([one["name"] for one in second["items"]], second["count"]) == (["Ann"], 2)


def test_members_come_and_go_one_by_one_and_as_a_whole(api: httpx2.Client, people: list[int]) -> None:
    ann, ben, cem = people
    path = f"/persona_groups/{group(api, persona_ids=[ann])['id']}"
    steps: list[tuple[httpx2.Response, list[str]]] = [
        (api.put(f"{path}/members/{cem}"), ["Ann", "Cem"]),
        (api.put(f"{path}/members/{ann}"), ["Ann", "Cem"]),
        (api.delete(f"{path}/members/{ann}"), ["Cem"]),
        (api.delete(f"{path}/members/{ann}"), ["Cem"]),
        (api.put(f"{path}/members", json={"persona_ids": [ben, cem]}), ["Ben", "Cem"]),
        (api.put(path, json={"name": "Some"}), ["Ben", "Cem"]),
        (api.put(path, json={"persona_ids": []}), []),
    ]
    for answer, expected in steps:
        assert answer.status_code == 200, answer.text
        assert names(answer.json()) == expected
    assert api.get(path).json()["name"] == "Some"


def test_an_unknown_persona_is_refused_and_nothing_is_changed(api: httpx2.Client, people: list[int]) -> None:
    path = f"/persona_groups/{group(api, persona_ids=people)['id']}"
    for answer in (
        api.put(f"{path}/members/999"),
        api.put(f"{path}/members", json={"persona_ids": [999]}),
        api.put(path, json={"persona_ids": [people[0], 999]}),
        api.post("/persona_groups", json={"name": "Other", "persona_ids": [999]}),
    ):
        assert (answer.status_code, answer.json()["detail"]) == (404, "there is no persona 999 in this project")
    assert names(api.get(path).json()) == ["Ann", "Ben", "Cem"]
    assert api.get("/persona_groups").json()["count"] == 1


def test_an_archived_member_is_shown_as_such_and_stays(api: httpx2.Client, people: list[int]) -> None:
    ann, ben, _ = people
    path = f"/persona_groups/{group(api, persona_ids=[ann])['id']}"
    for persona in (ann, ben):
        api.put(f"/personas/{persona}/archiving", json={"is_archived": True})
    assert [member["archived_at"] is not None for member in api.get(path).json()["members"]] == [True]
    assert api.put(f"{path}/members/{ann}").status_code == 200
    assert api.put(f"{path}/members", json={"persona_ids": [ann]}).status_code == 200
    assert api.put(f"{path}/members/{ben}").status_code == 409


def test_a_group_has_a_name_of_its_own(api: httpx2.Client) -> None:
    group(api, name="All")
    other = f"/persona_groups/{group(api, name='Other')['id']}"
    assert api.post("/persona_groups", json={"name": " All "}).status_code == 409
    assert api.put(other, json={"name": "All"}).status_code == 409
    assert api.put(other, json={"name": "Other", "description": "x"}).json()["description"] == "x"
    assert api.post("/persona_groups", json={"name": " "}).status_code == 422


def test_a_deleted_group_leaves_its_personas(api: httpx2.Client, people: list[int]) -> None:
    path = f"/persona_groups/{group(api, persona_ids=people)['id']}"
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.get("/personas").json()["count"] == 3
    assert api.get("/personas", params={"group_id": 1}).json()["count"] == 0
