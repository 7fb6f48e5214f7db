"""Criteria: what transcripts are rated by, in sets."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from personae.errors import InputError
from personae.server.api.criteria import create_criteria, delete_criterion, get_criterion, update_criterion
from personae.server.api.criterion_sets import (
    create_criterion_set,
    delete_criterion_set,
    get_criterion_set,
    import_criteria,
    list_criterion_sets,
    update_criterion_set,
)
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.paging import Paging
from personae.server.schemas.criterion import (
    CriteriaIn,
    CriterionIn,
    CriterionSetIn,
    CriterionSetUpdate,
    CriterionUpdate,
)
from personae.server.web._forms import REFUSED, Problems, problems, uploaded
from personae.server.web._page import Page, ProjectPage
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast

router = APIRouter()

PER_PAGE = 50


@router.get("/p/{project_id}/criteria")
async def criteria(
    page: ProjectPage, project: Viewer, search: str = "", number: int = 1, new: bool = False
) -> Response:
    """The sets, and what they ask."""
    return await _listed(page, project, search=search, number=number, new=new)


@router.post("/p/{project_id}/criteria")
async def create(page: ProjectPage, project: Editor) -> Response:
    """A new set."""
    name = str((await page.form()).get("name", ""))
    try:
        made = await create_criterion_set(project, CriterionSetIn(name=name))
    except REFUSED as error:
        return await _listed(page, project, new=True, name=name, wrong=problems(error))
    return page.go(_address(project, made.id), Toast(page.say(N_("%(name)s is there."), name=made.name)))


@router.get("/p/{project_id}/criteria/{criterion_set_id}")
async def criterion_set(page: ProjectPage, project: Viewer, criterion_set_id: Id) -> Response:
    """One set."""
    return await _one(page, project, criterion_set_id)


@router.post("/p/{project_id}/criteria/{criterion_set_id}")
async def rename(page: ProjectPage, project: Editor, criterion_set_id: Id) -> Response:
    """Another name for a set."""
    name = str((await page.form()).get("name", ""))
    try:
        done = await update_criterion_set(project, criterion_set_id, CriterionSetUpdate(name=name))
    except REFUSED as error:
        return await _one(page, project, criterion_set_id, "name", {"name": name}, problems(error))
    return page.go(_address(project, done.id), Toast(page.say(N_("%(name)s is saved."), name=done.name)))


@router.post("/p/{project_id}/criteria/{criterion_set_id}/add")
async def add(page: ProjectPage, project: Editor, criterion_set_id: Id) -> Response:
    """A further criterion."""
    form = await page.form()
    typed = {"criterion_str": str(form.get("criterion_str", "")), "label": str(form.get("label", ""))}
    try:
        given = CriterionIn.model_validate(typed)
        await create_criteria(project, CriteriaIn(criterion_set_id=criterion_set_id, criteria=[given]))
    except REFUSED as error:
        return await _one(page, project, criterion_set_id, "new", typed, problems(error))
    return page.go(_address(project, criterion_set_id), Toast(page.say(N_("The criterion is there."))))


@router.post("/p/{project_id}/criteria/{criterion_set_id}/import")
async def import_file(page: ProjectPage, project: Editor, criterion_set_id: Id) -> Response:
    """Criteria from a file."""
    async with page.request.form() as form:  # closes the file
        try:
            if (file := uploaded(form)) is None:
                raise InputError(page.say(N_("Choose a file first.")))
            done = await import_criteria(project, criterion_set_id, file)
        except REFUSED as error:
            return await _one(page, project, criterion_set_id, "file", {}, Problems({"file": str(error)}))
    text = page.say(N_("%(created)s criteria are there, %(skipped)s were there before."), **done.model_dump())
    return page.go(_address(project, criterion_set_id), Toast(text))


@router.post("/p/{project_id}/criteria/{criterion_set_id}/delete")
async def delete(page: ProjectPage, project: Editor, criterion_set_id: Id) -> Response:
    """For good, with its criteria. The page has asked, by name."""
    name = (await get_criterion_set(project, criterion_set_id)).name
    await delete_criterion_set(project, criterion_set_id)
    return page.go(f"/p/{project.id}/criteria", Toast(page.say(N_("%(name)s is deleted."), name=name)))


@router.post("/p/{project_id}/criteria/{criterion_set_id}/questions/{criterion_id}")
async def save(page: ProjectPage, project: Editor, criterion_set_id: Id, criterion_id: Id) -> Response:
    """The next version of a criterion, or back to what it asked before."""
    form = await page.form()
    typed = {"criterion_str": str(form.get("criterion_str", "")), "label": str(form.get("label", ""))}
    before = await get_criterion(project, criterion_id)
    try:
        after = await update_criterion(project, criterion_id, CriterionUpdate.model_validate(typed))
    except REFUSED as error:
        return await _one(
            page, project, criterion_set_id, str(criterion_id), typed, problems(error, {"name": "criterion_str"})
        )
    fields = {"criterion_str": before.criterion_str, "label": before.label or ""}
    toast = Toast(
        page.say(N_("Saved as version %(version)s."), version=after.version),
        f"{_address(project, criterion_set_id)}/questions/{criterion_id}",
        fields,
    )
    return page.go(_address(project, criterion_set_id), toast)


@router.post("/p/{project_id}/criteria/{criterion_set_id}/questions/{criterion_id}/delete")
async def remove(page: ProjectPage, project: Editor, criterion_set_id: Id, criterion_id: Id) -> Response:
    """Take a criterion out. Undone, it comes last, as a new one."""
    before = await get_criterion(project, criterion_id)
    await delete_criterion(project, criterion_id)
    fields = {"criterion_str": before.criterion_str, "label": before.label or ""}
    toast = Toast(page.say(N_("The criterion is deleted.")), f"{_address(project, criterion_set_id)}/add", fields)
    return page.go(_address(project, criterion_set_id), toast)


async def _one(
    page: Page,
    project: ProjectAccess,
    set_id: int,
    place: str = "",
    typed: dict[str, str] | None = None,
    wrong: Problems | None = None,
) -> Response:
    return await page.show(
        "one_criterion_set.html",
        status=wrong.status if wrong else 200,
        criterion_set=await get_criterion_set(project, set_id),
        place=place,
        typed=typed or {},
        problems=wrong or Problems(),
    )


async def _listed(
    page: Page,
    project: ProjectAccess,
    *,
    search: str = "",
    number: int = 1,
    new: bool = False,
    name: str = "",
    wrong: Problems | None = None,
) -> Response:
    number = max(1, min(number, 10**6))
    return await page.show(
        "criteria.html",
        status=wrong.status if wrong else 200,
        listed=await list_criterion_sets(project, Paging(number, PER_PAGE), search=search),
        search=search,
        number=number,
        per_page=PER_PAGE,
        new=new,
        name=name,
        problems=wrong or Problems(),
    )


def _address(project: ProjectAccess, set_id: int) -> str:
    return f"/p/{project.id}/criteria/{set_id}"
