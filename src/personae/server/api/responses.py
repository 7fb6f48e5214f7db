"""Responses: what came out of experiments, one conversation or answer each."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import fmean
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator, Field

from personae.core.validity import Fault
from personae.errors import InputError, NotFound
from personae.server.answers import Answer
from personae.server.deps import MAX_ID, Editor, Id, Viewer
from personae.server.experiments import pages
from personae.server.experiments.additions import add
from personae.server.experiments.samples import compared, sampled
from personae.server.experiments.waiting import over
from personae.server.experiments.words import ours
from personae.server.paging import PagingDep
from personae.server.schemas.experiment import UNKNOWN, Status, status
from personae.server.schemas.experiment_out import Response, ResponsePage, Samples
from personae.server.schemas.response import AnnotationIn, Beside, ResponseIn, ResponsesIn
from personae.store import experiments, responses, tasks

router = APIRouter(prefix="/projects/{project_id}/responses", tags=["responses"])

_Blank = BeforeValidator(lambda value: None if value == "" else value)
"""A filter that a form leaves blank does not filter."""
_Id = Annotated[int, Field(ge=1, le=MAX_ID)]  # within what may be None: bounds around it would be held against None
Reference = Annotated[_Id | None, _Blank, Query()]
Least = Annotated[Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)] | None, _Blank, Query()]
Flag = Annotated[bool | None, _Blank, Query()]


def filter_of(
    experiment_id: Reference = None,
    prompt_template_id: Reference = None,
    collection_id: Reference = None,
    template_variables_id: Annotated[_Id | None, _Blank, Query(description="The row.")] = None,
    persona_id: Reference = None,
    llm_model_name: str | None = None,
    epoch: Annotated[Annotated[int, Field(ge=1, le=2**31 - 1)] | None, _Blank, Query()] = None,
    response_ids: Annotated[list[_Id] | None, Query(max_length=10_000)] = None,
    prompt_id: Reference = None,
    termination_reason: Annotated[str | None, _Blank, Query(description="As responses say it.")] = None,
    has_error: Flag = None,
    goal_achieved: Flag = None,
    judged: Annotated[Flag, Query(description="Whether the goal, or any criterion, got an answer.")] = None,
    criterion_id: Reference = None,
    verdict: Annotated[str | None, _Blank, Query(description="YES, NO, or none: of the criterion, or of any.")] = None,
    validity: Annotated[
        Literal["valid", "unsure", "invalid", "none", "counted"] | None,
        _Blank,
        Query(description="`none`: not checked; `counted`: all but invalid, which are in no rate."),
    ] = None,
    fault: Annotated[
        Fault | None, _Blank, Query(description="Whose fault it is that it was no fair test, or may have been none.")
    ] = None,
    text: Annotated[
        str,
        Query(max_length=1000, description="Words said or in an error, or in an annotation: all, whole or in part."),
    ] = "",
    exclude_perfect_responses: bool = False,
    show_only_annotated_responses: bool = False,
    criteria_filter_by: Annotated[
        str | None, Query(max_length=100_000, description="`{5: 'YES', 7: 'NO'}`: the criteria were answered so.")
    ] = None,
    duration_seconds_min: Least = None,
    duration_seconds_max: Least = None,
    input_tokens_min: Least = None,
    input_tokens_max: Least = None,
    output_tokens_min: Least = None,
    output_tokens_max: Least = None,
    turns_min: Least = None,
    turns_max: Least = None,
    cost_usd_min: Least = None,
    cost_usd_max: Least = None,
) -> responses.Filter:
    """Which responses are meant."""
    ids = tuple(response_ids) if response_ids is not None else None
    if prompt_id is not None:  # a prompt goes by its response's id
        ids = (prompt_id,) if ids is None else tuple(id_ for id_ in ids if id_ == prompt_id)
    return responses.Filter(
        experiment_id=experiment_id,
        prompt_template_id=prompt_template_id,
        collection_id=collection_id,
        llm_model_name=llm_model_name,
        row_id=template_variables_id,
        persona_id=persona_id,
        epoch=epoch,
        ids=ids,
        termination=None if termination_reason is None else ours(termination_reason),
        has_error=has_error,
        goal_achieved=goal_achieved,
        is_judged=judged,
        criterion_id=criterion_id,
        verdict=verdict,
        answers=_answers(criteria_filter_by or ""),
        is_annotated=True if show_only_annotated_responses else None,
        is_imperfect=True if exclude_perfect_responses else None,
        validity=validity,
        fault=fault,
        text=text,
        duration_s=(duration_seconds_min, duration_seconds_max),
        input_tokens=(input_tokens_min, input_tokens_max),
        output_tokens=(output_tokens_min, output_tokens_max),
        turns=(turns_min, turns_max),
        cost_usd=(cost_usd_min, cost_usd_max),
    )


def _answers(text: str) -> tuple[tuple[int, str], ...]:
    """Criterion and answer. The elluminate SDK sends the Python text of a dict with its own enumeration in it."""
    found = _ANSWER.findall(text)
    if _ANSWER.sub("", text).strip(" {},"):
        raise InputError("must be such as {5: 'YES', 7: 'NO'}", field="criteria_filter_by")
    return tuple((int(criterion_id), answer) for criterion_id, answer in found)


_ANSWER = re.compile(r"""["']?(\d{1,18})["']?\s*:\s*(?:<[\w.]+:\s*)?["'](YES|NO)["']>?""")

