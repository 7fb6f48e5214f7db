"""One experiment: how it runs, live; or what came of it, with the conversations behind every number."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from personae.core.conversation import CUT
from personae.server.api.experiment_runs import ENDED
from personae.server.api.experiment_views import get_tally, get_under_way
from personae.server.api.experiments import get_experiment
from personae.server.api.response_briefs import list_briefs
from personae.server.deps import Id, ProjectAccess, Viewer
from personae.server.paging import Paging
from personae.server.web._choices import criterion_sets, models
from personae.server.web._data import data
from personae.server.web._filters import Filters
from personae.server.web._forms import Problems
from personae.server.web._overview import PERSONAS, ROWS, overview
from personae.server.web._page import Page, ProjectPage

router = APIRouter()

PER_PAGE = 20
LIVE = ("queued", "running", "paused")
TALKS = 4
Number = Annotated[int, Query(ge=1, le=10**6)]


@router.get("/p/{project_id}/experiments/{experiment_id}")
async def experiment(
    page: ProjectPage,
    project: Viewer,
    experiment_id: Id,
    number: Annotated[int, Query(ge=1, le=10**6, alias="page")] = 1,
    personas: Number = 1,
    rows: Number = 1,
    show: str = "",
) -> Response:
    """The page; `personas` and `rows` are pages of its grid, `show` opens a form."""
    return await shown(page, project, experiment_id, number=number, personas=personas, rows=rows, show=show)


async def shown(
    page: Page,
    project: ProjectAccess,
    experiment_id: int,
    *,
    number: int = 1,
    personas: int = 1,
    rows: int = 1,
    show: str = "",
    problems: Problems | None = None,
) -> Response:
    """The page, also where a form on it was refused."""
    one = data(await get_experiment(project, experiment_id, with_results=False, with_lists=False))
    is_live = one["status"] in LIVE
    if not is_live and "breakdown" not in (one["results"] or {}):
        one = data(await get_experiment(project, experiment_id, with_lists=False))
    filters = Filters.of(f"/p/{project.id}/experiments/{experiment_id}", experiment_id, page.request.query_params)
    values: dict[str, Any] = {}
    if one["status"] != "draft":
        values = await overview(project, one, is_live=is_live, personas=personas, rows=rows)
        found = await list_briefs(project, Paging(number, PER_PAGE), filters.as_filter(), filters.sort_by)
        values = values | {"found": data(found)}
    if show == "rerate":
        values["choices"] = {"criterion_sets": await criterion_sets(project), "models": await models(project)}
    if is_live:
        values["talks"] = data(await get_under_way(project, experiment_id, limit=TALKS))
    return await page.show(
        "one_experiment.html",
        status=problems.status if problems else 200,
        one=one,
        is_live=is_live,
        can_go_on=_can_go_on(one),
        filters=filters,
        number=number,
        limit=PER_PAGE,
        places={"personas": personas, "rows": rows, "per_personas": PERSONAS, "per_rows": ROWS},
        show=show,
        problems=problems or Problems(),
        **values,
    )


def _can_go_on(one: dict[str, Any]) -> bool:
    """Whether some of it was not held, or cut short."""
    endings = (one["results"] or {}).get("terminations", {})
    return one["status"] in ENDED and (one["finished"] < one["planned"] or any(endings.get(name) for name in CUT))


@router.get("/p/{project_id}/experiments/{experiment_id}/now")
async def now(
    page: ProjectPage,
    project: Viewer,
    experiment_id: Id,
    besides: Annotated[list[str] | None, Query(max_length=20)] = None,
    limit: Annotated[int, Query(ge=0, le=TALKS)] = TALKS,
) -> Response:
    """Parts for a live page: conversations that run now, besides those that it shows, and the errors so far."""
    talks = data(await get_under_way(project, experiment_id, besides=besides, limit=limit)) if limit else []
    tally = data(await get_tally(project, experiment_id))
    filters = Filters.of(f"/p/{project.id}/experiments/{experiment_id}", experiment_id, {})
    return page.part("_now.html", talks=talks, tally=tally, filters=filters)
