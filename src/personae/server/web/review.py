"""Review: one draft at a time, by keys; several people at once on one queue."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from personae.errors import Conflict
from personae.generation.review import EDITED, REASONS
from personae.server.api.drafts import decide, get_draft, list_drafts, next_draft, similar_drafts, take_back
from personae.server.api.generations import get_generation
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.paging import Paging
from personae.server.schemas.draft import DecisionIn, Draft, NextIn
from personae.server.web._forms import REFUSED, Problems, problems
from personae.server.web._page import Page, ProjectPage
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast

router = APIRouter(prefix="/p/{project_id}/generations/{generation_id}/review")

Doing = Literal["", "edit", "reject", "similar"]
WORDS = {
    "near-duplicate": N_("near-duplicate"),
    "off-topic": N_("off-topic"),
    "generic": N_("generic"),
    "contradiction": N_("contradiction"),
    "unrealistic": N_("unrealistic"),
    "wrong facts": N_("wrong facts"),
    "wrong language": N_("wrong language"),
}
"""Flags and reasons; what is kept is the English."""


@router.get("")
async def review(
    page: ProjectPage,
    project: Viewer,
    generation_id: Id,
    draft: int | None = None,
    last: int | None = None,
    after: int | None = None,
    do: Doing = "",
) -> Response:
    """One draft. Without `draft` it leads to the next, after `after`; `last` is the one to go back to."""
    if draft is not None:
        one = await get_draft(project, generation_id, draft)
        return await _show(page, project, generation_id, one, last=last, do=do)
    following = await _next(page, project, generation_id, after)
    if following is None:
        return await _show(page, project, generation_id, None, last=last)
    return page.go(_address(project, generation_id, following.id, last or after))


@router.post("/{draft_id}")
async def decided(page: ProjectPage, project: Editor, generation_id: Id, draft_id: Id) -> Response:
    """What was decided, and on to the next."""
    form = await page.form()
    body = {name: str(form.get(name) or "").replace("\r\n", "\n") for name in ("verdict", *EDITED)}
    reason = str(form.get("reason") or form.get("other") or "")
    try:
        await decide(project, generation_id, draft_id, DecisionIn.model_validate(body | {"reason": reason}))
    except REFUSED as error:
        one = await get_draft(project, generation_id, draft_id)
        do: Doing = "edit" if any(body[name] for name in EDITED) else ""
        return await _show(page, project, generation_id, one, do=do, wrong=problems(error))
    here = f"/p/{project.id}/generations/{generation_id}/review"
    text = page.say(N_("Accepted.") if body["verdict"] == "accept" else N_("Rejected."))
    following = await _next(page, project, generation_id, None)
    to = here + f"?last={draft_id}" if following is None else _address(project, generation_id, following.id, draft_id)
    return page.go(to, Toast(text, undo=f"{here}/{draft_id}/undo"))


@router.post("/{draft_id}/undo")
async def undo(page: ProjectPage, project: Editor, generation_id: Id, draft_id: Id) -> Response:
    """Take the decision back, and look at the draft again."""
    try:
        await take_back(project, generation_id, draft_id)
    except Conflict as error:
        one = await get_draft(project, generation_id, draft_id)
        return await _show(page, project, generation_id, one, wrong=problems(error))
    return page.go(_address(project, generation_id, draft_id, None))


async def _next(page: Page, project: ProjectAccess, generation_id: int, after: int | None) -> Draft | None:
    """The next one; who may change nothing holds none."""
    if page.may("editor"):
        return (await next_draft(project, generation_id, NextIn(after=after))).draft
    found = await list_drafts(project, generation_id, Paging(1, 1), "open")
    return found.items[0] if found.items else None


async def _show(
    page: Page,
    project: ProjectAccess,
    generation_id: int,
    draft: Draft | None,
    *,
    last: int | None = None,
    do: Doing = "",
    wrong: Problems | None = None,
) -> Response:
    near = await similar_drafts(project, generation_id, draft.id) if draft is not None and do == "similar" else []
    return await page.show(
        "review.html",
        status=wrong.status if wrong else 200,
        one=await get_generation(project, generation_id),
        draft=draft,
        last=last,
        do=do,
        near=near,
        reasons=REASONS,
        words=WORDS,
        problems=wrong or Problems(),
    )


def _address(project: ProjectAccess, generation_id: int, draft_id: int, last: int | None) -> str:
    back = f"&last={last}" if last is not None else ""
    return f"/p/{project.id}/generations/{generation_id}/review?draft={draft_id}{back}"
