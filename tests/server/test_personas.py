"""The persona library by REST."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.server.running import Server

ANN = {"name": "Ann", "description": "New here, asks about {{topic}}.", "traits": ["terse"], "attributes": {"age": 71}}


def made(api: httpx2.Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post("/personas", json=body)
    assert answer.status_code == 201, answer.text
    persona: dict[str, Any] = answer.json()
    return persona


def test_a_new_persona_is_read_back_as_it_was_written(api: httpx2.Client) -> None:
    ann = made(api, ANN)
    again = api.get(f"/personas/{ann['id']}").json()
    assert again == ann
    assert {name: again[name] for name in ANN} == ANN
    assert (again["version"], again["placeholders"]) == (1, ["topic"])


def test_an_edit_is_the_next_version_and_the_same_again_is_none(api: httpx2.Client) -> None:
    ann = made(api, ANN)
    edited = api.put(f"/personas/{ann['id']}", json=ANN | {"description": "Knows it all."}).json()
    same = api.put(f"/personas/{ann['id']}", json=ANN | {"description": "Knows it all."}).json()
    assert (edited["version"], edited["description"]) == (2, "Knows it all.")
    assert same["version"] == 2


def test_a_name_is_taken_once(api: httpx2.Client) -> None:
    made(api, ANN)
    answer = api.post("/personas", json=ANN)
    assert answer.status_code == 409
    assert answer.json()["detail"] == "a persona is called 'Ann' already"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " ", "description": "x"}, "body.name"),
        ({"name": "x"}, "body.description"),
        (ANN | {"age": 7}, "body.age"),
        (ANN | {"traits": "terse"}, "body.traits"),
    ],
)
def test_what_cannot_be_taken_whole_is_refused_by_field(api: httpx2.Client, body: dict[str, Any], field: str) -> None:
    answer = api.post("/personas", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_any_text_is_kept(api: httpx2.Client) -> None:
    ann = made(api, ANN | {"description": "NUL \0 and U+2028 \u2028 and 🙂"})
    assert api.get(f"/personas/{ann['id']}").json()["description"] == "NUL \0 and U+2028 \u2028 and 🙂"


def test_attributes_are_what_a_file_can_hold(api: httpx2.Client) -> None:
    deep: Any = 1
    for _ in range(100):
        deep = [deep]
    for value in ({"n": 2**70}, {"n": deep}, {"n": float("nan")}):
        body = json.dumps(ANN | {"attributes": value})
        answer = api.post("/personas", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["problem"].startswith("Value error, n is ")
    body = json.dumps(ANN | {"attributes": {"half \ud83d": "\ud83d"}})
    answer = api.post("/personas", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["attributes"] == {"half \ufffd": "\ufffd"}


def test_any_name_is_kept_and_looked_up_without_harm(api: httpx2.Client) -> None:
    ann = made(api, ANN | {"name": "A\0nn 🙂"})
    for parameters in ({"name": "A\0nn 🙂"}, {"search": "\0"}):
        assert api.get("/personas", params=parameters).status_code == 200
    assert api.put(f"/personas/{ann['id']}", json=ANN).json()["name"] == "Ann"


@pytest.fixture
def library(api: httpx2.Client) -> dict[str, int]:
    """Ann, Ben and Élodie, by name."""
    people: list[dict[str, Any]] = [
        ANN,
        {"name": "Ben", "description": "KNOWS the shop.", "traits": ["Terse", "kind"], "attributes": {"vip": True}},
        {"name": "Élodie", "description": "Asks {{topic}}, {{when}}.", "attributes": {"age": "71", "city": "a=b"}},
    ]
    return {body["name"]: made(api, body)["id"] for body in people}


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["Ann", "Ben", "Élodie"]),
    ({"search": "knows THE"}, ["Ben"]),
    ({"search": "éLO"}, ["Élodie"]),
    ({"trait": "terse"}, ["Ann", "Ben"]),
    ({"trait": ["terse", "kind"]}, ["Ben"]),
    ({"attribute": "age=71"}, ["Ann", "Élodie"]),
    ({"attribute": "vip=true"}, ["Ben"]),
    ({"attribute": "city=a=b"}, ["Élodie"]),
    ({"attribute": "city=nowhere"}, []),
    ({"placeholder": "topic"}, ["Ann", "Élodie"]),
    ({"placeholder": ["topic", "when"]}, ["Élodie"]),
    ({"name": "Ben", "trait": "kind"}, ["Ben"]),
    ({"archived": True}, []),
    ({"trait": "terse", "limit": 1, "page": 2}, ["Ben"]),
]


def test_the_library_is_filtered_by_what_is_in_it(api: httpx2.Client, library: dict[str, int]) -> None:
    for parameters, names in FILTERS:
        page = api.get("/personas", params=parameters).json()
        assert [persona["name"] for persona in page["items"]] == names, parameters
    assert api.get("/personas", params={"trait": "terse", "limit": 1}).json()["count"] == 2
    assert api.get("/personas", params={"attribute": "age"}).status_code == 400


def test_facets_count_what_the_chosen_ones_have(api: httpx2.Client, library: dict[str, int]) -> None:
    every = api.get("/personas/facets").json()
    listed = api.get("/personas").json()
    assert every["count"] == listed["count"]
    for trait in every["traits"]:
        found = api.get("/personas", params={"trait": trait["value"]}).json()
        assert found["count"] == trait["count"], trait
        assert api.get("/personas/facets", params={"trait": trait["value"]}).json()["count"] == trait["count"]
    for attribute in every["attributes"]:
        assert attribute["distinct"] == len(attribute["values"])
        for value in attribute["values"]:
            found = api.get("/personas", params={"attribute": f"{attribute['name']}={value['value']}"}).json()
            assert found["count"] == value["count"], (attribute["name"], value)


def test_who_saves_over_what_somebody_else_saved_is_told(api: httpx2.Client) -> None:
    path = f"/personas/{made(api, {'name': 'Ann', 'description': 'a'})['id']}"
    assert api.put(path, params={"if_version": 1}, json={"name": "Ann", "description": "b"}).json()["version"] == 2
    refused = api.put(path, params={"if_version": 1}, json={"name": "Ann", "description": "c"})
    assert (refused.status_code, "version 2" in refused.json()["detail"]) == (409, True)
    assert api.get(path).json()["description"] == "b"


def test_history_tells_every_version_and_what_changed(api: httpx2.Client) -> None:
    ann = f"/personas/{made(api, ANN)['id']}"
    edit = {"description": "Back here, asks about {{topic}}.", "attributes": {"vip": True}, "note": "came back"}
    api.put(ann, json=ANN | edit)
    history = api.get(f"{ann}/versions").json()
    assert history["count"] == 2
    assert [(one["version"], one["note"]) for one in history["items"]] == [(2, "came back"), (1, "")]
    assert all(one["author"].startswith("key first key") for one in history["items"])
    assert api.get(f"{ann}/versions/1").json()["description"] == ANN["description"]
    assert api.get(f"{ann}/versions/3").status_code == 404
    assert api.get(f"{ann}/diff", params={"from": 1, "to": 2}).json()["changes"] == [
        {
            "field": "description",
            "before": ANN["description"],
            "after": "Back here, asks about {{topic}}.",
            "pieces": [
                {"kind": "removed", "text": "New"},
                {"kind": "added", "text": "Back"},
                {"kind": "same", "text": " here, asks about {{topic}}."},
            ],
        },
        {"field": "attributes.age", "before": 71, "after": None, "pieces": None},
        {"field": "attributes.vip", "before": None, "after": True, "pieces": None},
    ]


def test_a_restored_version_is_a_new_one(api: httpx2.Client) -> None:
    ann = f"/personas/{made(api, ANN)['id']}"
    api.put(ann, json=ANN | {"name": "Anna", "description": "Other."})
    made(api, {"name": "Ben", "description": "x"})
    restored = api.post(f"{ann}/restore", json={"version": 1}).json()
    assert (restored["version"], restored["name"], restored["description"]) == (3, "Ann", ANN["description"])
    assert api.get(f"{ann}/versions").json()["items"][0]["note"] == "restores version 1"
    assert api.post(f"{ann}/restore", json={"version": 3}).json()["version"] == 3
    assert api.post(f"{ann}/restore", json={"version": 9}).status_code == 404


def test_an_archived_persona_frees_its_name_and_cannot_be_edited(api: httpx2.Client) -> None:
    ann = f"/personas/{made(api, ANN)['id']}"
    assert api.put(f"{ann}/archiving", json={"is_archived": True}).json()["archived_at"]
    assert api.get("/personas").json()["items"] == []
    assert len(api.get("/personas", params={"archived": True}).json()["items"]) == 1
    assert api.put(ann, json=ANN | {"description": "Other."}).status_code == 409
    made(api, ANN)
    assert api.put(f"{ann}/archiving", json={"is_archived": False}).status_code == 409


def test_who_uses_a_persona_hinders_its_deletion(api: httpx2.Client) -> None:
    ann = made(api, ANN)["id"]
    api.post("/persona_groups", json={"name": "All", "persona_ids": [ann]})
    use = api.get(f"/personas/{ann}/use").json()
    assert ([group["name"] for group in use["groups"]], use["groups_elsewhere"], use["experiments"]) == (["All"], 0, [])
    refused = api.delete(f"/personas/{ann}")
    assert refused.status_code == 409
    assert "member of the groups 'All'" in refused.json()["detail"]
    assert api.delete(f"/personas/{ann}", params={"from_groups": True}).status_code == 204
    assert api.get(f"/personas/{ann}").status_code == 404
    assert api.get("/persona_groups/1").json()["members"] == []


def test_a_shared_persona_can_be_used_but_not_changed_elsewhere(api: httpx2.Client, server: Server) -> None:
    ann = made(api, ANN)["id"]
    with sibling(server) as other:
        assert other.get(f"/personas/{ann}").status_code == 404
        assert api.put(f"/personas/{ann}/sharing", json={"is_shared": True}).json()["is_shared"]
        seen = other.get(f"/personas/{ann}").json()
        assert (seen["is_read_only"], other.get(f"/personas/{ann}/versions").status_code) == (True, 200)
        for answer in (
            other.put(f"/personas/{ann}", json=ANN),
            other.delete(f"/personas/{ann}"),
            other.put(f"/personas/{ann}/sharing", json={"is_shared": False}),
            other.put(f"/personas/{ann}/archiving", json={"is_archived": True}),
            other.post(f"/personas/{ann}/restore", json={"version": 1}),
        ):
            assert answer.status_code == 403
        group = other.post("/persona_groups", json={"name": "All", "persona_ids": [ann]}).json()
        assert [member["name"] for member in group["members"]] == ["Ann"]
        assert api.get(f"/personas/{ann}/use").json()["groups_elsewhere"] == 1
        assert api.put(f"/personas/{ann}/sharing", json={"is_shared": False}).status_code == 409
        api.put(f"/personas/{ann}/sharing", json={"is_shared": False, "from_groups": True})
        assert other.get(f"/persona_groups/{group['id']}").json()["members"] == []
        assert other.get(f"/personas/{ann}").status_code == 404


def sibling(server: Server) -> httpx2.Client:
    """A client of another project of the organization: on loopback nobody needs a key."""
    with httpx2.Client(base_url=f"{server.url}/api/v0", trust_env=False) as everybody:
        body = {"name": "Sibling", "organization_id": 1}
        project = everybody.post("/projects", json=body).raise_for_status().json()["id"]
    return httpx2.Client(base_url=f"{server.url}/api/v0/projects/{project}", trust_env=False)
