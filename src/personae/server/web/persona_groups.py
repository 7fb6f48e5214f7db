"""Persona groups: made, named, filled and emptied beside the library."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from starlette.responses import Response

from personae.server.api.persona_groups import (
    create_persona_group,
    delete_persona_group,
    get_persona_group,
    put_member,
    take_member,
    update_persona_group,
)
from personae.server.deps import Editor, Id
from personae.server.schemas.persona_group import PersonaGroupChange, PersonaGroupIn
from personae.server.web._forms import REFUSED, problems
from personae.server.web._page import ProjectPage
from personae.server.web._persona_view import ViewDep
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast
from personae.server.web.personas import beside, workbench

router = APIRouter()


@router.post("/p/{project_id}/groups")
async def create(page: ProjectPage, project: Editor, view: ViewDep) -> Response:
    """A new group, which is beside the library from now on."""
    form = await page.form()
    draft = {name: str(form.get(name, "")) for name in ("name", "description")}
    try:
        made = await create_persona_group(project, PersonaGroupIn.model_validate(draft))
    except REFUSED as error:
        wrong = problems(error)
        return await workbench(page, project, view, status=wrong.status, group_draft=draft, group_wrong=wrong)
    text = page.say(N_("The group %(name)s is there: add personas with +."), name=made.name)
    return page.go(view.plain.to(group=made.id), Toast(text))


@router.post("/p/{project_id}/groups/{group_id}")
async def update(page: ProjectPage, project: Editor, view: ViewDep, group_id: Id) -> Response:
    """Another name or description."""
    form = await page.form()
    draft = {name: str(form.get(name, "")) for name in ("name", "description")}
    before = await get_persona_group(project, group_id)
    try:
        after = await update_persona_group(project, group_id, PersonaGroupChange.model_validate(draft))
    except REFUSED as error:
        wrong = problems(error)
        return await workbench(page, project, view, status=wrong.status, group_draft=draft, group_wrong=wrong)
    was = {"name": before.name, "description": before.description}
    undo = view.plain.act(f"/groups/{group_id}")
    return page.go(view.plain.to(), Toast(page.say(N_("%(name)s is saved."), name=after.name), undo=undo, fields=was))


@router.post("/p/{project_id}/groups/{group_id}/delete")
async def delete(page: ProjectPage, project: Editor, view: ViewDep, group_id: Id) -> Response:
    """For good. The page has asked, by name; the personas stay."""
    name = (await get_persona_group(project, group_id)).name
    await delete_persona_group(project, group_id)
    return page.go(view.plain.to(group=None), Toast(page.say(N_("The group %(name)s is deleted."), name=name)))


@router.post("/p/{project_id}/groups/{group_id}/members")
async def toggle(page: ProjectPage, project: Editor, view: ViewDep, group_id: Id) -> Response:
    """A persona in or out, as the form says: two who press at once do not undo each other."""
    form = await page.form()
    persona_id, is_member = int(str(form.get("persona_id", "0"))), form.get("is_member") == "1"
    name = str(form.get("name", ""))
    view = replace(view.plain, group=group_id)
    if is_member:
        await put_member(project, group_id, persona_id)
        toast = None
    else:
        await take_member(project, group_id, persona_id)
        toast = Toast(
            page.say(N_("%(name)s is out of the group."), name=name),
            undo=view.act(f"/groups/{group_id}/members"),
            fields={"persona_id": str(persona_id), "is_member": "1", "name": name},
        )
    if not page.is_part:
        return page.go(view.to(), toast)
    return page.part(
        "_member_changed.html",
        toast=toast,
        view=view,
        persona_id=persona_id,
        persona_name=name,
        group_draft=None,
        **await beside(project, view),
    )
