"""Organizations, their members and invitations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.server.people import ANN, BOB, EVE, PASSWORD, add_person, reachable, signed_in, visitor
from tests.server.running import Server

MEMBERS = "/organizations/1/members"
INVITATIONS = "/organizations/1/invitations"


@pytest.fixture
def remote(database_url: str) -> Iterator[Server]:
    with reachable(database_url, public_url="https://personae.example.com") as server:
        yield server


@pytest.fixture
def ann(remote: Server) -> Iterator[httpx2.Client]:
    with signed_in(remote, ANN) as client:
        yield client


def invited(ann: httpx2.Client, **body: Any) -> dict[str, Any]:
    answer = ann.post(INVITATIONS, json={"role": "editor"} | body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_an_invitation_makes_an_account_and_a_member_once(remote: Server, ann: httpx2.Client) -> None:
    made = invited(ann, email=BOB)
    with visitor(remote) as bob:
        path = f"/invitations/{made['token']}"
        seen = bob.get(path).json()
        foreign = bob.post(f"{path}/accept", json={"email": EVE, "password": PASSWORD}).status_code
        short = bob.post(f"{path}/accept", json={"password": "short"}).status_code
        accepted = bob.post(f"{path}/accept", json={"name": "Bob", "password": PASSWORD})
        again = bob.post(f"{path}/accept", json={"name": "Bob", "password": PASSWORD}).status_code
    with visitor(remote, authorization=f"Bearer {accepted.json()['token']}") as bob:
        me = bob.get("/auth/me").json()
    listed = ann.get(INVITATIONS).json()
    assert made["link"] == f"https://personae.example.com/invitations/{made['token']}"
    assert (seen["organization_name"], seen["email"], seen["role"]) == ("Default organization", BOB, "editor")
    assert (foreign, short, accepted.status_code, again) == (403, 400, 200, 404)
    assert (me["user"]["name"], me["organizations"][0]["role"]) == ("Bob", "editor")
    assert (listed["count"], listed["items"][0]["status"]) == (1, "accepted")
    assert made["token"] not in str(listed)


def test_an_account_that_is_there_joins_with_its_password_or_its_session(remote: Server, ann: httpx2.Client) -> None:
    add_person(remote, BOB)
    add_person(remote, EVE)
    path = f"/invitations/{invited(ann, role='viewer')['token']}/accept"
    with visitor(remote) as bob:
        wrong = bob.post(path, json={"email": BOB, "password": "wrong"}).status_code
        right = bob.post(path, json={"email": BOB, "password": PASSWORD}).status_code
    with signed_in(remote, EVE) as eve:
        joined = eve.post(f"/invitations/{invited(ann, role='viewer')['token']}/accept", json={}).status_code
    roles = {one["email"]: one["role"] for one in ann.get(MEMBERS).json()["items"]}
    assert (wrong, right, joined) == (401, 200, 200)
    assert roles == {ANN: "admin", BOB: "viewer", EVE: "viewer"}


def test_a_member_never_loses_by_an_invitation(ann: httpx2.Client) -> None:
    ann.post(f"/invitations/{invited(ann, role='viewer')['token']}/accept", json={})
    assert [one["role"] for one in ann.get(MEMBERS).json()["items"]] == ["admin"]


def test_an_invitation_ends_by_time_and_by_being_taken_back(remote: Server, ann: httpx2.Client) -> None:
    late, revoked = invited(ann, expires_in_days=1), invited(ann)
    back = ann.delete(f"{INVITATIONS}/{revoked['id']}").status_code
    now = datetime.now(UTC)
    remote.services.now = lambda: now + timedelta(days=2)
    with visitor(remote) as client:
        answers = [client.get(f"/invitations/{one['token']}").status_code for one in (late, revoked)]
    statuses = [one["status"] for one in ann.get(INVITATIONS).json()["items"]]
    assert (back, answers, statuses) == (204, [404, 404], ["expired"])


def test_the_last_admin_can_neither_go_nor_be_demoted(remote: Server, ann: httpx2.Client) -> None:
    me = ann.get("/auth/me").json()["user"]["id"]
    bob = add_person(remote, BOB, "editor")
    alone = [ann.patch(f"{MEMBERS}/{me}", json={"role": "viewer"}), ann.delete(f"{MEMBERS}/{me}")]
    ann.patch(f"{MEMBERS}/{bob}", json={"role": "admin"})
    demoted = ann.patch(f"{MEMBERS}/{me}", json={"role": "viewer"})
    denied = ann.patch(f"{MEMBERS}/{me}", json={"role": "admin"})
    left = ann.delete(f"{MEMBERS}/{me}")
    assert [one.status_code for one in alone] == [409, 409]
    assert "last admin" in alone[0].json()["detail"]
    assert (demoted.status_code, denied.status_code, left.status_code) == (200, 403, 204)
    assert ann.get(MEMBERS).status_code == 404


def test_only_admins_change_members_and_strangers_see_nothing(remote: Server, ann: httpx2.Client) -> None:
    bob = add_person(remote, BOB, "editor")
    add_person(remote, EVE)
    with signed_in(remote, BOB) as editor, signed_in(remote, EVE) as stranger:
        for client, reading, changing in ((editor, 200, 403), (stranger, 404, 404)):
            assert client.get(MEMBERS).status_code == reading
            assert client.get("/organizations/1").status_code == reading
            assert client.patch(f"{MEMBERS}/{bob}", json={"role": "admin"}).status_code == changing
            assert client.post(INVITATIONS, json={"role": "admin"}).status_code == changing
            assert client.put("/organizations/1", json={"name": "x"}).status_code == changing
            assert client.post("/organizations", json={"name": "x"}).status_code == 403
        assert editor.delete(f"{MEMBERS}/1").status_code == 403
    assert ann.get(MEMBERS).json()["count"] == 2


def test_an_admin_makes_another_organization_that_is_apart(remote: Server, ann: httpx2.Client) -> None:
    add_person(remote, BOB, "admin")
    made = ann.post("/organizations", json={"name": "Second", "domain": "example.com"})
    taken = ann.post("/organizations", json={"name": "Second"}).status_code
    project = ann.post("/projects", json={"name": "Apart", "organization_id": made.json()["id"]})
    with signed_in(remote, BOB) as bob:
        hidden = bob.get(f"/projects/{project.json()['id']}").status_code
    assert (made.status_code, taken, project.status_code, hidden) == (201, 409, 201, 404)


def test_the_audit_log_names_who_did_what(remote: Server, ann: httpx2.Client) -> None:
    bob = add_person(remote, BOB, "editor")
    ann.patch(f"{MEMBERS}/{bob}", json={"role": "viewer"})
    with remote.client() as key:
        key.post("/personas", json={"name": "P", "description": "d"})
        of_project = key.get("/audit_log").json()
    log = ann.get("/organizations/1/audit_log").json()["items"]
    named = {(one["actor"].partition(" (pk_")[0], one["action"], one["noun"]) for one in log}
    chosen = ann.get("/organizations/1/audit_log", params={"noun": "member", "noun_id": bob}).json()
    assert {(ANN, "update", "member"), ("key first key", "create", "persona"), (ANN, "sign_in", "user")} <= named
    assert [one["noun"] for one in of_project["items"]] == ["persona"]
    assert [one["detail"]["role"] for one in chosen["items"]] == ["viewer"]
