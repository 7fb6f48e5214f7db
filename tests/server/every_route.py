"""Every route of the application, and how to call it: found by walking, so that a new one cannot be forgotten.

Bodies are the examples of the OpenAPI document, with the ids of things that are there. What cannot be found out by
itself stands in the tables below; a route that they do not know fails the tests with a message that says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlencode

import httpx2
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

IN_BODIES = {
    "baseline_id": "experiment_id",
    "collection_id": "collection_id",
    "criterion_id": "criterion_id",
    "criterion_set_id": "criterion_set_id",
    "experiment_id": "experiment_id",
    "generation_id": "generation_id",
    "llm_config_id": "llm_config_id",
    "persona_group_id": "group_id",
    "persona_ids": "persona_id",
    "prompt_response_id": "response_id",
    "prompt_template_id": "template_id",
    "prompt_response_ids": "response_id",
    "response_ids": "response_id",
    "template_variables_id": "entry_id",
}
"""What a key of a body refers to, in the words of the paths."""
IN_QUERIES = IN_BODIES | {
    "checked_by_id": "experiment_id",
    "compatible_collection_id": "collection_id",
    "compatible_prompt_template_id": "template_id",
    "criterion_ids": "criterion_id",
    "experiment_a_id": "experiment_id",
    "experiment_b_id": "experiment_id",
    "group_id": "group_id",
    "persona_id": "persona_id",
    "prompt_id": "template_id",
}
"""The same of query parameters."""
_RESULT = {
    "key": "0" * 16,
    "persona": {"name": "Ann", "profile": "Terse."},
    "scenario": {"goal": "Cancel order 7."},
    "epoch": 1,
    "transcript": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}],
    "turns": 1,
    "termination": "goal_met",
}
FILES = {
    "/collections/{collection_id}/entries/batches": ("rows.jsonl", '{"topic": "a file"}\n'),
    "/collections/{collection_id}/import": ("rows.jsonl", '{"topic": "another file"}\n'),
    "/criterion_sets/{criterion_set_id}/import": ("criteria.jsonl", '{"question": "Is it polite, in a file?"}\n'),
    "/experiments/import": ("results.jsonl", json.dumps(_RESULT) + "\n"),
    "/personas/import": ("people.jsonl", '{"name": "From a file", "description": "d"}\n'),
    "/scenario-sets/{scenario_set_id}/import": (
        "scenarios.jsonl",
        '{"goal": "Come from a file.", "expected_conversation_outcome": "It is there."}\n',
    ),
}
"""What is uploaded, by the path under the project."""
BODIES: dict[str, Any] = {
    "POST /experiments": {
        "name": "Again",
        "collection_id": 1,
        "criterion_set_id": 1,
        "llm_config_id": 1,
        "prompt_template_id": 1,
    },
    "POST /personas/{persona_id}/restore": {"version": 1},
    "POST /scenario-sets/{scenario_set_id}/scenarios/batch": {
        "scenarios": [{"goal": "Cancel.", "expected_conversation_outcome": "It is cancelled.", "field_values": {}}]
    },
    "PUT /collections/{collection_id}/entries/{entry_id}": {"input_values": {"topic": "refunds"}},
    "PUT /settings": {"max_turns": 12, "budget_usd": 5.0},
    "PUT /llm_configs/{llm_config_id}": {"name": "Ours", "provider": "mock", "mock": {"replies": ["Yes."]}},
}
"""Bodies where the example is of another world than that of `world.py`; the ids are put in."""
QUERIES = {"DELETE /personas/{persona_id}": {"from_groups": "true"}}
"""Query parameters without which the call is refused there."""
_LAST = ("criterion_sets", "experiments", "persona_groups")
"""Nouns that take others with them, or hold them, when they are deleted."""
NOT_AN_ID = {"project_id", "version"}
PROJECT = "/api/v0/projects/{project_id}"
_NUMBERS = count(1)

Ids = Mapping[str, Any]


@dataclass(frozen=True)
class Route:
    """One method of one path."""

    method: str
    path: str
    wanted: str | None
    """The role that it declares."""
    parameters: tuple[str, ...]
    query: tuple[str, ...]
    """The query parameters that hold ids."""
    required: tuple[str, ...]
    """The query parameters that must be there."""
    example: Any
    """Of its JSON body; None where it takes none."""
    takes_a_file: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path.removeprefix(PROJECT)}"

    @property
    def is_changing(self) -> bool:
        return self.method != "GET"

    @property
    def is_of_project(self) -> bool:
        return self.path.startswith(PROJECT)

    def ids(self) -> list[str]:
        """The parameters that name something of a project."""
        return [name for name in self.parameters if name not in NOT_AN_ID]

    def send(self, client: httpx2.Client, ids: Ids, body: Any = None) -> httpx2.Response:
        """Call it, with its example or another body."""
        missing = [name for name in self.parameters if name not in ids]
        assert not missing, f"{self}: make what {missing} names in tests/server/world.py"
        url = self.path.replace(":path}", "}").format(**{"path": "a-file"} | dict(ids))
        query = {name: ids[IN_QUERIES[name]] if name in IN_QUERIES else 1 for name in self.required}
        url += "?" + urlencode(query | QUERIES.get(str(self), {}))
        if self.takes_a_file:
            under = self.path.removeprefix(PROJECT)
            assert under in FILES, f"{self} takes a file: add one to FILES in tests/server/every_route.py"
            name, text = FILES[under]
            return _answer(client, self.method, url, files={"file": (name, text.encode())})
        given = self.body(ids) if body is None else body
        return _answer(client, self.method, url, **({} if given is None else {"json": given}))

    def body(self, ids: Ids) -> Any:
        """The example, about what is there, under a name that nothing else has."""
        filled = _filled(BODIES.get(str(self), self.example), ids, str(self))
        if isinstance(filled, dict) and isinstance(filled.get("name"), str) and self.method == "POST":
            filled["name"] += f"_{next(_NUMBERS)}"
        return filled

    def id_places(self) -> list[str]:
        """The keys of the body that refer to something."""
        return sorted(set(_keys(BODIES.get(str(self), self.example))) & set(IN_BODIES))


def routes(app: FastAPI) -> list[Route]:
    """All of them, in the order in which they can be called one after the other: what deletes comes last, from the
    leaves to the root.
    """
    document = app.openapi()
    found = []
    for context in iter_route_contexts(app.routes):
        for method in sorted((context.methods or set()) - {"HEAD"}):
            operation = document["paths"].get(context.path, {}).get(method.lower(), {})
            content = operation.get("requestBody", {}).get("content", {})
            parameters = operation.get("parameters", [])
            found.append(
                Route(
                    method,
                    context.path or "",
                    _wanted(getattr(context, "dependant", None)),
                    tuple(one["name"] for one in parameters if one["in"] == "path"),
                    tuple(one["name"] for one in parameters if one["in"] == "query" and _is_id(one["name"])),
                    tuple(one["name"] for one in parameters if one["in"] == "query" and one.get("required")),
                    _example(document, content.get("application/json")),
                    "multipart/form-data" in content,
                )
            )
    return sorted(found, key=_turn)


def _turn(route: Route) -> tuple[int, bool]:
    if route.method != "DELETE":
        return -1000, False
    return -route.path.count("/"), any(f"/{noun}/" in route.path for noun in _LAST)


def _answer(client: httpx2.Client, method: str, url: str, **content: Any) -> httpx2.Response:
    """The whole answer; of a stream of events, which may have no end, the beginning."""
    with client.stream(method, url, **content) as answer:
        is_stream = answer.headers.get("content-type", "").startswith("text/event-stream")
        body = next(answer.iter_bytes(), b"") if is_stream else answer.read()
        return httpx2.Response(answer.status_code, headers=_plain(answer.headers), content=body, request=answer.request)


def _plain(headers: httpx2.Headers) -> dict[str, str]:
    """Without what speaks of the body's form on the way, which is gone."""
    return {name: value for name, value in headers.items() if name not in ("content-encoding", "content-length")}


