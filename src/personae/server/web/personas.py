"""Personas: the library on the left, edited in place, and the groups on the right."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from personae.server.api.persona_files import import_personas
from personae.server.api.persona_groups import (
    get_persona_group,
    list_member_ids,
    list_members,
    list_persona_groups,
    set_members,
)
from personae.server.api.personas import (
    archive_persona,
    create_persona,
    delete_persona,
    get_persona,
    list_personas,
    persona_facets,
    share_persona,
    update_persona,
    use_of_persona,
)
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.paging import Paging
from personae.server.schemas.persona_group import Members
from personae.server.schemas.persona_use import Archiving, Sharing
from personae.server.web._forms import REFUSED, Problems, problems, uploaded
from personae.server.web._page import Page, ProjectPage
from personae.server.web._persona_form import Draft, known_behaviours
from personae.server.web._persona_view import MOST_TAGS, View, ViewDep
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast

router = APIRouter()

PER_PAGE = 50
MOST_GROUPS = 500


@router.get("/p/{project_id}/personas")
async def personas(page: ProjectPage, project: Viewer, view: ViewDep) -> Response:
    """The workbench."""
    return await workbench(page, project, view)


@router.get("/p/{project_id}/personas/{persona_id}")
async def persona(project: Viewer, persona_id: Id) -> Response:
    """One persona, open in the library."""
    await get_persona(project, persona_id)
    return RedirectResponse(f"/p/{project.id}/personas?edit={persona_id}", 302)


@router.post("/p/{project_id}/personas")
async def create(page: ProjectPage, project: Editor, view: ViewDep) -> Response:
    """A new persona."""
    draft = Draft.typed(await page.form())
    try:
        made = await create_persona(project, draft.body())
    except REFUSED as error:
        return await workbench(page, project, view, draft=draft, wrong=problems(error))
    text = page.say(N_("%(name)s is in the library."), name=made.name)
    return page.go(view.plain.to(number=1), _told(text, view, made.id, is_archived=True))


@router.post("/p/{project_id}/personas/import")
async def import_file(page: ProjectPage, project: Editor, view: ViewDep) -> Response:
    """Personas from a file, into the library and, where that is asked for, into the group."""
    form = await page.form()
    file, group = uploaded(form), str(form.get("into_group", ""))
    if file is None:
        return await workbench(page, project, view, unread=[page.say(N_("Choose a file first."))])
    try:
        done = await import_personas(project, file)
        if group.isdecimal():
            there = await list_member_ids(project, int(group))
            ids = [*there, *(one.persona_id for one in done.items if one.persona_id not in set(there))]
            await set_members(project, int(group), Members(persona_ids=ids))
    except REFUSED as error:
        return await workbench(page, project, view, unread=str(error).split("\n"))
    text = page.say(
        N_("From the file: %(created)s new, %(versions)s changed, %(unchanged)s as they were."),
        created=done.created,
        versions=done.versions,
        unchanged=done.unchanged,
    )
    return page.go(view.plain.to(), Toast(text))


@router.post("/p/{project_id}/personas/{persona_id}")
async def update(page: ProjectPage, project: Editor, view: ViewDep, persona_id: Id) -> Response:
    """The next version."""
    draft = Draft.typed(await page.form())
    before = await get_persona(project, persona_id)
    try:
        after = await update_persona(project, persona_id, draft.body(before), if_version=draft.version)
    except REFUSED as error:
        return await workbench(page, project, view, draft=draft, wrong=problems(error), edited=persona_id)
    if after.version == before.version:
        return page.go(view.plain.to(), Toast(page.say(N_("%(name)s is as before."), name=after.name)))
    return page.go(
        view.plain.to(),
        Toast(
            page.say(N_("%(name)s is saved as version %(version)s."), name=after.name, version=after.version),
            undo=view.plain.act(f"/personas/{persona_id}/restore"),
            fields={"version": str(before.version)},
        ),
    )


@router.post("/p/{project_id}/personas/{persona_id}/archive")
async def archive(page: ProjectPage, project: Editor, view: ViewDep, persona_id: Id) -> Response:
    """Put away, or taken out again."""
    is_archived = (await page.form()).get("is_archived") == "1"
    done = await archive_persona(project, persona_id, Archiving(is_archived=is_archived))
    text = N_("%(name)s is in the archive.") if is_archived else N_("%(name)s is out of the archive.")
    toast = _told(page.say(text, name=done.name), view, persona_id, is_archived=not is_archived)
    return page.go(view.plain.to(), toast)


@router.post("/p/{project_id}/personas/{persona_id}/sharing")
async def share(page: ProjectPage, project: Editor, view: ViewDep, persona_id: Id) -> Response:
    """Shown to the organization's other projects, or no longer."""
    form = await page.form()
    is_shared, from_groups = form.get("is_shared") == "1", form.get("from_groups") == "1"
    done = await share_persona(project, persona_id, Sharing(is_shared=is_shared, from_groups=from_groups))
    text = N_("%(name)s is shared with the organization.") if is_shared else N_("%(name)s is of this project alone.")
    fields = {"is_shared": "0" if is_shared else "1"}
    undo = "" if from_groups else view.act(f"/personas/{persona_id}/sharing")
    return page.go(view.to(), Toast(page.say(text, name=done.name), undo=undo, fields=fields))


