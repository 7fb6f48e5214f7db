"""Cookies: the session, signed so that a made-up one is told without the database."""

from __future__ import annotations

from itsdangerous import BadSignature, Signer
from starlette.requests import Request
from starlette.responses import Response

from personae.server.services import Services

_DAY_S = 86_400
_OIDC, _OIDC_PATH = "personae_oidc", "/api/v0/auth/oidc"


def session(request: Request, services: Services) -> str:
    """The session's token; blank where there is none, or a wrong one."""
    try:
        return _signer(services).unsign(request.cookies.get(_name(services), "")).decode()
    except (BadSignature, UnicodeError):
        return ""


def set_session(response: Response, services: Services, token: str) -> None:
    """Let the browser keep the token, out of scripts' reach, and send it with no other site's requests."""
    response.set_cookie(
        _name(services),
        _signer(services).sign(token).decode(),
        max_age=services.settings.session_days * _DAY_S,
        secure=is_secure(services),
        httponly=True,
        samesite="lax",
    )


def clear_session(response: Response, services: Services) -> None:
    """Let the browser forget it."""
    response.delete_cookie(_name(services), secure=is_secure(services), httponly=True, samesite="lax")


def oidc(request: Request) -> str:
    """What the browser kept while it was at the OIDC provider."""
    return request.cookies.get(_OIDC, "")


def set_oidc(response: Response, services: Services, kept: str) -> None:
    """Let the browser keep it, for the way to the provider and back. It is signed by whoever made it."""
    response.set_cookie(
        _OIDC, kept, max_age=600, path=_OIDC_PATH, secure=is_secure(services), httponly=True, samesite="lax"
    )


def clear_oidc(response: Response, services: Services) -> None:
    """Let the browser forget it: a sign-in is finished once."""
    response.delete_cookie(_OIDC, path=_OIDC_PATH, secure=is_secure(services), httponly=True, samesite="lax")


def is_secure(services: Services) -> bool:
    """Whether people reach the server by https, so that cookies may be bound to it."""
    return services.settings.public_url.lower().startswith("https:")


def _name(services: Services) -> str:
    return "__Host-personae" if is_secure(services) else "personae"  # the prefix: no subdomain can set it


def _signer(services: Services) -> Signer:
    return Signer(services.cipher.signing_key, salt="session")
