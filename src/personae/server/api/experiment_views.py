"""Experiments as pages show them: the grid of personas by rows, what there is so far, and what runs at this moment."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import NotFound
from personae.server.answers import Answer
from personae.server.deps import Id, Viewer
from personae.server.experiments.grid import grid
from personae.server.experiments.under_way import error_classes, under_way
from personae.server.experiments.words import on_wire
from personae.server.paging import LAST_PAGE
from personae.server.schemas.experiment_views import Grid, Tally, UnderWay
from personae.store import experiments, tallies
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/experiments/{experiment_id}", tags=["experiment runs"])

_MOST_ERRORS = 500
PageNumber = Annotated[int, Query(ge=1, le=LAST_PAGE)]
Side = Annotated[int, Query(ge=1, le=100)]


@router.get("/grid", response_model=Grid)
async def get_grid(
    project: Viewer,
    experiment_id: Id,
    personas_page: PageNumber = 1,
    rows_page: PageNumber = 1,
    personas_limit: Side = 40,
    rows_limit: Side = 25,
) -> Answer:
    """Personas by rows with what each place came to so far, and where a conversation runs; a window of the plan."""
    async with project.reading() as connection:
        found = await grid(
            connection,
            await _found(connection, project.id, experiment_id),
            personas=((personas_page - 1) * personas_limit, personas_limit),
            rows=((rows_page - 1) * rows_limit, rows_limit),
        )
    return Answer(found)


@router.get("/tally", response_model=Tally)
async def get_tally(project: Viewer, experiment_id: Id) -> Answer:
    """How conversations ended so far, and which errors there were, the most frequent first."""
    async with project.reading() as connection:
        if await experiments.progress(connection, project.id, experiment_id) is None:
            raise NotFound(_missing(experiment_id))
        endings = await tallies.endings(connection, experiment_id)
        failed = await tallies.errors(connection, experiment_id, limit=_MOST_ERRORS)
    return Answer(
        {
            "endings": [
                {**_ending(one), "goal_achieved": one["goal_achieved"], "count": one["count"]} for one in endings
            ],
            "errors": [{**_ending(one), "text": one["text"], "count": one["count"]} for one in error_classes(failed)],
            "last_response_id": max((one["last_id"] for one in endings), default=0),
        }
    )


def _ending(one: Record) -> dict[str, Any]:
    return {"termination_reason": on_wire(one["termination"])}


@router.get("/under-way", response_model=list[UnderWay])
async def get_under_way(
    project: Viewer,
    experiment_id: Id,
    besides: Annotated[
        list[str] | None, Query(max_length=100, description="Keys of conversations that are not wanted.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=20)] = 4,
) -> Answer:
    """Some of the conversations that run at this moment, with what was said so far."""
    async with project.reading() as connection:
        experiment = await _found(connection, project.id, experiment_id)
        return Answer(await under_way(connection, experiment, besides=besides or [], limit=limit))


async def _found(connection: AsyncConnection, project_id: int, experiment_id: int) -> Record:
    found = await experiments.get(connection, project_id, experiment_id, with_results=False)
    if found is None:
        raise NotFound(_missing(experiment_id))
    return found


def _missing(experiment_id: int) -> str:
    return f"there is no experiment {experiment_id} in this project"
