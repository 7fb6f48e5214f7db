"""Where the link of an invitation leads: who invites to what, and joining."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from personae.server.accounts import person_of_session
from personae.server.api.invitations import accept_invitation, get_invitation
from personae.server.schemas.invitation import Acceptance
from personae.server.web._forms import REFUSED, Problems, problems
from personae.server.web._page import OpenPage, Page

router = APIRouter(prefix="/invitations/{token}")


@router.get("")
async def invitation(page: OpenPage, token: str) -> Response:
    """The form; a button alone for who is signed in."""
    return await _form(page, token, {}, Problems())


@router.post("")
async def join(page: OpenPage, token: str) -> Response:
    """Become a member, and be signed in."""
    form = await page.form()
    given = {name: str(form.get(name, "")) for name in ("email", "name", "password")}
    to = page.go("/")
    try:
        body = Acceptance.model_validate({name: value for name, value in given.items() if value})
        await accept_invitation(token, body, page.request, to, page.services)
    except REFUSED as error:
        return await _form(page, token, given, problems(error))
    return to


async def _form(page: Page, token: str, given: dict[str, str], wrong: Problems) -> Response:
    return await page.show(
        "invitations.html",
        status=wrong.status if wrong else 200,
        invitation=await get_invitation(token, page.services),
        person=await person_of_session(page.services, page.request),
        given=given,
        problems=wrong,
    )
