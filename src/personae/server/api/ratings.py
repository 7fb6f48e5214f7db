"""Ratings: the answers to criteria, by the judge or by people."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import StreamingResponse

from personae.errors import InputError
from personae.server.answers import Answer
from personae.server.deps import MAX_ID, Editor, ProjectAccess, Viewer
from personae.server.experiments import pages
from personae.server.experiments.by_hand import with_answers
from personae.server.experiments.waiting import over
from personae.server.experiments.watching import status_stream
from personae.server.openapi import EVENTS
from personae.server.paging import PagingDep
from personae.server.schemas.experiment import UNKNOWN, RatingMode, Status, check_known, status
from personae.server.schemas.experiment_out import Rating, RatingPage
from personae.server.schemas.response import ManualRatingIn, RatingsBatchIn, RatingsIn, wire_rating
from personae.store import experiments, ratings, responses, tasks

router = APIRouter(prefix="/projects/{project_id}/ratings", tags=["ratings"])


@router.get("", response_model=RatingPage)
async def list_ratings(
    project: Viewer, paging: PagingDep, prompt_response_id: Annotated[int, Query(ge=1, le=MAX_ID)]
) -> Answer:
    """The ratings of one response."""
    async with project.reading() as connection:
        await pages.found(connection, project.id, prompt_response_id)
        found, count = await ratings.page(
            connection, project.id, prompt_response_id, offset=paging.offset, limit=paging.limit
        )
    return Answer({"items": [wire_rating(row) for row in found], "count": count})


@router.post("", response_model=list[Rating])
async def rate_response(project: Editor, body: RatingsIn) -> Answer:
    """Rate one response again by its experiment's criteria; the answer comes when it is done."""
    async with project.changing() as change:
        task_id = await _queue(change.connection, project, [body.prompt_response_id], body.rating_mode)
        change.log("rate", "response", body.prompt_response_id)
    project.services.wake()
    await over(project, task_id)
    async with project.reading() as connection:
        found, _ = await ratings.page(connection, project.id, body.prompt_response_id, offset=0, limit=1000)
    return Answer([wire_rating(row) for row in found])


@router.post("/batches")
async def rate_responses(project: Editor, body: RatingsBatchIn) -> str | None:
    """Rate several responses of one experiment again. The answer is the task's id; null where there are none."""
    if not body.prompt_response_ids:
        return None
    async with project.changing() as change:
        task_id = await _queue(change.connection, project, body.prompt_response_ids, body.rating_mode)
        change.log("rate", "responses", "", count=len(body.prompt_response_ids))
    project.services.wake()
    return task_id


@router.get("/batches/{task_id}")
async def get_ratings_task(project: Viewer, task_id: str) -> Status:
    """How far such a task is."""
    return await _status(project, task_id)


@router.get("/batches/{task_id}/stream", response_class=StreamingResponse, responses=EVENTS)
async def stream_ratings_task(
    project: Viewer,
    task_id: str,
    polling_interval: Annotated[float, Query(ge=0.1, le=10, description="Seconds between two looks.")] = 0.5,
) -> StreamingResponse:
    """How far such a task is, as server-sent events until it is over."""
    check_known(await _status(project, task_id), task_id)
    return status_stream(lambda: _status(project, task_id), polling_interval)


@router.put("/manual", response_model=Rating)
async def rate_by_hand(project: Editor, body: ManualRatingIn) -> Answer:
    """Your own answer to a criterion, in place of the judge's. It stays when the response is rated again."""
    async with project.changing() as change:
        response = await pages.found(change.connection, project.id, body.prompt_response_id)
        known = (await ratings.of_responses(change.connection, [response["id"]])).get(response["id"], [])
        before = next((one for one in known if one["criterion_id"] == body.criterion_id), None)
        if before is None:
            raise InputError(f"the response was not rated by a criterion {body.criterion_id}", field="criterion_id")
        values = {"rating": body.rating, "reasoning": body.reasoning, "rater": project.actor, "is_manual": True}
        now = project.services.now()
        await ratings.change(change.connection, before["id"], **values, error=None, created_at=now)
        now_rated = [before | values if one is before else one for one in known]
        counts = ratings.counted(now_rated)
        experiment = await experiments.by_id(change.connection, response["experiment_id"])
        assert experiment is not None
        result = with_answers(response["result"], experiment["snapshot"], now_rated)
        await responses.change(change.connection, response["id"], **counts, result=result)
        if response["error"] is None and response["unrated"] and not counts["unrated"]:
            await experiments.count_up(change.connection, response["experiment_id"], rated=1, now=now)
        await experiments.change(change.connection, response["experiment_id"], now=now, results=None)
        change.log("rate", "response", response["id"], criterion_id=body.criterion_id, rating=body.rating)
        return Answer(wire_rating({**before, **values, "error": None}))


async def _queue(
    connection: AsyncConnection, project: ProjectAccess, response_ids: list[int], rating_mode: RatingMode
) -> str:
    chosen = responses.Filter(ids=tuple(response_ids))
    found = await responses.light(connection, project.id, chosen)
    if len(found) < len(set(response_ids)):
        missing = sorted(set(response_ids) - {row["id"] for row in found})
        raise InputError(f"there is no response {missing[0]} in this project", field="prompt_response_ids")
    owners = {row["experiment_id"] for row in found}
    if len(owners) > 1:
        raise InputError("must be of one experiment", field="prompt_response_ids")
    experiment = await experiments.progress(connection, project.id, found[0]["experiment_id"])
    assert experiment is not None
    return await tasks.create(
        connection,
        project.id,
        "rate",
        experiment_id=experiment["id"],
        total=len(found),
        payload={"response_ids": [row["id"] for row in found], "rating_mode": rating_mode},
        now=project.services.now(),
    )


async def _status(project: ProjectAccess, task_id: str) -> Status:
    async with project.reading() as connection:
        task = await tasks.get(connection, project.id, task_id)
    return UNKNOWN if task is None else status(task, None)