def _wanted(dependant: Any) -> str | None:
    for one in dependant.dependencies if dependant is not None else []:
        found: str | None = getattr(one.call, "wanted", None) or _wanted(one)
        if found:
            return found
    return None


def _example(document: dict[str, Any], content: dict[str, Any] | None) -> Any:
    if content is None:
        return None
    schema = content["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return content.get("example", schema.get("example", {}))


def _is_id(name: str) -> bool:
    return name.endswith(("_id", "_ids")) and name != "noun_id"


def _is_number(value: Any) -> bool:
    return all(type(one) is int for one in (value if isinstance(value, list) else [value]))


def _filled(value: Any, ids: Ids, where: str) -> Any:
    if isinstance(value, list):
        return [_filled(one, ids, where) for one in value]
    if not isinstance(value, dict):
        return value
    filled = {}
    for key, one in value.items():
        if key == "organization_id" or not _is_id(key) or not _is_number(one):
            filled[key] = _filled(one, ids, where)
            continue
        assert key in IN_BODIES, f"{where}: say in IN_BODIES of tests/server/every_route.py what {key!r} refers to"
        filled[key] = [ids[IN_BODIES[key]]] if isinstance(one, list) else ids[IN_BODIES[key]]
    return filled


def _keys(value: Any) -> Iterator[str]:
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(one)
    if isinstance(value, dict):
        yield from value
