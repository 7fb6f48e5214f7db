"""Sign-in by password, and the session that follows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from personae.server.attempts import PER_EMAIL, network
from tests.server.people import ANN, PASSWORD, add_person, reachable, signed_in, visitor
from tests.server.running import Server, running

LOGIN = {"email": ANN, "password": PASSWORD}


@pytest.fixture
def remote(database_url: str) -> Iterator[Server]:
    with reachable(database_url) as server:
        yield server


def test_a_person_signs_in_by_password_and_sees_who_they_are(remote: Server) -> None:
    with signed_in(remote, f" {ANN.upper()} ") as ann:
        me = ann.get("/auth/me").json()
    assert (me["kind"], me["actor"], me["user"]["email"]) == ("person", ANN, ANN)
    assert me["organizations"] == [{"id": 1, "name": "Default organization", "role": "admin"}]
    assert [(one["id"], one["role"]) for one in me["projects"]] == [(1, "admin")]


def test_the_cookie_is_out_of_reach_of_scripts_and_good_until_sign_out(remote: Server) -> None:
    with visitor(remote) as browser:
        cookie = browser.post("/auth/login", json=LOGIN).headers["set-cookie"]
        kept = dict(browser.cookies)
        before = browser.get("/auth/me").status_code
        out = browser.post("/auth/logout")
        browser.cookies.update(kept)
        after = browser.get("/auth/me").status_code
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert (before, out.status_code, after) == (200, 204, 401)


def test_behind_https_the_cookie_is_bound_to_it(database_url: str) -> None:
    with reachable(database_url, public_url="https://personae.example.com") as server, visitor(server) as browser:
        cookie = browser.post("/auth/login", json=LOGIN).headers["set-cookie"]
    assert cookie.startswith("__Host-personae=")
    assert "Secure" in cookie


def test_wrong_credentials_are_401_and_say_the_same_of_every_account(remote: Server) -> None:
    with visitor(remote) as client:
        answers = [
            client.post("/auth/login", json=LOGIN | {"password": "wrong"}),
            client.post("/auth/login", json=LOGIN | {"email": "nobody@example.com"}),
            client.post("/auth/login", json={"email": "nobody\0", "password": "\0"}),
        ]
        problems = {(one.status_code, one.json()["detail"]) for one in answers}
        none = client.get("/auth/me")
        forged = client.get("/auth/me", headers={"cookie": "personae=ps_made-up.signature"})
        unknown = client.get("/auth/me", headers={"authorization": "Bearer ps_unknown"})
    assert problems == {(401, "the e-mail address or the password is wrong")}
    assert [one.status_code for one in (none, forged, unknown)] == [401, 401, 401]


def test_too_many_failures_are_429_until_some_minutes_later(remote: Server) -> None:
    now = datetime.now(UTC)
    remote.services.now = lambda: now
    with visitor(remote) as client:
        failed = [client.post("/auth/login", json=LOGIN | {"password": "x"}).status_code for _ in range(PER_EMAIL)]
        blocked = client.post("/auth/login", json=LOGIN)
        now += timedelta(seconds=int(blocked.headers["retry-after"]))
        later = client.post("/auth/login", json=LOGIN)
    assert set(failed) == {401}
    assert blocked.status_code == 429
    assert later.status_code == 200


def test_a_session_ends_after_its_days(remote: Server) -> None:
    now = datetime.now(UTC)
    with signed_in(remote, ANN) as ann:
        remote.services.now = lambda: now + timedelta(days=13)
        before = ann.get("/auth/me").status_code
        remote.services.now = lambda: now + timedelta(days=15)
        after = ann.get("/auth/me").status_code
    assert (before, after) == (200, 401)


def test_a_new_password_ends_all_sessions_but_the_new_one(remote: Server) -> None:
    body = {"current_password": PASSWORD, "new_password": "another sentence"}
    with signed_in(remote, ANN) as ann, signed_in(remote, ANN) as other:
        wrong = ann.post("/auth/password", json=body | {"current_password": "x"}).status_code
        short = ann.post("/auth/password", json=body | {"new_password": "short"}).status_code
        changed = ann.post("/auth/password", json=body)
        old = [client.get("/auth/me").status_code for client in (ann, other)]
    with visitor(remote, authorization=f"Bearer {changed.json()['token']}") as renewed:
        new = renewed.get("/auth/me").status_code
    with signed_in(remote, ANN, "another sentence"), visitor(remote) as client:
        past = client.post("/auth/login", json=LOGIN).status_code
    assert (wrong, short, changed.status_code, old, new, past) == (401, 422, 200, [401, 401], 200, 401)


def test_a_server_on_loopback_needs_no_sign_in_but_refuses_wrong_credentials(database_url: str) -> None:
    with running(database_url) as server, visitor(server) as client:
        add_person(server, ANN, "viewer")
        me = client.get("/auth/me").json()
        wrong = [
            client.get("/auth/me", headers=headers).status_code
            for headers in ({"x-api-key": "pk_wrong"}, {"authorization": "Bearer ps_wrong"})
        ]
        rebound = client.get("/auth/me", headers={"host": "evil.example.com"}).status_code
        client.post("/auth/login", json=LOGIN)
        viewer = client.get("/auth/me").json()
    assert (me["kind"], [one["role"] for one in me["organizations"]]) == ("local", ["admin"])
    assert wrong == [401, 401]
    assert rebound == 401
    assert (viewer["kind"], viewer["projects"][0]["role"]) == ("person", "viewer")


def test_behind_a_public_address_loopback_needs_a_sign_in(database_url: str) -> None:
    for url in ("https://personae.example.com", "personae.example.com"):
        with running(database_url, public_url=url) as server, visitor(server) as client:
            assert client.get("/auth/me").status_code == 401, url


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::"),
    ],
)
def test_attempts_are_counted_by_what_one_attacker_can_hardly_change(address: str, counted_as: str) -> None:
    assert network(address) == counted_as
