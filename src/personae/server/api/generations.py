"""Generations: methods that make drafts of personas and queries for review, run by the server."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import StreamingResponse

from personae.errors import Conflict, InputError, NotFound
from personae.experiments import generating
from personae.generation._plan_proposal import propose_plan, text_of_plan
from personae.generation.authoring.topics import write_topics
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.server.experiments.watching import status_stream
from personae.server.generations.methods import methods, opened, told
from personae.server.generations.work import connected
from personae.server.models import generator
from personae.server.openapi import EVENTS
from personae.server.paging import Page, PagingDep
from personae.server.schemas.generation import (
    Generation,
    GenerationIn,
    GenerationPreview,
    GoOn,
    Method,
    Progress,
    Spent,
    Wished,
    Written,
)
from personae.sources._topics import text_of_topics
from personae.store import drafts, generations, tasks
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/generations", tags=["generations"])

ENDED = ("finished", "cancelled", "failed")


@router.get("/methods")
async def list_methods(project: Viewer) -> list[Method]:  # noqa: ARG001 - the same in all projects
    """Which methods there are, and what each may be told."""
    return list(methods())


@router.get("")
async def list_generations(project: Viewer, paging: PagingDep) -> Page[Generation]:
    """The newest first."""
    async with project.reading() as connection:
        rows, count = await generations.page(connection, project.id, offset=paging.offset, limit=paging.limit)
        counts = await drafts.counts(connection, [row["id"] for row in rows])
    return Page(items=[Generation.of(row, counts[row["id"]]) for row in rows], count=count)


@router.post("/preview")
async def preview_generation(project: Editor, body: GenerationIn) -> GenerationPreview:
    """What it will take, before it is made. 400 for whatever a run would refuse before its first call."""
    async with (
        opened(body.method, body.options) as method,
        connected(project.services, project.id, _writer(project, body), body.embeddings_model) as model,
    ):
        try:
            await asyncio.to_thread(lambda: asyncio.run(generating.check(method, body.n, body.seed)))
        except InputError as error:
            raise told(error) from error
        found = generating.foreseen(method.effort(body.n), model)
        return GenerationPreview(
            method=body.method,
            makes=method.makes,  # type: ignore[arg-type]  # `opened` knows no others
            n=body.n,
            model=model.name,
            calls=found.calls,
            tokens=found.tokens,
            cost_usd=found.usd,
            budget_usd=_ceiling(project, body.budget_usd),
        )


@router.post("", status_code=201)
async def create_generation(project: Editor, body: GenerationIn) -> Generation:
    """Make it, and begin. 400 for whatever it would refuse before its first call."""
    seen = await preview_generation(project, body)
    now = project.services.now()
    async with project.changing() as change:
        id_ = await generations.create(
            change.connection,
            project.id,
            now=now,
            name=body.name or body.method,
            method=body.method,
            makes=seen.makes,
            n=body.n,
            seed=body.seed,
            options=body.options,
            llm_config_id=_writer(project, body),
            embeddings_model=body.embeddings_model,
            budget_usd=seen.budget_usd,
            author=project.actor,
        )
        await _queue(change.connection, project, id_, body.n)
        change.log("create", "generation", id_, method=body.method, n=body.n)
        made = await shown(change.connection, project.id, id_)
    project.services.wake()
    return made


@router.post("/write")
async def write_option(project: Editor, body: Wished) -> Written:
    """Have topics or a sampling plan proposed, for people to edit. Nothing is kept."""
    if not body.context.strip():
        raise InputError("is empty: say what the product is, or who the population are", field="context")
    async with generator(project) as model:
        if body.what == "plan":
            said = f"Proposed by {model.name}: these shares are guesses. Correct them first."
            return Written(text=text_of_plan(await propose_plan(model, body.context), said))
        return Written(text=text_of_topics(await write_topics(model, body.context, body.n, body.seed)))


@router.get("/{generation_id}")
async def get_generation(project: Viewer, generation_id: Id) -> Generation:
    """One of them, with how far it is and how many of its drafts are decided."""
    async with project.reading() as connection:
        return await shown(connection, project.id, generation_id)


@router.post("/{generation_id}/cancel")
async def cancel_generation(project: Editor, generation_id: Id) -> Generation:
    """Finish what is worked at, and end. What is made stays; `resume` could still go on."""
    async with project.changing() as change:
        row = await found(change.connection, project.id, generation_id)
        if row["status"] == "running":
            await tasks.ask(change.connection, row["task_id"], "cancel")
        elif row["status"] == "queued":
            now = project.services.now()
            await tasks.set_status(change.connection, row["task_id"], "FAILURE", error="cancelled", now=now)
            await generations.change(change.connection, generation_id, now=now, status="cancelled", ended_at=now)
        else:
            raise Conflict(f"the generation {row['name']!r} is {row['status']}: there is nothing to cancel")
        change.log("cancel", "generation", generation_id)
        changed = await shown(change.connection, project.id, generation_id)
    project.services.wake()
    return changed


@router.post("/{generation_id}/resume")
async def resume_generation(project: Editor, generation_id: Id, body: GoOn) -> Generation:
    """Go on: with what is missing, with what failed, or with more of the same. Nothing is paid for twice."""
    async with project.changing() as change:
        row = await found(change.connection, project.id, generation_id)
        if row["status"] not in ENDED:
            raise Conflict(f"the generation {row['name']!r} is {row['status']}: it goes on by itself")
        n = body.n or row["n"]
        if n < row["n"]:
            raise InputError(f"must be {row['n']} or more: what is made is not thrown away", field="n")
        if row["made"] >= n:
            raise Conflict(f"all {n} are made: ask for more of them")
        budget = row["budget_usd"] if body.budget_usd is None else body.budget_usd
        again: dict[str, Any] = {"problem": None, "failed": 0, "failures": [], "ended_at": None}
        now = project.services.now()
        await generations.change(change.connection, generation_id, now=now, n=n, budget_usd=budget, **again)
        await _queue(change.connection, project, generation_id, n)
        change.log("resume", "generation", generation_id, **body.model_dump(exclude_none=True))
        changed = await shown(change.connection, project.id, generation_id)
    project.services.wake()
    return changed


@router.delete("/{generation_id}", status_code=204)
async def delete_generation(project: Editor, generation_id: Id) -> None:
    """With its drafts and decisions. Personas and collections that were made of them stay."""
    async with project.changing() as change:
        row = await found(change.connection, project.id, generation_id)
        if row["status"] in generations.UNFINISHED:
            raise Conflict(f"the generation {row['name']!r} is {row['status']}: cancel it first")
        await generations.delete(change.connection, generation_id)
        change.log("delete", "generation", generation_id, name=row["name"])


@router.get("/{generation_id}/events", response_class=StreamingResponse, responses=EVENTS)
async def watch_generation(
    project: Viewer,
    generation_id: Id,
    polling_interval: Annotated[float, Query(ge=0.1, le=10, description="Seconds between two looks.")] = 0.5,
) -> StreamingResponse:
    """How far it is, as server-sent events until it is over."""
    await get_generation(project, generation_id)
    return status_stream(lambda: _progress(project, generation_id), polling_interval)


async def shown(connection: AsyncConnection, project_id: int, generation_id: int) -> Generation:
    """As it is on the wire. Raises NotFound."""
    row = await found(connection, project_id, generation_id)
    return Generation.of(row, (await drafts.counts(connection, [generation_id]))[generation_id])


async def found(connection: AsyncConnection, project_id: int, generation_id: int) -> Record:
    """Its row. Raises NotFound."""
    row = await generations.get(connection, project_id, generation_id)
    if row is None:
        raise NotFound(f"there is no generation {generation_id} in this project")
    return row


async def _queue(connection: AsyncConnection, project: ProjectAccess, generation_id: int, n: int) -> None:
    now, payload = project.services.now(), {"generation_id": generation_id}
    task_id = await tasks.create(
        connection, project.id, "generate", experiment_id=None, total=n, payload=payload, now=now
    )
    await generations.change(connection, generation_id, now=now, status="queued", task_id=task_id)


async def _progress(project: ProjectAccess, generation_id: int) -> Progress:
    one = await get_generation(project, generation_id)
    status = {"queued": "PENDING", "running": "STARTED", "finished": "SUCCESS"}.get(one.status, "FAILURE")
    return Progress(
        status=status,  # type: ignore[arg-type]  # one of them
        generation_status=one.status,
        made=one.made,
        n=one.n,
        failed=one.failed,
        usage=Spent.model_validate(one.usage),
        problem=one.problem,
    )


def _writer(project: ProjectAccess, body: GenerationIn) -> int | None:
    """Kept with a generation, so that it goes on with the model that it began with. None: the deployment's."""
    own: int | None = project.chosen.get("simulator", {}).get("llm_config_id")
    return body.llm_config_id or own


def _ceiling(project: ProjectAccess, asked: float | None) -> float:
    return project.limits.budget_usd if asked is None else asked