FilterDep = Annotated[responses.Filter, Depends(filter_of)]
SortBy = Annotated[
    str,
    Query(
        max_length=40,
        description="rating, input-tokens, output-tokens, duration, turns or cost; -asc or -desc. Or worst.",
    ),
]


@router.get("", response_model=ResponsePage)
async def list_responses(project: Viewer, paging: PagingDep, chosen: FilterDep, sort_by: SortBy = "") -> Answer:
    """Responses with their ratings, by id."""
    async with project.reading() as connection:
        count = None
        if chosen.is_whole_experiment:
            assert chosen.experiment_id is not None
            counted = await experiments.progress(connection, project.id, chosen.experiment_id)
            count = 0 if counted is None else counted["finished"]
        found, total = await responses.page(
            connection, project.id, chosen, sort=sort_by, offset=paging.offset, limit=paging.limit, count=count
        )
        return Answer({"items": await pages.whole(connection, found), "count": total})


@router.get("/samples", response_model=list[Samples])
async def list_samples(project: Viewer, chosen: FilterDep, sort_by: SortBy = "") -> Answer:
    """The chosen responses of an experiment by row."""
    if chosen.experiment_id is None:
        raise InputError("is needed", field="experiment_id")
    async with project.reading() as connection:
        return Answer(await sampled(connection, project.id, chosen, sort=sort_by))


@router.get("/comparison/samples", response_model=list[Samples])
async def list_comparison_samples(
    project: Viewer,
    experiment_a_id: Annotated[int, Query(ge=1, le=MAX_ID)],
    experiment_b_id: Annotated[int, Query(ge=1, le=MAX_ID)],
    filter_samples_by: Annotated[str | None, Query(description="improved or regressed, from a to b.")] = None,
    criterion_ids: Annotated[list[int] | None, Query(description="Only by these criteria.")] = None,
    categorical_filters: Annotated[str | None, Query(description='JSON, `{"column": ["value"]}`.')] = None,
) -> Answer:
    """The responses of two experiments by row: all, or the rows in which b is better or worse than a."""
    async with project.reading() as connection:
        for id_ in (experiment_a_id, experiment_b_id):
            if await experiments.progress(connection, project.id, id_) is None:
                raise NotFound(f"there is no experiment {id_} in this project")
        return Answer(
            await compared(
                connection,
                project.id,
                (experiment_a_id, experiment_b_id),
                change=filter_samples_by,
                criterion_ids=criterion_ids,
                categorical_filters=categorical_filters,
            )
        )


@router.get("/stats")
async def get_stats(
    project: Viewer,
    days: Annotated[int, Query(ge=1, le=90)] = 30,
    llm_config_id: Reference = None,
) -> dict[str, Any]:
    """What the project's responses took in the last days."""
    now = project.services.now()
    async with project.reading() as connection:
        found = await responses.daily(connection, project.id, now - timedelta(days=days))
    if llm_config_id is not None:
        found = [row for row in found if row["llm_config_id"] == llm_config_id]
    inputs = [row["input_tokens"] or 0 for row in found]
    outputs = [row["output_tokens"] or 0 for row in found]
    durations = [row["duration_s"] for row in found if row["duration_s"] is not None]
    passed, judged = sum(row["passed"] for row in found), sum(row["passed"] + row["not_passed"] for row in found)
    return {
        "total_responses": len(found),
        "total_input_tokens": sum(inputs),
        "total_output_tokens": sum(outputs),
        "average_input_tokens": fmean(inputs) if inputs else 0.0,
        "average_output_tokens": fmean(outputs) if outputs else 0.0,
        "daily_usage": _by_day(found, now, days),
        "average_rating": passed / judged if judged else None,
        "average_duration_seconds": fmean(durations) if durations else None,
        "min_duration_seconds": min(durations, default=None),
        "max_duration_seconds": max(durations, default=None),
    }


@router.post("", status_code=201, response_model=Response)
async def add_response(project: Editor, body: ResponseIn) -> Answer:
    """A response that you bring, beside the experiment's own."""
    if not body.messages:
        raise InputError("must hold what was said; see `responses/generate` to have it generated", field="messages")
    async with project.changing() as change:
        made, _ = await add(change.connection, project, [body])
        change.log("create", "response", made[0], experiment_id=body.experiment_id)
        return Answer(await pages.one(change.connection, project.id, made[0]), 201)