@router.post("/p/{project_id}/personas/{persona_id}/delete")
async def delete(page: ProjectPage, project: Editor, view: ViewDep, persona_id: Id) -> Response:
    """For good, with its history. The page has asked, by name."""
    name = (await get_persona(project, persona_id)).name
    await delete_persona(project, persona_id, from_groups=True)
    return page.go(view.plain.to(), Toast(page.say(N_("%(name)s is deleted."), name=name)))


async def workbench(
    page: Page,
    project: ProjectAccess,
    view: View,
    *,
    draft: Draft | None = None,
    wrong: Problems | None = None,
    edited: int | None = None,
    status: int = 200,
    **also: Any,
) -> Response:
    """The whole page; with `draft`, the editor holds what was typed, and says what is `wrong` with it."""
    listed = await list_personas(project, Paging(view.number, PER_PAGE), view.chosen)
    open_id = edited or view.edit
    opened = next((one for one in listed.items if one.id == open_id), None)
    if opened is None and open_id is not None:
        opened = await get_persona(project, open_id)
    if draft is None and (opened or view.new):
        draft = Draft() if opened is None else Draft.of(opened)
    return await page.show(
        "personas.html",
        status=wrong.status if wrong else 422 if also.get("unread") else status,
        **{
            "view": view,
            "listed": listed,
            "most_tags": MOST_TAGS,
            "facets": await persona_facets(project, view.chosen),
            "opened": opened,
            "use": None if opened is None else await use_of_persona(project, opened.id),
            "draft": draft,
            "problems": wrong or Problems(),
            "behaviours": known_behaviours(),
            "unread": (),
            "group_draft": None,
            **await beside(project, view),
            **also,
        },
    )


async def beside(project: ProjectAccess, view: View) -> dict[str, Any]:
    """The group that is beside the library, and which others there are."""
    groups = await list_persona_groups(project, Paging(1, MOST_GROUPS), None, "")
    group = next((one for one in groups.items if one.id == view.group), None)
    if group is None and view.group is not None:
        group = await get_persona_group(project, view.group)
    elif group is None and groups.items:
        group = groups.items[0]
    members, member_ids = None, set[int]()
    if group is not None:
        members = await list_members(project, group.id, Paging(view.group_page, PER_PAGE))
        member_ids = set(await list_member_ids(project, group.id))
    return {"groups": groups, "group": group, "members": members, "member_ids": member_ids, "per_page": PER_PAGE}


def _told(text: str, view: View, persona_id: int, *, is_archived: bool) -> Toast:
    """What was done, undone by putting the persona away or by taking it out again."""
    undo = view.plain.act(f"/personas/{persona_id}/archive")
    return Toast(text, undo=undo, fields={"is_archived": "1" if is_archived else "0"})
