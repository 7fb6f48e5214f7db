"""Responses that are there, rated again: by another criterion set, another judge, or since a rating failed.

Nothing is simulated again. What people set by hand stays. A task that was broken off goes on with the responses whose
ratings are older than the task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from personae.core.conversation import CUT, ERRORS
from personae.core.result import SimulationResult
from personae.core.usage import NO_USAGE, Usage
from personae.experiments.build import Engine
from personae.experiments.recorders.sql import Target, TaskLost, rating_rows, response_row, target_cell
from personae.server.experiments.by_hand import with_answers
from personae.server.experiments.inputs import criteria
from personae.server.services import Services
from personae.store import experiments, ratings, responses, tasks
from personae.store.columns import Record

_AT_ONCE = 64
"""Responses that are read, rated and written together."""


class Rating(Protocol):
    """The task, as far as this module needs it."""

    @property
    def services(self) -> Services: ...
    @property
    def task(self) -> Record: ...
    @property
    def owner(self) -> str: ...
    @property
    def wanted(self) -> str: ...


async def rate(run: Rating, experiment: Record, running: Engine) -> None:
    """Rate all responses of the experiment, or those that the task names."""
    services, wanted_ids = run.services, run.task["payload"].get("response_ids")
    only = None if wanted_ids is None else set(wanted_ids)
    running.budget.spent = await _spent(services, experiment["id"])
    last_id = 0
    while not run.wanted:
        async with services.database.reading() as connection:
            some = await responses.after(connection, experiment["id"], last_id, limit=_AT_ONCE)
            known = await ratings.of_responses(connection, [row["id"] for row in some])
        if not some:
            return
        last_id = some[-1]["id"]
        since: datetime = run.task["created_at"]
        due = [row for row in some if (only is None or row["id"] in only) and _is_due(row, known, since)]
        before = running.budget.spent
        tried = list(zip(due, await _rated(running, due), strict=True))
        services.metrics.model_calls("judge", running.settings.judge.provider, running.budget.spent - before)
        await _write(run, experiment, [(row, found) for row, found in tried if isinstance(found, SimulationResult)])
        for _, found in tried:
            if isinstance(found, BaseException):
                raise found


async def _spent(services: Services, experiment_id: int) -> Usage:
    async with services.database.reading() as connection:
        found = await responses.usages(connection, experiment_id)
    return sum((Usage.from_dict(used) for usage in found for used in usage.values()), NO_USAGE)


def _is_due(row: Record, known: dict[int, list[Record]], since: datetime) -> bool:
    """Whether it can be rated, and was not since the task began."""
    if row["termination"] in ERRORS | CUT:
        return False
    return not any(one["created_at"] >= since and not one["is_manual"] for one in known.get(row["id"], ()))


async def _rated(running: Engine, rows: Sequence[Record]) -> list[SimulationResult | BaseException]:
    """The results with their new ratings, or what stops the run."""
    places = asyncio.Semaphore(running.settings.concurrency)

    async def one(row: Record) -> SimulationResult:
        result = SimulationResult.from_row(row["result"])
        async with places:
            found = await running.judge.rate(result.conversation.turns, result.scenario)
        usage = {**result.usage, "judge": result.usage.get("judge", NO_USAGE) + found.usage}
        metadata = {**result.metadata, "judge_model": running.judge.name, "judge_mode": running.judge.mode}
        metadata["rating_version"] = running.rating_version
        return replace(
            result,
            goal=found.goal,
            ratings=found.criteria,
            scores=found.scores,
            usage=usage,
            metadata=metadata,
        )

    return await asyncio.gather(*(one(row) for row in rows), return_exceptions=True)


async def _write(run: Rating, experiment: Record, done: Sequence[tuple[Record, SimulationResult]]) -> None:
    services, task = run.services, run.task
    async with services.database.writing() as connection:
        now = services.now()
        if not await tasks.still_owned(connection, task["id"], run.owner, now=now):
            raise TaskLost("another process has taken this task over")
        ids = [row["id"] for row, _ in done]
        await ratings.forget(connection, ids)
        by_hand = await ratings.of_responses(connection, ids)
        gained = 0
        for row, result in done:
            target = _target(run, experiment, row, str(result.metadata.get("judge_model", "")))
            new = response_row(target, result, _as_recorded(row, result))
            kept = by_hand.get(row["id"], [])
            answered = {one["criterion_id"] for one in kept}
            judged = rating_rows(target, row["id"], result.ratings)
            judged = [one for one in judged if one["criterion_id"] not in answered]
            await ratings.insert(connection, judged)
            new |= ratings.counted(kept + judged)
            new["result"] = with_answers(new["result"], experiment["snapshot"], kept)
            names = ("goal_achieved", "passed", "not_passed", "unrated", "cost_usd", "result", "usage", "validity")
            await responses.change(connection, row["id"], **{name: new[name] for name in names})
            gained += (new["unrated"] == 0) - (row["unrated"] == 0 and row["error"] is None)
        await experiments.count_up(connection, experiment["id"], rated=gained, now=now)
        await tasks.advance(connection, task["id"], done=len(done), rated=len(done))


def _as_recorded(row: Record, result: SimulationResult) -> dict[str, Any]:
    """The result's row under the key that it has."""
    return result.as_row() | {"key": row["result"]["key"]}


def _target(run: Rating, experiment: Record, row: Record, rater: str) -> Target:
    return Target(
        project_id=experiment["project_id"],
        experiment_id=experiment["id"],
        task_id=run.task["id"],
        owner=run.owner,
        cell_at=lambda _: target_cell(row),
        criteria=criteria(experiment["snapshot"])[1],
        rater=rater,
        now=run.services.now,
    )
