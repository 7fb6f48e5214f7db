"""Settings: who is there and what they may do, keys, what experiments start with, and who changed what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from personae.errors import NotFound
from personae.server.api.audit import project_log
from personae.server.api.invitations import invite, list_invitations, revoke_invitation
from personae.server.api.keys import create_key, get_key, list_keys, revoke_key
from personae.server.api.members import change_member, list_members, remove_member
from personae.server.api.projects import get_project_settings, update_project_settings
from personae.server.deps import Admin, Id, ProjectAccess, Viewer, organization_of
from personae.server.paging import Paging
from personae.server.schemas.invitation import InvitationIn
from personae.server.schemas.key import ApiKeyIn
from personae.server.schemas.member import MemberChange
from personae.server.schemas.project_settings import ProjectSettings
from personae.server.security import ROLES
from personae.server.web._choices import models
from personae.server.web._forms import REFUSED, Problems, problems
from personae.server.web._page import Page, ProjectPage
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast

router = APIRouter(prefix="/p/{project_id}/settings")

CHOSEN = ("simulator_id", "judge_id", "max_turns", "budget_usd", "max_conversations")
"""Fields of what the project chooses for its experiments."""
_RENAMED = {"simulator": "simulator_id", "judge": "judge_id"}
LISTED = 200
"""Members, invitations and keys that are shown; the API has the rest."""
PER_PAGE = 20
LOGGED = (
    *(N_("create"), N_("update"), N_("delete"), N_("import"), N_("add"), N_("clear"), N_("link"), N_("unlink")),
    *(N_("set members"), N_("add member"), N_("remove member"), N_("restore"), N_("archive"), N_("share")),
    *(N_("run"), N_("cancel"), N_("pause"), N_("resume"), N_("budget"), N_("rate"), N_("rerate"), N_("generate")),
    *(N_("label"), N_("annotate"), N_("take"), N_("take back"), N_("revoke"), N_("accept")),
    *(N_("sign in"), N_("sign out"), N_("change password")),
    *(N_("llm config"), N_("api key"), N_("scenario"), N_("scenario set"), N_("rows"), N_("criteria")),
    *(N_("responses"), N_("member"), N_("invitation"), N_("user")),
)
"""Words of the audit log, besides the nouns of `_complaints`; another one is shown as it is."""
Text = Annotated[str, Query(max_length=300)]


@router.get("")
async def settings(
    page: ProjectPage,
    project: Viewer,
    actor: Text = "",
    noun: Text = "",
    number: Annotated[int, Query(ge=1, le=10**6)] = 1,
) -> Response:
    """All of it; keys, invitations and the audit log for admins. The query is that of the audit log."""
    return await _show(page, project, actor=actor, noun=noun, number=number)


@router.post("/members/{user_id}")
async def change_role(page: ProjectPage, project: Admin, user_id: Id) -> Response:
    """Another role."""
    form = await page.form()
    organization = await organization_of(project, "admin")
    here = f"/p/{project.id}/settings"
    try:
        before = await _role(project, user_id)
        member = await change_member(organization, user_id, MemberChange.model_validate({"role": form.get("role")}))
    except REFUSED as error:
        return page.go(here, Toast("; ".join(problems(error).values()), tone="bad"))
    said = page.say(N_("The role of %(email)s is changed."), email=member.email)
    return page.go(here, Toast(said, undo=f"{here}/members/{user_id}", fields={"role": before}))


@router.post("/members/{user_id}/remove")
async def remove(page: ProjectPage, project: Admin, user_id: Id) -> Response:
    """Somebody is no member any more."""
    organization = await organization_of(project, "admin")
    here = f"/p/{project.id}/settings"
    try:
        await remove_member(organization, user_id)
    except REFUSED as error:
        return page.go(here, Toast("; ".join(problems(error).values()), tone="bad"))
    return page.go(here, Toast(page.say(N_("The member is removed."))))


@router.post("/invitations")
async def invite_somebody(page: ProjectPage, project: Admin) -> Response:
    """A link, shown this once."""
    form = await page.form()
    organization = await organization_of(project, "admin")
    given = {name: str(form.get(name, "")).strip() for name in ("email", "role", "expires_in_days")}
    try:
        made = await invite(organization, InvitationIn.model_validate(given | {"email": given["email"] or None}))
    except REFUSED as error:
        return await _show(page, project, invited=given, problems=problems(error))
    return await _show(page, project, status=201, link=made.link)


@router.post("/invitations/{invitation_id}/revoke")
async def take_back(page: ProjectPage, project: Admin, invitation_id: Id) -> Response:
    """Its link is no longer good."""
    await revoke_invitation(await organization_of(project, "admin"), invitation_id)
    return page.go(f"/p/{project.id}/settings#invitations", Toast(page.say(N_("The invitation is taken back."))))


@router.post("/keys")
async def make_key(page: ProjectPage, project: Admin) -> Response:
    """A key, shown this once."""
    form = await page.form()
    given = {name: str(form.get(name, "")) for name in ("name", "role")}
    try:
        made = await create_key(project, ApiKeyIn.model_validate(given))
    except REFUSED as error:
        return await _show(page, project, keyed=given, problems=problems(error, {"name": "key_name"}))
    return await _show(page, project, status=201, key=made.key)


@router.post("/keys/{key_id}/revoke")
async def revoke(page: ProjectPage, project: Admin, key_id: Id) -> Response:
    """At once and for good."""
    name = (await get_key(project, key_id)).name
    await revoke_key(project, key_id)
    return page.go(f"/p/{project.id}/settings#keys", Toast(page.say(N_("The key %(name)s is revoked."), name=name)))


@router.post("/experiments")
async def choose(page: ProjectPage, project: Admin) -> Response:
    """What experiments start with from now on."""
    form, here = await page.form(), f"/p/{project.id}/settings"
    typed = {name: str(form.get(name, "")).strip() for name in CHOSEN}
    before = _typed(await get_project_settings(project))
    try:
        await update_project_settings(project, _asked(typed))
    except REFUSED as error:
        return await _show(page, project, typed=typed, problems=problems(error, _RENAMED))
    said = page.say(N_("Saved: for what is started from now on."))
    return page.go(f"{here}#experiments", Toast(said, undo=f"{here}/experiments", fields=before))


def _asked(typed: Mapping[str, str]) -> ProjectSettings:
    """The API's body from the form's fields. Raises ValidationError."""
    given: dict[str, Any] = {name: text for name, text in typed.items() if text}
    models = {role: {"llm_config_id": given.pop(name)} for role, name in _RENAMED.items() if name in given}
    return ProjectSettings.model_validate(given | models)


def _typed(chosen: ProjectSettings) -> dict[str, str]:
    """The same as people type it."""
    ids = {name: model.llm_config_id for role, name in _RENAMED.items() if (model := getattr(chosen, role))}
    found = {**{name: getattr(chosen, name, None) for name in CHOSEN}, **ids}
    return {name: f"{value:.15g}" if isinstance(value, float) else str(value or "") for name, value in found.items()}


async def _show(
    page: Page,
    project: ProjectAccess,
    *,
    status: int = 200,
    problems: Problems | None = None,
    actor: str = "",
    noun: str = "",
    number: int = 1,
    **values: Any,
) -> Response:
    """The page. `link` and `key` are secrets that were just made: no cache keeps them."""
    listed = Paging(1, LISTED)
    wrong = problems or Problems()
    shown: dict[str, Any] = {
        "link": "",
        "key": "",
        "invited": {},
        "keyed": {},
        "log": None,
        "invitations": [],
        "keys": [],
    }
    is_admin = page.may("admin")
    organization = await organization_of(project, "admin" if is_admin else "viewer")
    shown["chosen"] = chosen = await get_project_settings(project)
    shown["typed"] = _typed(chosen)
    shown["members"] = (await list_members(organization, listed)).items
    if is_admin:
        shown["models"] = await models(project)
        shown["invitations"] = (await list_invitations(organization, listed)).items
        shown["keys"] = (await list_keys(project, listed)).items
        asked = {"actor": actor or None, "noun": noun or None, "noun_id": None}
        shown["log"] = await project_log(project, Paging(number, PER_PAGE), asked)
    shown |= {"roles": ROLES, "set": page.services.settings, "actor": actor, "noun": noun, "number": number}
    answer = await page.show(
        "settings.html", status=wrong.status if wrong else status, limit=PER_PAGE, problems=wrong, **shown | values
    )
    if status == 201:
        answer.headers["Cache-Control"] = "no-store"
    return answer


async def _role(project: ProjectAccess, user_id: int) -> str:
    """A member's role. Raises NotFound."""
    known = (await list_members(await organization_of(project, "viewer"), Paging(1, LISTED))).items
    for one in known:
        if one.user_id == user_id:
            return one.role
    raise NotFound(f"there is no member {user_id} in this organization")
