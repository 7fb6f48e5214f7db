"""Sign-in with an OpenID Connect provider: the authorization code flow with state, nonce and PKCE. An extra.

    begin   the provider's address to go to, and what the browser keeps until it is back
    finish  from what the provider sent the browser back with, to who it is

The provider is the deployment's own choice, so its addresses are not guarded as those of users are.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from itsdangerous import BadData, URLSafeTimedSerializer

from personae.errors import ConfigurationError
from personae.server.failures import Unauthenticated
from personae.server.schemas.session import MOST_OF_AN_EMAIL
from personae.server.services import Services
from personae.server.settings import ServerSettings

CALLBACK = "/api/v0/auth/oidc/callback"
MOST_MINUTES = 10
"""From going to the provider to being back."""
_TIMEOUT_S = 15
_LEEWAY_S = 60
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_MOST_OF_A_SUBJECT = 300
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures that only the provider can make; never `none`, nor one with a shared key."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is."""

    subject: str
    """Unique and lasting: issuer and subject."""
    email: str
    """Verified by the provider; blank where it is not."""
    name: str


def check_settings(settings: ServerSettings) -> None:
    """Raises ConfigurationError where OIDC is half set up, or its extra is missing."""
    if not settings.oidc_issuer:
        return
    if not settings.oidc_client_id or not settings.oidc_client_secret:
        raise ConfigurationError(
            "PERSONAE_OIDC_ISSUER needs PERSONAE_OIDC_CLIENT_ID and PERSONAE_OIDC_CLIENT_SECRET beside it"
        )
    _authlib()


async def begin(services: Services, next_page: str) -> tuple[str, str]:
    """The address at the provider, and the signed text that the browser keeps."""
    lib, settings = _authlib(), services.settings
    async with lib.AsyncOAuth2Client(
        settings.oidc_client_id,
        scope="openid email profile",
        redirect_uri=settings.url + CALLBACK,
        code_challenge_method="S256",
        timeout=_TIMEOUT_S,
    ) as client:
        provider = await _provider(client, settings)
        kept = {"nonce": secrets.token_urlsafe(32), "verifier": secrets.token_urlsafe(48), "next": next_page}
        address, kept["state"] = client.create_authorization_url(
            provider["authorization_endpoint"], nonce=kept["nonce"], code_verifier=kept["verifier"]
        )
    return address, _signer(services).dumps(kept)


async def finish(services: Services, kept_text: str, answer: Mapping[str, str]) -> tuple[Identity, str]:
    """Who it is, and the page to go on to. Raises Unauthenticated for whatever does not fit."""
    try:
        kept: dict[str, str] = _signer(services).loads(kept_text, max_age=MOST_MINUTES * 60)
    except BadData:
        raise Unauthenticated("the sign-in was not begun in this browser, or took too long: begin again") from None
    if not secrets.compare_digest(answer.get("state", "").encode(), kept["state"].encode()):
        raise Unauthenticated("the answer belongs to another sign-in: begin again")
    if problem := answer.get("error"):
        raise Unauthenticated(f"the provider did not let you sign in: {answer.get('error_description') or problem}")
    return await _identity(services.settings, kept, answer.get("code", "")), kept["next"]


async def _identity(settings: ServerSettings, kept: Mapping[str, str], code: str) -> Identity:
    lib = _authlib()
    async with lib.AsyncOAuth2Client(
        settings.oidc_client_id,
        settings.oidc_client_secret,
        redirect_uri=settings.url + CALLBACK,
        timeout=_TIMEOUT_S,
    ) as client:
        provider = await _provider(client, settings)
        try:
            tokens = await client.fetch_token(
                provider["token_endpoint"], code=code, code_verifier=kept["verifier"], grant_type="authorization_code"
            )
            keys = await _json(client, provider["jwks_uri"])
            claims = _claims(lib, settings, provider, tokens, keys, kept["nonce"])
        except (lib.OAuthError, lib.JoseError, httpx2.HTTPError, ValueError, KeyError) as error:
            raise Unauthenticated(f"the provider's answer cannot be trusted ({_reason(error)}): begin again") from error
    subject, email = f"{claims['iss']} {claims['sub']}", str(claims.get("email") or "")
    if len(subject) > _MOST_OF_A_SUBJECT:
        raise Unauthenticated("the provider's name for you is too long")
    return Identity(
        subject=subject,
        email=email if claims.get("email_verified") is True and len(email) <= MOST_OF_AN_EMAIL else "",
        name=str(claims.get("name") or "")[:200],
    )


def _claims(
    lib: _Authlib,
    settings: ServerSettings,
    provider: Mapping[str, Any],
    tokens: Mapping[str, Any],
    keys: Mapping[str, Any],
    nonce: str,
) -> dict[str, Any]:
    """What the id token says, once its signature, issuer, audience, times and nonce are right."""
    token = lib.jwt.decode(tokens["id_token"], lib.KeySet.import_key_set(keys), algorithms=_ALGORITHMS)
    wanted = {
        "iss": {"essential": True, "value": provider["issuer"]},
        "aud": {"essential": True, "value": settings.oidc_client_id},
        "sub": {"essential": True},
    }
    params = {"nonce": nonce, "client_id": settings.oidc_client_id, "access_token": tokens.get("access_token")}
    claims = lib.CodeIDToken(token.claims, token.header, wanted, params)
    claims.validate(leeway=_LEEWAY_S)
    return dict(claims)


async def _provider(client: Any, settings: ServerSettings) -> dict[str, Any]:
    """What the provider says of itself. Raises ConfigurationError where it cannot be asked, or is another one."""
    address = f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        found = await _json(client, address)
        issuer = str(found["issuer"])
    except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"the OIDC provider cannot be asked at {address}: {_reason(error)}") from error
    if missing := [name for name in _ENDPOINTS if not isinstance(found.get(name), str)]:
        raise ConfigurationError(f"the OIDC provider does not say its {', '.join(missing)} at {address}")
    if issuer.rstrip("/") != settings.oidc_issuer.rstrip("/"):
        raise ConfigurationError(f"the OIDC provider calls itself {issuer!r}: set PERSONAE_OIDC_ISSUER to that")
    return found


async def _json(client: Any, address: str) -> dict[str, Any]:
    answer = await client.request("GET", address, withhold_token=True)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _signer(services: Services) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(services.cipher.signing_key, salt="oidc")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


@dataclass(frozen=True, slots=True)
class _Authlib:
    """The parts of the extra that we use."""

    AsyncOAuth2Client: Any
    CodeIDToken: Any
    KeySet: Any
    jwt: Any
    OAuthError: type[Exception]
    JoseError: type[Exception]


def _authlib() -> _Authlib:
    try:
        from authlib.integrations.base_client import OAuthError
        from authlib.integrations.httpx_client import AsyncOAuth2Client
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"sign-in by OIDC needs {error.name!r}, which is not installed: pip install 'personae[oidc]'"
        ) from error
    return _Authlib(AsyncOAuth2Client, CodeIDToken, KeySet, jwt, OAuthError, JoseError)
