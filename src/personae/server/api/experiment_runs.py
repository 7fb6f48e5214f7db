"""Running experiments: run, pause, resume, cancel, retry, rate again, raise the budget, and how far each is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import StreamingResponse

from personae.core.conversation import CUT
from personae.errors import Conflict, InputError, NotFound
from personae.server.answers import Answer
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.experiments.additions import is_brought, places_beside
from personae.server.experiments.creation import Draft, check, draft, look_at, queue
from personae.server.experiments.maps import map_page
from personae.server.experiments.snapshot import criterion_set
from personae.server.experiments.watching import status_stream
from personae.server.openapi import EVENTS
from personae.server.project_settings import given, own
from personae.server.schemas.experiment import (
    UNKNOWN,
    BudgetIn,
    ExperimentIn,
    Judges,
    RerateIn,
    RetryIn,
    RunIn,
    Status,
    check_known,
    status,
    wire,
)
from personae.server.schemas.experiment_out import Experiment, ExperimentMap
from personae.store import experiments, ratings, responses, tasks
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/experiments/{experiment_id}", tags=["experiment runs"])

ENDED = ("finished", "cancelled", "failed")


@router.post("/run", response_model=Experiment)
async def run_experiment(project: Editor, experiment_id: Id, body: RunIn) -> Answer:
    """Run an experiment that was made without `generate`. Copies of all that it refers to are taken now, and what the
    project is set to where it says nothing itself.
    """
    async with project.reading() as connection:
        row = await _found(connection, project.id, experiment_id)
        _check_status(row, ("draft",), "has been run already: see `resume` and `retry-failed`")
        drafted = await draft(connection, project.id, _asked(row, body))
        check(await look_at(connection, project, drafted))
    return await _start(project, experiment_id, ("draft",), drafted)


@router.post("/pause", response_model=Experiment)
async def pause_experiment(project: Editor, experiment_id: Id) -> Answer:
    """Finish the calls that are under way, and wait. Nothing is lost; `resume` goes on."""
    return await _ask(project, experiment_id, "pause")


@router.post("/cancel", response_model=Experiment)
async def cancel_experiment(project: Editor, experiment_id: Id) -> Answer:
    """Finish the calls that are under way, and end. What is there stays; `resume` could still go on."""
    return await _ask(project, experiment_id, "cancel")


@router.post("/resume", response_model=Experiment)
async def resume_experiment(project: Editor, experiment_id: Id) -> Answer:
    """Go on with a paused, cancelled or failed experiment, and with conversations that a ceiling cut short."""
    async with project.reading() as connection:
        await _found(connection, project.id, experiment_id)
        known = await responses.light(connection, project.id, responses.Filter(experiment_id=experiment_id))
        cut = [one for one in known if one["termination"] in CUT]
        beside = await places_beside(connection, project.id, experiment_id, cut)
    return await _start(project, experiment_id, ("paused", *ENDED), payload={"beside": beside} if beside else None)


@router.post("/retry-failed", response_model=Experiment)
async def retry_failed(project: Editor, experiment_id: Id, body: RetryIn) -> Answer:
    """Run again what failed, and rate again where a rating did. Without such, `generation_task_id` is null."""
    async with project.reading() as connection:
        row = await _found(connection, project.id, experiment_id)
        _check_status(row, ENDED, "is not over: wait, or cancel it first")
        known = await responses.light(connection, project.id, responses.Filter(experiment_id=experiment_id))
        failed = [one for one in known if (one["has_error"] or one["unrated"]) and not is_brought(one)]
        beside = await places_beside(connection, project.id, experiment_id, failed)
        if not body.discard_annotations:
            await _check_unannotated(connection, project.id, experiment_id, [one["id"] for one in failed])
    if not failed:
        return Answer({**wire(row), "generation_task_id": None})
    return await _start(
        project, experiment_id, ENDED, payload={"retry_errors": True, "beside": beside}, rating_mode=body.rating_mode
    )


@router.post("/rerate", response_model=Experiment)
async def rerate_experiment(project: Editor, experiment_id: Id, body: RerateIn) -> Answer:
    """Rate all responses again, by another criterion set or judge. Nothing is simulated again."""
    async with project.changing() as change:
        row = await _found(change.connection, project.id, experiment_id)
        _check_status(row, ENDED, "is not over: wait, or cancel it first")
        values: dict[str, Any] = {"status": "queued", "problem": None}
        snapshot, settings = dict(row["snapshot"]), dict(row["settings"])
        if body.criterion_set_id is not None:
            snapshot["criterion_set"] = await criterion_set(change.connection, project.id, body.criterion_set_id)
            values["criterion_set_id"] = body.criterion_set_id
        if body.judge is not None or body.judges:
            settings = {name: value for name, value in settings.items() if name not in Judges.model_fields}
            settings |= body.model_dump(include={*Judges.model_fields}, exclude_none=True)
        if body.rating_mode is not None:
            values["rating_mode"] = body.rating_mode
        if not snapshot["criterion_set"]["criteria"]:
            raise InputError("has no criteria: name a criterion set", field="criterion_set_id")
        now = project.services.now()
        task_id = await tasks.create(
            change.connection, project.id, "rate", experiment_id=experiment_id, total=row["finished"], now=now
        )
        values |= {"snapshot": snapshot, "settings": settings, "task_id": task_id}
        await experiments.change(change.connection, experiment_id, now=now, **values)
        change.log("rerate", "experiment", experiment_id, **body.model_dump(exclude_none=True))
        changed = await _found(change.connection, project.id, experiment_id)
    project.services.wake()
    return Answer(wire(changed))


@router.put("/budget", response_model=Experiment)
async def set_budget(project: Editor, experiment_id: Id, body: BudgetIn) -> Answer:
    """Another ceiling: for a running experiment within a second; `resume` goes on with conversations that were cut."""
    async with project.changing() as change:
        row = await _found(change.connection, project.id, experiment_id)
        settings = given(row["settings"], budget_usd=body.budget_usd)
        await experiments.change(change.connection, experiment_id, now=project.services.now(), settings=settings)
        change.log("budget", "experiment", experiment_id, budget_usd=body.budget_usd)
        return Answer(wire(await _found(change.connection, project.id, experiment_id)))


@router.get("/generation/{task_id}")
async def get_generation(
    project: Viewer,
    experiment_id: Id,
    task_id: str,
    connection_uuid: Annotated[str | None, Query(description="The caller's own cursor for `logs_delta`.")] = None,  # noqa: ARG001 - the SDK sends it; our logs are short
) -> Status:
    """How far a task is."""
    return await _status(project, experiment_id, task_id)


@router.get("/generation/{task_id}/stream", response_class=StreamingResponse, responses=EVENTS)
async def stream_generation(
    project: Viewer,
    experiment_id: Id,
    task_id: str,
    polling_interval: Annotated[float, Query(ge=0.1, le=10, description="Seconds between two looks.")] = 0.5,
) -> StreamingResponse:
    """How far a task is, as server-sent events until it is over."""
    check_known(await _status(project, experiment_id, task_id), task_id)
    return status_stream(lambda: _status(project, experiment_id, task_id), polling_interval)


@router.get("/map")
async def get_map(
    project: Viewer,
    experiment_id: Id,
    page: Annotated[int, Query(ge=1, le=10**9)] = 1,
    limit: Annotated[int, Query(ge=1, le=1000, description="Samples per page.")] = 50,
) -> ExperimentMap:
    """Which response belongs to which row and persona."""
    async with project.reading() as connection:
        row = await _found(connection, project.id, experiment_id)
        return await map_page(connection, row, page=page, limit=limit)


async def _status(project: ProjectAccess, experiment_id: int, task_id: str) -> Status:
    async with project.reading() as connection:
        row = await experiments.progress(connection, project.id, experiment_id)
        if row is None:
            raise NotFound(f"there is no experiment {experiment_id} in this project")
        task = await tasks.get(connection, project.id, task_id)
    if task is None or task["experiment_id"] != experiment_id:
        return UNKNOWN
    return status(task, row)


async def _found(connection: AsyncConnection, project_id: int, experiment_id: int) -> Record:
    found = await experiments.get(connection, project_id, experiment_id)
    if found is None:
        raise NotFound(f"there is no experiment {experiment_id} in this project")
    return found


def _check_status(row: Record, allowed: tuple[str, ...], problem: str) -> None:
    if row["status"] not in allowed:
        raise Conflict(f"the experiment {row['name']!r} is {row['status']} and {problem}")


async def _check_unannotated(connection: AsyncConnection, project_id: int, experiment_id: int, ids: list[int]) -> None:
    noted = responses.Filter(experiment_id=experiment_id, is_annotated=True)
    annotated = {one["id"] for one in await responses.light(connection, project_id, noted)} & set(ids)
    by_hand = {
        id_
        for id_, found in (await ratings.of_responses(connection, ids)).items()
        if any(one["is_manual"] for one in found)
    }
    if annotated | by_hand:
        raise Conflict(
            f"{len(annotated | by_hand)} of the failed responses carry annotations or ratings by hand: send "
            "`discard_annotations` to replace them as well"
        )


def _asked(row: Record, body: RunIn) -> ExperimentIn:
    """The experiment as it was asked for, with what the run chooses."""
    settings = {name: value for name, value in own(row["settings"]).items() if name in ExperimentIn.model_fields}
    asked = ExperimentIn(
        **{
            **settings,
            "name": row["name"],
            "description": row["description"],
            "collection_id": row["collection_id"],
            "prompt_template_id": row["prompt_template_id"],
            "llm_config_id": row["llm_config_id"],
            "criterion_set_id": row["criterion_set_id"],
            "persona_group_id": row["persona_group_id"],
            "response_column_id": row["response_column_id"],
            "evaluation_mode": row["evaluation_mode"],
            "rating_version": row["rating_version"],
            "rating_mode": body.rating_mode,
            "n_epochs": body.n_epochs,
        }
    )
    return (
        asked
        if body.generation_params is None
        else asked.model_copy(update={"generation_params": body.generation_params})
    )


async def _start(
    project: ProjectAccess,
    experiment_id: int,
    allowed: tuple[str, ...],
    drafted: Draft | None = None,
    *,
    payload: dict[str, Any] | None = None,
    **changes: Any,
) -> Answer:
    """Queue the experiment, if it is still in one of the states in which it can be."""
    async with project.changing() as change:
        row = await _found(change.connection, project.id, experiment_id)
        _check_status(row, allowed, "cannot be started now")
        if "imported_from" in row["settings"]:
            raise Conflict(f"the experiment {row['name']!r} was imported and its bot is not known: it cannot be run")
        if drafted is not None:
            await experiments.set_rows(change.connection, experiment_id, drafted.rows)
            changes |= {name: value for name, value in drafted.values.items() if name not in ("name", "description")}
        await queue(
            change.connection,
            project,
            experiment_id,
            total=changes["planned"] if "planned" in changes else row["planned"],
            payload=payload,
            **changes,
        )
        change.log("run", "experiment", experiment_id, **(payload or {}))
        made = await _found(change.connection, project.id, experiment_id)
    project.services.wake()
    return Answer(wire(made))


async def _ask(project: ProjectAccess, experiment_id: int, wish: tasks.Wanted) -> Answer:
    """Tell the process that runs the experiment; where none does, it is done at once."""
    async with project.changing() as change:
        row = await _found(change.connection, project.id, experiment_id)
        if row["status"] in ("queued", "paused") and row["task_id"] is not None:
            await _put_by(change.connection, project, row, wish)
        elif row["status"] == "running":
            await tasks.ask(change.connection, row["task_id"], wish)
        else:
            raise Conflict(f"the experiment {row['name']!r} is {row['status']}: there is nothing to {wish}")
        change.log(wish, "experiment", experiment_id)
        changed = await _found(change.connection, project.id, experiment_id)
    project.services.wake()
    return Answer(wire(changed))


async def _put_by(connection: AsyncConnection, project: ProjectAccess, row: Record, wish: tasks.Wanted) -> None:
    """No process has claimed it yet, or it is paused."""
    now = project.services.now()
    if wish == "pause":
        await tasks.set_status(connection, row["task_id"], "PAUSED", now=now)
        await experiments.change(connection, row["id"], now=now, status="paused")
    else:
        await tasks.set_status(connection, row["task_id"], "FAILURE", error="cancelled", now=now)
        await experiments.change(connection, row["id"], now=now, status="cancelled", problem="cancelled", ended_at=now)
