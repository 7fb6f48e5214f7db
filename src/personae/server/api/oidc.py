"""Signing in with the deployment's OpenID Connect provider."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse

from personae.errors import NotFound
from personae.server import cookies, oidc
from personae.server.browsers import is_own_path
from personae.server.deps import ServicesDep
from personae.server.joining import with_identity
from personae.server.openapi import problems
from personae.server.services import Services

router = APIRouter(prefix="/auth/oidc", tags=["sign-in"])

HOME = "/"
"""Where one is after signing in, if no page was asked for."""


@router.get("/login", status_code=302, response_class=RedirectResponse, responses=problems(502))
async def oidc_login(
    services: ServicesDep,
    next_page: Annotated[str, Query(alias="next", description="A path of this server to go on to.")] = HOME,
) -> RedirectResponse:
    """Go to the provider. 404 where this server has none."""
    _check_set_up(services)
    address, kept = await oidc.begin(services, next_page if is_own_path(next_page) else HOME)
    response = RedirectResponse(address, 302)
    cookies.set_oidc(response, services, kept)
    return response


@router.get("/callback", status_code=302, response_class=RedirectResponse, responses=problems(400, 401, 403, 404, 502))
async def oidc_callback(request: Request, services: ServicesDep) -> RedirectResponse:
    """Come back from the provider: signed in, and with every invitation to your address accepted.

    403 for somebody whom no organization has invited.
    """
    _check_set_up(services)
    identity, next_page = await oidc.finish(services, cookies.oidc(request), request.query_params)
    signed_in = await with_identity(services, identity)
    response = RedirectResponse(next_page, 302)
    cookies.set_session(response, services, signed_in.token)
    cookies.clear_oidc(response, services)
    return response


def _check_set_up(services: Services) -> None:
    if not services.settings.oidc_issuer:
        raise NotFound("this server has no OIDC provider (PERSONAE_OIDC_ISSUER): sign in by password")
