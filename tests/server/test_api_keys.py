"""API keys by REST."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.server.people import ANN, BOB, add_person, reachable, signed_in
from tests.server.running import Server

KEYS = "/projects/1/api_keys"


@pytest.fixture
def remote(database_url: str) -> Iterator[Server]:
    with reachable(database_url) as server:
        yield server


def made(client: httpx2.Client, path: str = KEYS, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json={"name": "ci", "role": "editor"} | body)
    assert answer.status_code == 201, answer.text
    key: dict[str, Any] = answer.json()
    return key


def test_a_key_is_shown_once_and_works_until_it_is_revoked(remote: Server) -> None:
    with signed_in(remote, ANN) as ann:
        new = made(ann)
        with remote.client(new["key"]) as ci:
            works = ci.get("/personas").status_code
            admin_only = ci.get("/api_keys").status_code
        listed = ann.get(KEYS).json()
        revoked = ann.delete(f"{KEYS}/{new['id']}").status_code
        with remote.client(new["key"]) as ci:
            after = ci.get("/personas").status_code
        shown = ann.get(f"{KEYS}/{new['id']}").json()
    mine = listed["items"][0]
    assert (works, admin_only, revoked, after) == (200, 403, 204, 401)
    assert new["key"] not in str(listed)
    assert new["key"].startswith(mine["prefix"])
    assert (mine["created_by"], mine["role"], listed["count"]) == (ANN, "editor", 2)
    assert mine["last_used_at"] is not None
    assert shown["revoked_at"] is not None


def test_a_key_never_gives_more_than_its_maker_has(remote: Server) -> None:
    bob = add_person(remote, BOB, "admin")
    with signed_in(remote, BOB) as client:
        own = made(client, role="admin")["key"]
    with remote.client(own) as api:
        child = made(api, "/api_keys", role="admin")["key"]
    codes = []
    with signed_in(remote, ANN) as ann:
        for role in ("viewer", None):
            path = f"/organizations/1/members/{bob}"
            ann.patch(path, json={"role": role}) if role else ann.delete(path)
            for key in (own, child):
                with remote.client(key) as api:
                    codes.append((api.get("/personas").status_code, api.get("/api_keys").status_code))
    assert codes == [(200, 403), (200, 403), (401, 401), (401, 401)]


@pytest.mark.parametrize("body", [{"name": ""}, {"name": "x", "role": "owner"}, {"name": "x" * 201, "role": "viewer"}])
def test_a_key_needs_a_name_and_a_role(server: Server, body: dict[str, Any]) -> None:
    with server.client() as api:
        assert api.post("/api_keys", json=body).status_code == 422
