"""Toasts: what was just done, with a way back. They survive one redirect in a signed cookie."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from personae.server import cookies
from personae.server.services import Services

_COOKIE = "personae_toast"
_MOST = 3_500
"""Characters that a browser surely keeps in one cookie."""


@dataclass(frozen=True, slots=True)
class Toast:
    """A sentence, and a form that undoes what it tells."""

    text: str
    undo: str = ""
    """Address to post to. Blank: it cannot be undone."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What is posted."""
    tone: str = ""
    """`bad` for what failed."""


def keep(response: Response, services: Services, toast: Toast) -> None:
    """Show it on the next page."""
    value = _serializer(services).dumps(asdict(toast))
    if len(value) > _MOST:  # what undoes it does not fit: it is told without
        value = _serializer(services).dumps({"text": toast.text[:500]})
    response.set_cookie(
        _COOKIE, str(value), max_age=60, secure=cookies.is_secure(services), httponly=True, samesite="lax"
    )


def kept(request: Request, services: Services) -> Toast | None:
    """The one that the last answer left."""
    if not (value := request.cookies.get(_COOKIE)):
        return None
    try:
        return Toast(**_serializer(services).loads(value))
    except (BadSignature, TypeError):
        return None


def forget(response: Response, services: Services) -> None:
    """It was shown."""
    response.delete_cookie(_COOKIE, secure=cookies.is_secure(services), httponly=True, samesite="lax")


def _serializer(services: Services) -> URLSafeSerializer:
    return URLSafeSerializer(services.cipher.signing_key, salt="toast", serializer=json)
