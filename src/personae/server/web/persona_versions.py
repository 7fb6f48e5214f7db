"""The versions of a persona: what changed from one to another, and any of them taken back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from personae.server.api.persona_versions import diff, list_versions, restore
from personae.server.api.personas import get_persona
from personae.server.deps import Editor, Id, Viewer
from personae.server.paging import LAST_PAGE, Paging
from personae.server.schemas.persona_version import MAX_VERSION, Restore
from personae.server.web._page import ProjectPage
from personae.server.web._persona_view import ViewDep
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast

router = APIRouter()

PER_PAGE = 50
_Version = Annotated[int | None, Query(ge=1, le=MAX_VERSION)]


@router.get("/p/{project_id}/personas/{persona_id}/versions")
async def versions(
    page: ProjectPage,
    project: Viewer,
    persona_id: Id,
    before: Annotated[_Version, Query(alias="from")] = None,
    after: Annotated[_Version, Query(alias="to")] = None,
    number: Annotated[int, Query(alias="page", ge=1, le=LAST_PAGE)] = 1,
) -> Response:
    """All versions, and what changed between two of them: the last two where none are named."""
    persona = await get_persona(project, persona_id)
    new = after or persona.version
    old = before or max(new - 1, 1)
    return await page.show(
        "persona_versions.html",
        persona=persona,
        listed=await list_versions(project, persona_id, Paging(number, PER_PAGE)),
        number=number,
        per_page=PER_PAGE,
        diff=await diff(project, persona_id, old, new),
    )


@router.post("/p/{project_id}/personas/{persona_id}/restore")
async def take_back(page: ProjectPage, project: Editor, persona_id: Id, view: ViewDep) -> Response:
    """An earlier version, as the newest one."""
    form = await page.form()
    was = await get_persona(project, persona_id)
    now = await restore(project, persona_id, Restore.model_validate({"version": form.get("version")}))
    text = page.say(N_("%(name)s is as in version %(version)s again."), name=now.name, version=form.get("version"))
    here = f"/p/{project.id}/personas/{persona_id}/versions"
    to = here if form.get("back") == "versions" else view.plain.to()
    if now.version == was.version:
        return page.go(to, Toast(page.say(N_("%(name)s is as before."), name=now.name)))
    fields = {"version": str(was.version), "back": str(form.get("back", ""))}
    return page.go(to, Toast(text, undo=view.plain.act(f"/personas/{persona_id}/restore"), fields=fields))
