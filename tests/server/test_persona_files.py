"""Persona libraries as files, in and out of the server."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

PEOPLE: list[dict[str, Any]] = [
    {"name": "Ann", "description": 'New;\nasks "why", {{topic}}.', "traits": ["terse"], "attributes": {"age": 71}},
    {"name": "Ben", "description": "Knows it. \u2028 🙂", "domain_knowledge": "The shop.", "goal": "Get {{thing}}."},
]


def lines(people: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(one) + "\n" for one in people)


def sent(api: httpx2.Client, text: str, name: str = "people.jsonl", **parameters: str) -> httpx2.Response:
    return api.post("/personas/import", files={"file": (name, text.encode())}, params=parameters)


def outcomes(answer: httpx2.Response) -> list[tuple[str, int, str]]:
    assert answer.status_code == 200, answer.text
    return [(one["name"], one["version"], one["outcome"]) for one in answer.json()["items"]]


@pytest.mark.parametrize("format_", ["jsonl", "json", "yaml", "csv"])
def test_an_exported_library_changes_nothing_when_it_is_taken_in_again(api: httpx2.Client, format_: str) -> None:
    sent(api, lines(PEOPLE))
    file = api.get("/personas/export", params={"format": format_})
    assert file.headers["Content-Disposition"] == f'attachment; filename="personas.{format_}"'
    again = sent(api, file.text, f"personas.{format_}")
    assert outcomes(again) == [("Ann", 1, "unchanged"), ("Ben", 1, "unchanged")]
    for persona in api.get("/personas").json()["items"]:
        api.delete(f"/personas/{persona['id']}")
    assert outcomes(sent(api, file.text, "nameless", format=format_)) == [("Ann", 1, "created"), ("Ben", 1, "created")]
    assert api.get("/personas/export", params={"format": format_}).text == file.text


def test_a_file_makes_new_personas_and_new_versions(api: httpx2.Client) -> None:
    sent(api, lines(PEOPLE))
    edited = [PEOPLE[0] | {"traits": ["kind"]}, {"name": "Cem", "profile": "A cook."}, PEOPLE[1]]
    answer = sent(api, lines(edited))
    assert outcomes(answer) == [("Ann", 2, "version"), ("Cem", 1, "created"), ("Ben", 1, "unchanged")]
    assert [answer.json()[count] for count in ("created", "versions", "unchanged")] == [1, 1, 1]
    ann = answer.json()["items"][0]["persona_id"]
    persona = api.get(f"/personas/{ann}").json()
    assert (persona["version"], persona["traits"]) == (2, ["kind"])
    assert api.get(f"/personas/{ann}/versions").json()["items"][0]["note"] == "imported"


def test_a_file_is_taken_whole_or_not_at_all(api: httpx2.Client) -> None:
    answer = sent(api, lines([PEOPLE[0], {"name": "x" * 201, "description": "y"}, {"name": "Cem", "age": 4}]))
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("people.jsonl:2: name: String should have at most 200 characters\n")
    assert [(error["line"], error["field"]) for error in answer.json()["errors"]] == [
        (2, "name"),
        (3, "age"),
        (3, "description"),
    ]
    assert api.get("/personas").json()["count"] == 0


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("people.txt", "x", "people.txt: holds criteria, not personas"),
        ("people", "x", "people: cannot tell what kind of file this is"),
        ("people.jsonl", "", "people.jsonl: is empty: it holds no personas"),
        ("people.yaml", "- name: [", "people.yaml:1: is not YAML"),
        ("../../people.csv", "name\nAnn\n", "people.csv:2: description: is missing"),
    ],
)
def test_what_is_no_library_is_said_to_be_none(api: httpx2.Client, name: str, text: str, said: str) -> None:
    answer = sent(api, text, name)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(said)
    assert "/tmp" not in answer.text


def test_an_export_holds_what_was_asked_for(api: httpx2.Client) -> None:
    assert api.get("/personas/export").text == ""
    assert api.get("/personas/export", params={"format": "json"}).json() == []
    ids = [one["persona_id"] for one in sent(api, lines(PEOPLE)).json()["items"]]
    group = api.post("/persona_groups", json={"name": "Some", "persona_ids": ids[1:]}).json()["id"]
    for parameters in ({"search": "knows"}, {"group_id": group}):
        found = api.get("/personas/export", params=parameters).text
        assert [json.loads(line)["name"] for line in found.split("\n") if line] == ["Ben"]
