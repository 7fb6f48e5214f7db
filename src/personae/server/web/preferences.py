"""Choosing language, light or dark, and keys."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse

from personae.server import cookies
from personae.server.browsers import is_own_path
from personae.server.deps import ServicesDep
from personae.server.web._preferences import CHOICES

router = APIRouter()

_YEAR_S = 365 * 86_400


@router.post("/preferences")
async def choose(request: Request, services: ServicesDep) -> RedirectResponse:
    """Keep what the form says, and go back to where one was."""
    form = await request.form()
    back = str(form.get("next", "/"))
    response = RedirectResponse(back if is_own_path(back) else "/", 303)
    for name, choices in CHOICES.items():
        if (value := form.get(name)) in choices:
            secure = cookies.is_secure(services)
            response.set_cookie(name, str(value), max_age=_YEAR_S, secure=secure, httponly=True, samesite="lax")
    return response
