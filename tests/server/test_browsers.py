"""What other sites' pages cannot do through a browser, the headers of answers, and the limit of bodies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.server.people import reachable, visitor
from tests.server.running import Server, running

PERSONA = {"name": "Ann", "description": "New here."}
PATH = "/projects/1/personas"


@dataclass(frozen=True)
class Case:
    headers: dict[str, str]
    status: int


CASES = [
    Case({}, 201),
    Case({"sec-fetch-site": "same-origin", "origin": "http://behind-a-proxy"}, 201),
    Case({"sec-fetch-site": "cross-site"}, 403),
    Case({"sec-fetch-site": "same-site"}, 403),
    Case({"origin": "https://evil.example.com"}, 403),
    Case({"origin": "null"}, 403),
    Case({"origin": "http://[::1"}, 403),
    Case({"origin": "{own}"}, 201),
    Case({"sec-fetch-site": "cross-site", "authorization": "Basic YTpi"}, 403),
    Case({"sec-fetch-site": "cross-site", "x-api-key": "{key}"}, 201),
]


def test_a_page_of_another_site_changes_nothing(server: Server) -> None:
    with visitor(server) as client:
        for number, case in enumerate(CASES):
            headers = {
                name: value.replace("{own}", server.url).replace("{key}", server.key)
                for name, value in case.headers.items()
            }
            answer = client.post(PATH, json=PERSONA | {"name": f"Ann {number}"}, headers=headers)
            assert answer.status_code == case.status, case
        count = client.get(PATH).json()["count"]
    assert count == sum(case.status == 201 for case in CASES)


def test_the_public_address_is_the_servers_own(database_url: str) -> None:
    with reachable(database_url, public_url="https://personae.example.com/") as server, visitor(server) as client:
        body = {"email": "x@example.com", "password": "wrong"}
        own, other = (
            client.post("/auth/login", json=body, headers={"origin": origin}).status_code
            for origin in ("https://personae.example.com", "https://example.com")
        )
    assert (own, other) == (401, 403)


@pytest.fixture
def small(database_url: str) -> Iterator[Server]:
    with running(database_url, max_body_mib=1) as server:
        yield server


def test_a_body_beyond_the_limit_is_413_and_says_the_limit(small: Server) -> None:
    body = b'{"name": "Ann", "description": "' + b"x" * 1_500_000 + b'"}'
    kind = {"content-type": "application/json"}
    with small.client() as api:
        answers = [
            api.post("/personas", content=body, headers=kind),
            api.post("/personas", content=(body[at : at + 65_536] for at in range(0, len(body), 65_536)), headers=kind),
            api.post("/personas/import", files={"file": ("people.json", body)}),
        ]
        fits = api.post("/personas", json=PERSONA | {"description": "x" * 100_000})
    assert {answer.status_code for answer in answers} == {413}
    assert answers[0].json()["detail"].startswith("the request is longer than 1 MiB")
    assert fits.status_code == 201


def test_answers_tell_browsers_to_trust_them_little(server: Server) -> None:
    with visitor(server) as client:
        data, failure = client.get(PATH), client.get("/projects/9")
        docs = client.get(f"{server.url}/docs")
    for answer in (data, failure, docs):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert data.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in docs.headers["content-security-policy"]
