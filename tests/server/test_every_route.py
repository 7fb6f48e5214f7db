"""What holds for every route, by walking them all: a new one is tested from its first day.

Where one of these tests fails with a new route, the message says what to add in `every_route.py` or `world.py`.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from personae.server.app import create_app
from personae.server.security import ROLES, includes
from personae.server.services import Services
from tests.server.every_route import IN_BODIES, IN_QUERIES, Route, routes
from tests.server.people import ANN, EVE, add_person, reachable, signed_in, visitor
from tests.server.running import Server
from tests.server.world import SECRET, world

OPEN = {
    "GET /api/v0/auth/oidc/callback",
    "GET /api/v0/auth/oidc/login",
    "GET /api/v0/invitations/{token}",
    "GET /docs",
    "GET /docs/start.js",
    "GET /healthz",
    "GET /invitations/{token}",
    "GET /metrics",  # has a token of its own
    "GET /openapi.json",
    "GET /readyz",
    "GET /sign-in",
    "GET /static/{version}/{path:path}",
    "POST /api/v0/auth/login",
    "POST /api/v0/invitations/{token}/accept",
    "POST /api/v0/version/compatible",
    "POST /invitations/{token}",
    "POST /preferences",  # sets cookies alone
    "POST /sign-in",
}
"""Routes that need no credentials."""
CHANGES_NOTHING = {
    "POST /criterion_sets/{criterion_set_id}/try": "asks the judge and keeps nothing",
    "POST /criterion_sets/{criterion_set_id}/try/cost": "says what a try would take",
    "POST /experiments/{experiment_id}/agent-results": "is not supported: 501",
    "POST /experiments/{experiment_id}/agent-results/preview": "is not supported: 501",
    "POST /experiments/preview": "says what would be run",
    "POST /experiments/{experiment_id}/gate": "says what came of it",
    "POST /generations/preview": "says what it would take",
    "POST /generations/write": "proposes what people edit",
    "POST /generations/{generation_id}/drafts/next": "holds a draft for a while",
    "POST /llm_configs/test": "asks the bot and keeps nothing",
    "POST /llm_configs/{llm_config_id}/test": "asks the bot and keeps nothing",
    "POST /llm_configs/{llm_config_id}/try": "asks the bot and keeps nothing",
    "POST /personas/{persona_id}/try": "asks the simulator and keeps nothing",
}
"""Routes that are called with a method of changing, and leave nothing in the audit log."""
NEEDS_A_MOMENT = {
    "POST /experiments/{experiment_id}/cancel": "of a running experiment",
    "POST /experiments/{experiment_id}/pause": "of a running experiment",
    "POST /experiments/{experiment_id}/resume": "of a paused experiment",
    "POST /experiments/{experiment_id}/retry-failed": "of a conversation that failed",
    "POST /experiments/{experiment_id}/run": "of a draft",
    "POST /generations/{generation_id}/cancel": "of a running generation",
    "POST /generations/{generation_id}/resume": "of a generation that is not complete",
}
"""Routes that do nothing in a world where nothing runs or failed; their own tests look at the audit log."""
A_MARK, B_MARK = "MARK-OF-A", "MARK-OF-B"
NOTHING: dict[str, Any] = {"task_id": "0" * 32}
"""What is used for ids of nothing, where it is no number."""


@dataclass(frozen=True)
class Place:
    """A server with two organizations, and a project in each with one of everything."""

    server: Server
    ann: httpx2.Client
    """The admin of the first organization."""
    eve: httpx2.Client
    """The admin of the other one."""
    a: dict[str, Any]
    b: dict[str, Any]
    routes: list[Route]

    def project(self, name: str) -> int:
        """A new project of the first organization."""
        answer = self.ann.post("/api/v0/projects", json={"name": name, "organization_id": 1})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def of_projects(self) -> list[Route]:
        return [route for route in self.routes if route.is_of_project]


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """SQLite alone: what is tested here is the same code for both databases."""
    path = tmp_path_factory.mktemp("place") / "personae.db"
    shutil.copy(sqlite_template, path)
    with reachable(f"sqlite:///{path}", allow_private_addresses=True) as server, _rooted(server, ANN) as ann:
        second = ann.post("/api/v0/organizations", json={"name": "Second"}).json()["id"]
        add_person(server, EVE, "admin", second)
        ann.delete(f"/api/v0/organizations/{second}/members/{ann.get('/api/v0/auth/me').json()['user']['id']}")
        with _rooted(server, EVE) as eve:
            project = eve.post("/api/v0/projects", json={"name": "B", "organization_id": second}).json()["id"]
            a, b = world(ann, 1, A_MARK), world(eve, project, B_MARK)
            yield Place(server, ann, eve, a, b, routes(_app(server.services)))


def test_a_route_of_a_project_declares_the_role_that_it_wants(place: Place) -> None:
    undeclared = [str(route) for route in place.of_projects() if route.wanted not in ROLES]
    assert not undeclared, f"take Viewer, Editor or Admin of personae.server.deps in {undeclared}"


def test_a_project_of_another_organization_is_404(place: Place) -> None:
    found = {str(route): route.send(place.ann, place.b).status_code for route in place.of_projects()}
    assert {route: status for route, status in found.items() if status != 404} == {}


def test_what_belongs_to_another_project_is_404(place: Place) -> None:
    """Or answers as if there were nothing by that id: tasks of the past are not told from tasks that never were."""
    wrong = {}
    for route in place.of_projects():
        for name in route.ids():
            assert name in place.b, f"{route}: make what {name!r} names in tests/server/world.py"
            others, nothing = (
                route.send(place.ann, place.a | {name: id_}) for id_ in (place.b[name], NOTHING.get(name, 2**40))
            )
            assert B_MARK not in others.text, f"{route} with the other's {name}"
            if others.status_code != 404 and others.text != nothing.text:
                wrong[f"{route} with the other's {name}"] = others.status_code
    assert wrong == {}, wrong


def test_a_body_cannot_refer_to_what_belongs_to_another_project(place: Place) -> None:
    found = {}
    for route in place.of_projects():
        for key in route.id_places():
            name = IN_BODIES[key]
            body = route.body(place.a | {name: place.b[name]})
            found[f"{route} with the other's {key}"] = route.send(place.ann, place.a, body)
    wrong = {what: answer.status_code for what, answer in found.items() if answer.status_code not in (400, 404, 409)}
    assert wrong == {}, "\n".join(f"{what}: {why}" for what, why in wrong.items())
    assert not any(B_MARK in answer.text for answer in found.values())


def test_a_filter_shows_nothing_of_another_project(place: Place) -> None:
    for route in place.of_projects():
        if route.is_changing:
            continue
        unknown = [name for name in route.query if name not in IN_QUERIES]
        assert not unknown, f"{route}: say in IN_QUERIES of tests/server/every_route.py what {unknown} refers to"
        path = route.path.format(**place.a)
        for name in route.query:
            needed = {other: place.a[IN_QUERIES[other]] for other in route.query if other in route.required}
            answer = place.ann.get(path, params=needed | {name: place.b[IN_QUERIES[name]]})
            assert answer.status_code < 500, f"{route} by {name}: {answer.text}"
            assert B_MARK not in answer.text, f"{route} by {name}"


def test_every_route_keeps_its_role(place: Place) -> None:
    empty = place.project("Roles")
    nowhere = {name: NOTHING.get(name, 2**40) for name in place.a} | {"project_id": empty}
    wrong = {}
    for role in ROLES:
        made = place.ann.post(f"/api/v0/projects/{empty}/api_keys", json={"name": role, "role": role}).json()
        with _client(place.server, **{"x-api-key": made["key"]}) as client:
            for route in place.of_projects():
                status = route.send(client, nowhere).status_code
                if (status == 403) == includes(role, route.wanted or ""):  # type: ignore[arg-type]  # a role, as tested
                    wrong[f"{route} as {role}"] = status
                assert status not in (401, 500), f"{route} as {role}: {status}"
    assert wrong == {}, "\n".join(f"{what}: {why}" for what, why in wrong.items())


def test_every_change_is_in_the_audit_log(place: Place) -> None:
    ids = world(place.ann, place.project("Changes"), "MARK-OF-C")
    log = f"/api/v0/projects/{ids['project_id']}/audit_log"
    problems = {}
    for route in place.of_projects():
        if not route.is_changing or str(route) in CHANGES_NOTHING:
            continue
        before = place.ann.get(log, params={"limit": 1}).json()["count"]
        answer = route.send(place.ann, ids)
        entries = place.ann.get(log, params={"limit": 1}).json()
        if str(route) in NEEDS_A_MOMENT:
            assert answer.status_code in (200, 202, 204, 409), f"{route}: {answer.text}"
        elif not answer.is_success:
            problems[str(route)] = f"could not be called: {answer.status_code} {answer.text[:200]}"
        elif entries["count"] == before:
            problems[str(route)] = "left no entry: call `change.log`, or say in CHANGES_NOTHING why not"
        elif entries["items"][0]["actor"] != ANN:
            problems[str(route)] = f"was logged for {entries['items'][0]['actor']!r}"
    assert problems == {}, "\n".join(f"{what}: {why}" for what, why in problems.items())


def test_without_credentials_every_route_is_401_but_those_that_are_open(place: Place) -> None:
    ids = place.a | {"organization_id": 1, "user_id": 1, "invitation_id": 1, "column_id": 1, "token": "unknown"}
    with _client(place.server) as client:
        found = {str(route): (route, route.send(client, ids).status_code) for route in place.routes}
    closed = {f"{route.method} {route.path}" for route, status in found.values() if status == 401}
    everything = {f"{route.method} {route.path}" for route in place.routes}
    assert everything - closed - OPEN == set(), "these answer whoever asks"
    assert everything & OPEN == OPEN, "these are listed as open and are not there"


def test_a_secret_never_comes_back(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    project = place.project("Secrets")
    ids = world(place.ann, project, "MARK-OF-D")
    path = f"/api/v0/projects/{project}/llm_configs"
    bot = {"url": "http://127.0.0.1:9/x", "headers": {"X-Token": SECRET}, "body": {"message": "{{message}}"}}
    config = {
        "name": "Ours",
        "inference_type": "custom_api",
        "api_key": SECRET,
        "custom_api_config": bot | {"reply_path": "text"},
    }
    shown = [
        place.ann.post(path, json=config),
        place.ann.post(f"{path}/test", json=config | {"name": "Not kept"}),
        place.ann.post(path, json=config),
        place.ann.post(path, json=config | {"inference_type": "nothing"}),
    ]
    shown.append(place.ann.post(f"{path}/{shown[0].json()['id']}/test"))
    for route in place.of_projects():
        if not route.is_changing:
            shown.append(route.send(place.ann, ids | {"llm_config_id": shown[0].json()["id"]}))
    with visitor(place.server) as client:
        shown.append(client.post("/auth/login", json={"email": ANN, "password": SECRET}))
        shown.append(client.get(f"/projects/{project}/personas", headers={"x-api-key": SECRET}))
    for answer in shown:
        assert SECRET not in answer.text, answer.request.url
        assert SECRET not in str(answer.headers), answer.request.url
    assert SECRET not in caplog.text
    assert not any(SECRET in str(vars(record)) for record in caplog.records)
    database = Path(place.server.services.database.url.database or "")
    for file in database.parent.glob(f"{database.name}*"):
        assert SECRET.encode() not in file.read_bytes(), file


def _app(services: Services) -> Any:
    """Another application, to be walked: the running one is in another thread."""
    return create_app(services)


def _rooted(server: Server, email: str) -> httpx2.Client:
    """Signed in, for whole paths."""
    with signed_in(server, email) as client:
        return _client(server, authorization=client.headers["authorization"])


def _client(server: Server, **headers: str) -> httpx2.Client:
    return httpx2.Client(base_url=server.url, headers=headers, timeout=60, trust_env=False)
