"""Sign-in with an OpenID Connect provider."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc.jwk import OctKey, RSAKey

from personae.errors import ConfigurationError
from personae.server import oidc
from personae.server.settings import ServerSettings
from tests.server.oidc_provider import CLIENT, SECRET, Provider, by, provider, unsigned
from tests.server.people import ANN, BOB, EVE, PASSWORD, reachable, signed_in, visitor
from tests.server.running import Server

LOGIN = "/auth/oidc/login"


@pytest.fixture
def idp() -> Iterator[Provider]:
    with provider() as made:
        made.claims = {"email": ANN, "email_verified": True, "name": "Ann"}
        yield made


@pytest.fixture
def remote(database_url: str, idp: Provider) -> Iterator[Server]:
    settings = {"oidc_issuer": idp.url, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    with reachable(database_url, **settings) as server:
        yield server


@pytest.fixture
def visit(remote: Server) -> Iterator[httpx2.Client]:
    with visitor(remote) as client:
        yield client


def back(visit: httpx2.Client, **query: str) -> str:
    """Go to the provider; the path on which it sends the browser back."""
    there = visit.get(LOGIN, params=query)
    assert there.status_code == 302, there.text
    with httpx2.Client(trust_env=False) as client:
        return client.get(there.headers["location"]).headers["location"].partition("/api/v0")[2]


def test_whom_the_provider_vouches_for_is_signed_in_and_goes_on(visit: httpx2.Client) -> None:
    done = visit.get(back(visit, next="/projects/1"))
    me = visit.get("/auth/me").json()
    assert (done.status_code, done.headers["location"]) == (302, "/projects/1")
    assert (me["actor"], me["organizations"][0]["role"]) == (ANN, "admin")


def test_the_request_has_state_nonce_and_pkce(visit: httpx2.Client) -> None:
    asked = parse_qs(urlsplit(visit.get(LOGIN).headers["location"]).query)
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]


def test_an_account_becomes_the_providers_and_its_password_ends(remote: Server, visit: httpx2.Client) -> None:
    with signed_in(remote, ANN) as before:
        visit.get(back(visit))
        old = before.get("/auth/me").status_code
    by_password = visit.post("/auth/login", json={"email": ANN, "password": PASSWORD}).status_code
    assert (old, by_password) == (401, 401)


def test_only_the_invited_get_in(remote: Server, visit: httpx2.Client, idp: Provider) -> None:
    idp.claims = {"sub": "7", "email": BOB, "email_verified": True, "name": "Bob"}
    uninvited = visit.get(back(visit)).status_code
    with signed_in(remote, ANN) as ann:
        ann.post("/organizations/1/invitations", json={"email": BOB, "role": "editor"})
    invited = visit.get(back(visit)).status_code
    me = visit.get("/auth/me").json()
    assert (uninvited, invited) == (403, 302)
    assert (me["user"]["name"], me["organizations"][0]["role"]) == ("Bob", "editor")


def test_the_person_stays_the_same_when_the_address_changes(visit: httpx2.Client, idp: Provider) -> None:
    visit.get(back(visit))
    idp.claims = {"email": EVE, "email_verified": True}
    visit.get(back(visit))
    assert visit.get("/auth/me").json()["actor"] == ANN


@pytest.mark.parametrize("page", ["https://evil.example.com", "//evil.example.com", "/\\evil.example.com", ""])
def test_a_sign_in_goes_on_to_no_other_site(visit: httpx2.Client, page: str) -> None:
    assert visit.get(back(visit, next=page)).headers["location"] == "/"


def test_what_the_provider_did_not_say_to_this_browser_is_refused(visit: httpx2.Client, idp: Provider) -> None:
    now = int(time.time())
    lies: list[dict[str, Any]] = [
        {"iss": "https://evil.example.com"},
        {"aud": "another client"},
        {"nonce": "another"},
        {"exp": now - 3600},
        {"azp": "another client"},
        {"sub": None},
    ]
    for lie in lies:
        honest, idp.claims = idp.claims, idp.claims | lie
        assert visit.get(back(visit)).status_code == 401, lie
        idp.claims = honest
    unverified, idp.claims = idp.claims, {"email": ANN, "email_verified": False}
    assert visit.get(back(visit)).status_code == 403
    idp.claims = unverified
    path = back(visit)
    assert visit.get(path.replace("state=", "state=x")).status_code == 401
    assert visit.get(path.replace("code=", "code=x")).status_code == 401
    visit.cookies.clear()
    assert visit.get(path).status_code == 401
    assert visit.get("/auth/me").status_code == 401


def test_a_token_that_anybody_could_have_signed_is_refused(visit: httpx2.Client, idp: Provider) -> None:
    for sign in (by(RSAKey.generate_key(2048)), by(OctKey.import_key(SECRET), "HS256"), unsigned):
        idp.sign = sign
        assert visit.get(back(visit)).status_code == 401


def test_without_a_provider_there_is_no_such_sign_in(server: Server) -> None:
    with visitor(server) as client:
        assert client.get(LOGIN).status_code == 404


def test_half_of_the_settings_or_a_missing_extra_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    half = ServerSettings(oidc_issuer="https://id.example.com", oidc_client_id="x")
    with pytest.raises(ConfigurationError, match="PERSONAE_OIDC_CLIENT_SECRET"):
        oidc.check_settings(half)
    for name in [name for name in sys.modules if name.partition(".")[0] == "authlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "authlib", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'personae\[oidc\]'"):
        oidc.check_settings(half.with_(oidc_client_secret="x"))
