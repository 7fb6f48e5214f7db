"""One conversation: what was said, why it ended, how it was rated, and the ones before and behind it in a list."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.datastructures import QueryParams
from starlette.responses import Response

from personae.core.result import SimulationResult
from personae.reports._view import view
from personae.server.api.experiments import get_experiment
from personae.server.api.ratings import rate_by_hand
from personae.server.api.responses import (
    FilterDep,
    SortBy,
    annotate_response,
    beside_response,
    get_response,
    get_result,
)
from personae.server.deps import Editor, Id, Viewer
from personae.server.schemas.response import AnnotationIn, ManualRatingIn
from personae.server.web._data import data
from personae.server.web._forms import REFUSED, Problems, problems
from personae.server.web._page import Page, ProjectPage
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast

NOTES = (
    *(N_("asked again"), N_("cut at its limit")),
    N_("too long: the judge saw its beginning and its end"),
)
"""What `reports._view` notes of a turn."""

router = APIRouter(prefix="/p/{project_id}/conversations/{response_id}")


@router.get("")
async def conversation(
    page: ProjectPage, project: Viewer, response_id: Id, chosen: FilterDep, sort_by: SortBy = ""
) -> Response:
    """The whole of it. The query is that of the list from which one comes."""
    response = data(await get_response(project, response_id))
    result = SimulationResult.from_row(await get_result(project, response_id))
    experiment = data(await get_experiment(project, response["experiment_id"], with_results=False, with_lists=False))
    beside = await beside_response(project, response_id, chosen, sort_by)
    return await page.show(
        "conversations.html",
        c=view(result),
        result=result,
        response=response,
        rated=_rated(response, result),
        experiment=experiment,
        beside=beside,
        query=_query(page),
        problems=Problems(),
    )


@router.post("/annotation")
async def annotate(page: ProjectPage, project: Editor, response_id: Id) -> Response:
    """A note beside it."""
    form = await page.form()
    text = str(form.get("annotation", "")).strip()
    before = data(await get_response(project, response_id))["annotation"]
    await annotate_response(project, response_id, AnnotationIn(annotation=text))
    here = f"{_address(page, project.id, response_id)}#note"
    said = N_("The note is kept.") if text else N_("The note is gone.")
    undo = f"/p/{project.id}/conversations/{response_id}/annotation{_query(page)}"
    return page.go(here, Toast(page.say(said), undo=undo, fields={"annotation": before}))


@router.post("/ratings")
async def rate(page: ProjectPage, project: Editor, response_id: Id) -> Response:
    """A person's own answer to a criterion, in place of the judge's."""
    form = await page.form()
    here = _address(page, project.id, response_id)
    try:
        body = ManualRatingIn.model_validate(
            {
                "prompt_response_id": response_id,
                "criterion_id": form.get("criterion_id"),
                "rating": form.get("rating"),
                "reasoning": str(form.get("reasoning", "")).strip(),
            }
        )
        await rate_by_hand(project, body)
    except REFUSED as error:
        return page.go(here, Toast("; ".join(problems(error).values()), tone="bad"))
    return page.go(here, Toast(page.say(N_("Your answer stands in place of the judge's."))))


def _rated(response: dict[str, Any], result: SimulationResult) -> list[dict[str, Any] | None]:
    """The stored rating for each of the result's, in its order; None where it has no answer."""
    stored = {one["criterion"]["label"] or one["criterion"]["criterion_str"]: one for one in response["ratings"]}
    return [stored.get(one.criterion) for one in result.ratings]


def _query(page: Page) -> str:
    """The list's filters, as they stand in the address."""
    given = QueryParams([(name, value) for name, value in page.request.query_params.multi_items() if value])
    return f"?{urlencode(given.multi_items())}" if given else ""


def _address(page: Page, project_id: int, response_id: int) -> str:
    return f"/p/{project_id}/conversations/{response_id}{_query(page)}"
