"""One generation: how it runs, live; what came of it, and what people decided of its drafts."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from personae.errors import Conflict, NotFound
from personae.server.api.drafts import list_drafts, take_accepted
from personae.server.api.generations import (
    ENDED,
    cancel_generation,
    delete_generation,
    get_generation,
    resume_generation,
)
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.paging import Paging
from personae.server.schemas.draft import TakeIn
from personae.server.schemas.generation import GoOn
from personae.server.web._forms import REFUSED, Problems, problems
from personae.server.web._generation_words import METHODS
from personae.server.web._page import Page, ProjectPage
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast

router = APIRouter(prefix="/p/{project_id}/generations/{generation_id}")

PER_PAGE = 20
States = Literal["", "flagged", "open", "accepted", "rejected", "disputed"]
STATES = ("", "flagged", "open", "disputed", "accepted", "rejected")
Number = Annotated[int, Query(ge=1, le=10**6)]


@router.get("")
async def generation(
    page: ProjectPage, project: Viewer, generation_id: Id, state: States = "", number: Number = 1, show: str = ""
) -> Response:
    """The page; `state` narrows its drafts, `show` opens a form."""
    return await shown(page, project, generation_id, state=state, number=number, show=show)


async def shown(
    page: Page,
    project: ProjectAccess,
    generation_id: int,
    *,
    state: States = "",
    number: int = 1,
    show: str = "",
    wrong: Problems | None = None,
) -> Response:
    """The page, also where a form on it was refused."""
    one = await get_generation(project, generation_id)
    return await page.show(
        "one_generation.html",
        status=wrong.status if wrong else 200,
        one=one,
        method=METHODS.get(one.method, (one.method, ""))[0],
        is_live=one.status not in ENDED,
        found=await list_drafts(project, generation_id, Paging(number, PER_PAGE), state),
        state=state,
        states=STATES,
        number=number,
        per_page=PER_PAGE,
        show=show,
        problems=wrong or Problems(),
    )


@router.post("/cancel")
async def cancel(page: ProjectPage, project: Editor, generation_id: Id) -> Response:
    """End it. What is made stays."""
    here = f"/p/{project.id}/generations/{generation_id}"
    try:
        await cancel_generation(project, generation_id)
    except Conflict:  # it has ended meanwhile
        return page.go(here)
    return page.go(here, Toast(page.say(N_("Cancelled. What is there stays.")), undo=f"{here}/resume"))


@router.post("/resume")
async def resume(page: ProjectPage, project: Editor, generation_id: Id) -> Response:
    """Go on, with more of the same or under another ceiling."""
    form = await page.form()
    given = {name: text for name in ("n", "budget_usd") if (text := str(form.get(name) or "").strip())}
    try:
        await resume_generation(project, generation_id, GoOn.model_validate(given))
    except REFUSED as error:
        return await shown(page, project, generation_id, show="resume", wrong=problems(error))
    return page.go(f"/p/{project.id}/generations/{generation_id}")


@router.post("/take")
async def take(page: ProjectPage, project: Editor, generation_id: Id) -> Response:
    """Accepted personas into the library and a group, accepted queries into a collection."""
    form = await page.form()
    try:
        taken = await take_accepted(project, generation_id, TakeIn(name=str(form.get("name") or "")))
    except REFUSED as error:
        return await shown(page, project, generation_id, wrong=problems(error))
    if taken.persona_group_id is not None:
        text = page.say(N_("%(count)s personas are in the library, in this group."), count=taken.count)
        return page.go(f"/p/{project.id}/personas?group={taken.persona_group_id}", Toast(text))
    text = page.say(N_("%(count)s queries are in this collection."), count=taken.count)
    return page.go(f"/p/{project.id}/collections/{taken.collection_id}", Toast(text))


@router.post("/delete")
async def delete(page: ProjectPage, project: Editor, generation_id: Id) -> Response:
    """For good. The page has asked."""
    try:
        name = (await get_generation(project, generation_id)).name
        await delete_generation(project, generation_id)
    except (Conflict, NotFound) as error:
        if isinstance(error, NotFound):
            raise
        return await shown(page, project, generation_id, wrong=problems(error))
    return page.go(f"/p/{project.id}/generations", Toast(page.say(N_("%(name)s is deleted."), name=name)))
