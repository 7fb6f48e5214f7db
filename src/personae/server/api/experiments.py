"""Experiments: made of references to other nouns, run on copies of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import Conflict, NotFound
from personae.server.answers import Answer
from personae.server.deps import MAX_ID, Editor, Id, Viewer
from personae.server.experiments.creation import check, draft, look, queue
from personae.server.experiments.results import rows_like, summed_up
from personae.server.failures import Taken
from personae.server.paging import PagingDep
from personae.server.schemas.experiment import ExperimentIn, ExperimentPreview, ExperimentUpdate, summary, wire
from personae.server.schemas.experiment_out import Experiment, ExperimentPage
from personae.server.schemas.experiment_views import ExperimentSummaries
from personae.store import experiments
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/experiments", tags=["experiments"])

MOST_SUMMED = 5_000
"""Responses up to which results are summed up at each look while a run goes on; larger ones have theirs at the end."""

Reference = Annotated[int | None, Query(ge=1, le=MAX_ID)]


@router.get("", response_model=ExperimentPage)
async def list_experiments(
    project: Viewer,
    paging: PagingDep,
    experiment_name: Annotated[str | None, Query(description="Exactly this name.")] = None,
    search: Annotated[str, Query(description="Part of a name.")] = "",
    status: Annotated[str | None, Query(description="draft, queued, running, paused, finished ...")] = None,
    prompt_template_id: Reference = None,
    collection_id: Reference = None,
    llm_config_id: Reference = None,
) -> Answer:
    """Experiments, the newest first."""
    async with project.reading() as connection:
        if experiment_name is not None:
            one = await experiments.by_name(connection, project.id, experiment_name)
            items = [] if one is None else [wire(one)]
            return Answer({"items": items, "count": len(items)})
        references = {
            "prompt_template_id": prompt_template_id,
            "collection_id": collection_id,
            "llm_config_id": llm_config_id,
        }
        found, count = await experiments.find(
            connection,
            project.id,
            references={name: id_ for name, id_ in references.items() if id_ is not None},
            status=status,
            search=search,
            offset=paging.offset,
            limit=paging.limit,
        )
    return Answer({"items": [wire(row, with_lists=len(found) == 1) for row in found], "count": count})


@router.get("/summaries", response_model=ExperimentSummaries)
async def list_summaries(
    project: Viewer,
    paging: PagingDep,
    search: Annotated[str, Query(description="Part of a name.")] = "",
    status: Annotated[list[str] | None, Query(description="Any of draft, queued, running, paused ...")] = None,
    collection_id: Reference = None,
    persona_group_id: Reference = None,
    llm_config_id: Reference = None,
) -> Answer:
    """What a list shows of experiments, the newest first: names, progress, and the rates of those that are over."""
    references = {
        "collection_id": collection_id,
        "persona_group_id": persona_group_id,
        "llm_config_id": llm_config_id,
    }
    async with project.reading() as connection:
        found, count = await experiments.summaries(
            connection,
            project.id,
            statuses=status or (),
            references={name: id_ for name, id_ in references.items() if id_ is not None},
            search=search,
            offset=paging.offset,
            limit=paging.limit,
        )
    return Answer({"items": [summary(row) for row in found], "count": count})


@router.post("/preview")
async def preview_experiment(project: Viewer, body: ExperimentIn) -> ExperimentPreview:
    """What a run would be: conversations, calls, cost as a range, everything that is missing, one prompt to read."""
    _, seen = await look(project, body)
    return ExperimentPreview.of(seen)


@router.post("", status_code=201, response_model=Experiment)
async def create_experiment(project: Editor, body: ExperimentIn) -> Answer:
    """A new experiment. With `generate` it is checked and run at once; copies of all that it refers to are taken."""
    if body.generate:
        drafted, seen = await look(project, body)
        check(seen)
    else:
        async with project.reading() as connection:
            drafted = await draft(connection, project.id, body)
    async with project.changing() as change:
        if await experiments.by_name(change.connection, project.id, body.name) is not None:
            raise Taken(f"an experiment is called {body.name!r} already")
        id_ = await experiments.create(
            change.connection, project.id, drafted.values, drafted.rows, now=project.services.now()
        )
        if body.generate:
            await queue(change.connection, project, id_, total=drafted.values["planned"])
        change.log("create", "experiment", id_, name=body.name, run=body.generate)
        made = await _found(change.connection, project.id, id_)
    project.services.wake()
    return Answer(wire(made), 201)


@router.get("/{experiment_id}", response_model=Experiment)
async def get_experiment(
    project: Viewer,
    experiment_id: Id,
    categorical_filters: Annotated[
        str | None, Query(description='JSON, `{"column": ["value"]}`: the results of the rows that fit.')
    ] = None,
    with_results: Annotated[bool, Query(description="False: those that are summed up already, or none.")] = True,
    with_lists: Annotated[bool, Query(description="False: without the lists of a number per response.")] = True,
) -> Answer:
    """One experiment with its results so far."""
    async with project.reading() as connection:
        row = await _found(connection, project.id, experiment_id)
        row_ids = await rows_like(connection, experiment_id, categorical_filters) if categorical_filters else None
        is_due = with_results and _is_due(row)
        if row_ids is not None or is_due:
            until = row["ended_at"] or project.services.now()
            row["results"] = await summed_up(connection, row, row_ids=row_ids, until=until)
    return Answer(wire(row, with_lists=with_lists))


@router.put("/{experiment_id}", response_model=Experiment)
async def update_experiment(project: Editor, experiment_id: Id, body: ExperimentUpdate) -> Answer:
    """Another name or description. What it was launched with never changes."""
    async with project.changing() as change:
        before = await _found(change.connection, project.id, experiment_id)
        values = body.model_dump(exclude_unset=True)
        if (name := values.get("name")) is not None and name != before["name"]:
            if await experiments.by_name(change.connection, project.id, name) is not None:
                raise Taken(f"an experiment is called {name!r} already")
        elif "name" in values:
            del values["name"]
        await experiments.change(change.connection, experiment_id, now=project.services.now(), **values)
        change.log("update", "experiment", experiment_id, **values)
        return Answer(wire(await _found(change.connection, project.id, experiment_id)))


@router.delete("/{experiment_id}", status_code=204)
async def delete_experiment(project: Editor, experiment_id: Id) -> None:
    """With its responses and ratings. 409 while it runs: cancel it first."""
    async with project.changing() as change:
        row = await _found(change.connection, project.id, experiment_id)
        if row["status"] == "running":
            raise Conflict(f"the experiment {row['name']!r} is running: cancel it first")
        await experiments.delete(change.connection, experiment_id)
        change.log("delete", "experiment", experiment_id, name=row["name"])


def _is_due(row: Record) -> bool:
    """Whether its results are to be summed up now: they are not kept, or were by a version that did not take apart."""
    return "breakdown" not in (row["results"] or {}) and 0 < row["finished"] <= MOST_SUMMED


async def _found(connection: AsyncConnection, project_id: int, experiment_id: int) -> Record:
    found = await experiments.get(connection, project_id, experiment_id)
    if found is None:
        raise NotFound(f"there is no experiment {experiment_id} in this project")
    return found
