"""The persona library by REST."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

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
