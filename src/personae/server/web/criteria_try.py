"""A criterion set tried on stored conversations before it is used: what it costs first, then verdicts beside each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator, Field
from starlette.responses import Response

from personae.core.result import SimulationResult
from personae.errors import ConfigurationError, NotFound, ProviderError
from personae.server.api.criteria_tries import cost_of_criteria_try, try_criteria
from personae.server.api.criterion_sets import get_criterion_set
from personae.server.api.experiments import list_experiments
from personae.server.api.projects import get_project_settings
from personae.server.api.responses import filter_of, get_result, list_responses
from personae.server.deps import MAX_ID, Editor, Id, ProjectAccess, Viewer
from personae.server.paging import Paging
from personae.server.schemas.criteria_try import CriteriaTried, CriteriaTry
from personae.server.schemas.experiment import ModelChoice
from personae.server.web._choices import models
from personae.server.web._data import data
from personae.server.web._forms import REFUSED, Problems, problems
from personae.server.web._page import Page, ProjectPage

router = APIRouter(prefix="/p/{project_id}/criteria/{criterion_set_id}/try")

COUNTS = (1, 3, 5, 10)
FAILED = (*REFUSED, ProviderError, ConfigurationError, NotFound)
_MOST = Paging(1, 100)
"""A list to choose from is no longer than this."""
Reference = Annotated[
    Annotated[int, Field(ge=1, le=MAX_ID)] | None, BeforeValidator(lambda given: given or None), Query()
]
"""Blank, as a form sends it, is none."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is tried on, and who rates. All of it stands in the address."""

    experiment_id: Reference = None
    count: Annotated[int, Query(ge=1, le=COUNTS[-1])] = 3
    order: Literal["worst", "first"] = "worst"
    judge_id: Reference = None


ChoiceDep = Annotated[Choice, Depends()]


@router.get("")
async def choose(page: ProjectPage, project: Viewer, criterion_set_id: Id, choice: ChoiceDep) -> Response:
    """The conversations, and what rating them would take."""
    return await _shown(page, project, criterion_set_id, choice)


@router.post("")
async def rate(page: ProjectPage, project: Editor, criterion_set_id: Id, choice: ChoiceDep) -> Response:
    """Rate them. Nothing of it is kept."""
    ids = [int(str(id_)) for id_ in (await page.form()).getlist("response_id") if str(id_).isdecimal()]
    try:
        tried = await try_criteria(project, criterion_set_id, _body(ids, choice))
    except FAILED as error:
        return await _shown(page, project, criterion_set_id, choice, wrong=problems(error))
    return await _shown(page, project, criterion_set_id, choice, tried=tried)


async def _shown(
    page: Page,
    project: ProjectAccess,
    set_id: int,
    choice: Choice,
    *,
    tried: CriteriaTried | None = None,
    wrong: Problems | None = None,
) -> Response:
    wrong = wrong or Problems()
    criterion_set = await get_criterion_set(project, set_id)
    experiments = [one for one in data(await list_experiments(project, _MOST))["items"] if one["status"] != "draft"]
    experiment_id = choice.experiment_id or (experiments[0]["id"] if experiments else None)
    ids = [one.response_id for one in tried.items] if tried else await _ids(project, experiment_id, choice)
    cost = None
    if ids and criterion_set.criteria and not wrong:
        try:
            cost = await cost_of_criteria_try(project, set_id, _body(ids, choice))
        except FAILED as error:
            wrong = problems(error)
    results: list[dict[str, Any]] = [
        {
            "id": id_,
            "result": SimulationResult.from_row(await get_result(project, id_)),
            "tried": next((one for one in tried.items if one.response_id == id_), None) if tried else None,
        }
        for id_ in ids
    ]
    return await page.show(
        "criteria_try.html",
        status=wrong.status if wrong else 200,
        criterion_set=criterion_set,
        choice=choice,
        experiments=[(one["id"], one["name"]) for one in experiments],
        experiment_id=experiment_id,
        judges=await models(project),
        chosen=await get_project_settings(project),
        counts=[(count, count) for count in COUNTS],
        cost=cost,
        results=results,
        tried=tried,
        problems=wrong,
    )


async def _ids(project: ProjectAccess, experiment_id: int | None, choice: Choice) -> list[int]:
    """The conversations that are meant: those that did not fail, the worst first or as they ended."""
    if experiment_id is None:
        return []
    chosen = filter_of(experiment_id=experiment_id, has_error=False)
    sort = "worst" if choice.order == "worst" else ""
    found = data(await list_responses(project, Paging(1, choice.count), chosen, sort))
    return [one["id"] for one in found["items"]]


def _body(ids: list[int], choice: Choice) -> CriteriaTry:
    judge = None if choice.judge_id is None else ModelChoice(llm_config_id=choice.judge_id)
    return CriteriaTry(response_ids=ids, judge=judge)