@router.post("/generate", status_code=201, response_model=Response)
async def generate_response(project: Editor, body: ResponseIn) -> Answer:
    """One more response for a row, generated and rated now; the answer comes when it is there."""
    async with project.changing() as change:
        _, task_ids = await add(change.connection, project, [body.model_copy(update={"messages": []})])
        change.log("generate", "response", "", experiment_id=body.experiment_id)
    project.services.wake()
    await over(project, task_ids[0])
    async with project.reading() as connection:
        chosen = responses.Filter(experiment_id=body.experiment_id, key_suffix=f"~{task_ids[0][:8]}")
        found, _ = await responses.page(connection, project.id, chosen, offset=0, limit=1)
        if not found:
            raise NotFound("the response was deleted while it was made")
        return Answer((await pages.whole(connection, found))[0], 201)


@router.post("/batches")
async def add_responses(project: Editor, body: ResponsesIn) -> str | None:
    """Several responses, brought or to be generated. The answer is the task's id; null where nothing is to be done."""
    if not body.prompt_response_ins:
        return None
    async with project.changing() as change:
        made, task_ids = await add(change.connection, project, body.prompt_response_ins)
        change.log("create", "responses", "", added=len(made), tasks=len(task_ids))
        if len(task_ids) > 1:
            raise InputError("responses of several experiments cannot be generated at once", field="experiment_id")
        if not task_ids:
            now = project.services.now()
            experiment_id = body.prompt_response_ins[0].experiment_id
            done = await tasks.create(
                change.connection, project.id, "respond", experiment_id=experiment_id, total=len(made), now=now
            )
            await tasks.set_status(change.connection, done, "SUCCESS", now=now)
            task_ids = [done]
    project.services.wake()
    return task_ids[0]


@router.get("/batches/{task_id}")
async def get_responses_task(project: Viewer, task_id: str) -> Status:
    """How far such a task is."""
    async with project.reading() as connection:
        task = await tasks.get(connection, project.id, task_id)
    return UNKNOWN if task is None else status(task, None)


@router.get("/{response_id}", response_model=Response)
async def get_response(project: Viewer, response_id: Id) -> Answer:
    """One response."""
    async with project.reading() as connection:
        return Answer(await pages.one(connection, project.id, response_id))


@router.get("/{response_id}/result")
async def get_result(project: Viewer, response_id: Id) -> dict[str, Any]:
    """The response as a row of a result file, as `personae simulate` writes it: with metadata, quotes and validity."""
    async with project.reading() as connection:
        row = await pages.found(connection, project.id, response_id)
    return {**row["result"], "key": row["key"]}


@router.get("/{response_id}/beside")
async def beside_response(project: Viewer, response_id: Id, chosen: FilterDep, sort_by: SortBy = "") -> Beside:
    """Which responses stand before and behind it in a list; without a filter, in that of its experiment."""
    async with project.reading() as connection:
        row = await pages.found(connection, project.id, response_id)
        if chosen.experiment_id is None:
            chosen = replace(chosen, experiment_id=row["experiment_id"])
        return Beside(**await responses.beside(connection, project.id, chosen, response_id, sort=sort_by))


@router.patch("/{response_id}", response_model=Response)
async def annotate_response(project: Editor, response_id: Id, body: AnnotationIn) -> Answer:
    """A note on a response; a blank one removes it."""
    async with project.changing() as change:
        await pages.found(change.connection, project.id, response_id)
        await responses.change(change.connection, response_id, annotation=body.annotation)
        change.log("annotate", "response", response_id)
        return Answer(await pages.one(change.connection, project.id, response_id))


@router.delete("/{response_id}", status_code=204)
async def delete_response(project: Editor, response_id: Id) -> None:
    """With its ratings."""
    async with project.changing() as change:
        row = await pages.found(change.connection, project.id, response_id)
        await responses.remove(change.connection, [response_id])
        await experiments.count_up(
            change.connection,
            row["experiment_id"],
            finished=-1,
            failed=-(row["error"] is not None),
            rated=-(row["error"] is None and not row["unrated"]),
            now=project.services.now(),
        )
        await experiments.change(change.connection, row["experiment_id"], now=project.services.now(), results=None)
        change.log("delete", "response", response_id, experiment_id=row["experiment_id"])


def _by_day(found: list[dict[str, Any]], now: datetime, days: int) -> list[dict[str, Any]]:
    """One entry per day, the oldest first, days without responses too."""
    table = {
        (now - timedelta(days=back)).date().isoformat(): {"requests": 0, "input_tokens": 0, "output_tokens": 0}
        for back in range(days, -1, -1)
    }
    for row in found:
        day = table.setdefault(
            row["created_at"].date().isoformat(), {"requests": 0, "input_tokens": 0, "output_tokens": 0}
        )
        day["requests"] += 1
        day["input_tokens"] += row["input_tokens"] or 0
        day["output_tokens"] += row["output_tokens"] or 0
    return [{"date": date, **counts} for date, counts in sorted(table.items())]
