"""Signing in and out, where the server is not only for its own machine."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from personae.server.api.auth import login, logout
from personae.server.browsers import is_own_path
from personae.server.schemas.session import Login
from personae.server.web._forms import REFUSED, Problems, problems
from personae.server.web._page import OpenPage, PlainPage

router = APIRouter()


@router.get("/sign-in")
async def sign_in(page: OpenPage, next_page: Annotated[str, Query(alias="next")] = "/") -> Response:
    """The form, and the way to the OIDC provider where there is one."""
    return await _form(page, next_page, "", Problems())


@router.post("/sign-in")
async def signed_in(page: OpenPage) -> Response:
    """Begin a session, and go on to where one wanted to."""
    form = await page.form()
    email, password, next_page = (str(form.get(name, "")) for name in ("email", "password", "next"))
    to = page.go(next_page if is_own_path(next_page) else "/")
    try:
        await login(Login(email=email, password=password), page.request, to, page.services)
    except REFUSED as error:
        return await _form(page, next_page, email, problems(error))
    return to


@router.post("/sign-out")
async def sign_out(page: PlainPage) -> Response:
    """End the session."""
    assert page.principal is not None
    to = page.go("/sign-in")
    await logout(page.request, to, page.services, page.principal)
    return to


async def _form(page: OpenPage, next_page: str, email: str, wrong: Problems) -> Response:
    return await page.show(
        "sign_in.html",
        status=wrong.status if wrong else 200,
        next_page=next_page if is_own_path(next_page) else "/",
        email=email,
        problems=wrong,
        has_oidc=bool(page.services.settings.oidc_issuer),
    )
