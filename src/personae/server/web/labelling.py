"""Labels of people: one question at a time, answered by one key, and never beside the judge's answer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from personae.core.result import SimulationResult
from personae.errors import NotFound
from personae.server.api.labels import get_agreement, label_response
from personae.server.api.responses import get_result
from personae.server.deps import Editor, Id
from personae.server.experiments.labelling import queue
from personae.server.schemas.label import LabelIn
from personae.server.web._data import data
from personae.server.web._forms import REFUSED, Problems, problems
from personae.server.web._page import Page, ProjectPage

router = APIRouter(prefix="/p/{project_id}/experiments/{experiment_id}/labels")


@router.get("")
async def labelling(
    page: ProjectPage, project: Editor, experiment_id: Id, at: Annotated[int, Query(ge=0, le=10**6)] = 0
) -> Response:
    """The question at this place, from 1; without one the first that is open. Behind the last, what came of it."""
    return await _shown(page, project, experiment_id, at)


@router.post("")
async def answer(
    page: ProjectPage, project: Editor, experiment_id: Id, at: Annotated[int, Query(ge=1, le=10**6)] = 1
) -> Response:
    """Keep one answer, and go to the next open question."""
    form = await page.form()
    found = await queue(project, experiment_id)
    if at > len(found.questions):
        raise NotFound(f"there is no question {at} about this experiment")
    question, note = found.questions[at - 1], str(form.get("note", "")).strip()
    try:
        told = {"criterion_id": question.criterion_id, "note": note, "label": form.get("label")}
        body = LabelIn.model_validate(told)
        await label_response(project, question.response_id, body)
    except REFUSED as error:
        return await _shown(page, project, experiment_id, at, problems(error, {"label": ""}), note)
    following = (await queue(project, experiment_id)).first_open(at)
    here = f"/p/{project.id}/experiments/{experiment_id}/labels"
    return page.go(here if following is None else f"{here}?at={following + 1}")


async def _shown(
    page: Page, project: Editor, experiment_id: int, at: int, wrong: Problems | None = None, note: str = ""
) -> Response:
    wrong = wrong or Problems()
    found = await queue(project, experiment_id)
    place = at - 1 if 0 < at <= len(found.questions) else found.first_open()
    values: dict[str, Any] = {"experiment": found.experiment, "found": found, "problems": wrong}
    if place is None:
        checked = data(await get_agreement(project, experiment_id)) if found.answered else None
        return await page.show("labelling_done.html", **values, checked=checked)
    question = found.questions[place]
    result = SimulationResult.from_row(await get_result(project, question.response_id))
    return await page.show(
        "labelling.html",
        status=wrong.status if wrong else 200,
        **values,
        place=place + 1,
        question=question,
        asked=question.asked_of(result),
        result=result,
        before=(before := found.answer(question)),
        note=note or (before["note"] if before else ""),
    )
