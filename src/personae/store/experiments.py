"""Experiments: what was chosen, what was launched with (the snapshot), and how far it came."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_one
from personae.store.tables import experiment_rows, experiments, tasks

UNFINISHED = ("queued", "running", "paused")
_REFERENCES = ("prompt_template_id", "collection_id", "llm_config_id")


async def create(
    connection: AsyncConnection, project_id: int, values: Mapping[str, Any], rows: Sequence[Record], *, now: datetime
) -> int:
    """The new experiment's id. `rows` are its own copies of the collection's rows, in their order."""
    id_ = await insert_one(connection, experiments, project_id=project_id, created_at=now, updated_at=now, **values)
    await set_rows(connection, id_, rows)
    return id_


async def set_rows(connection: AsyncConnection, experiment_id: int, rows: Sequence[Record]) -> None:
    """Replace its copies of rows: `id`, `input_values`, `environment_config`, `created_at`."""
    await connection.execute(experiment_rows.delete().where(experiment_rows.c.experiment_id == experiment_id))
    copies = [
        {
            "experiment_id": experiment_id,
            "row_id": row["id"],
            "position": position,
            "input_values": row["input_values"],
            "environment_config": row["environment_config"],
            "created_at": row["created_at"],
        }
        for position, row in enumerate(rows)
    ]
    if copies:
        await connection.execute(experiment_rows.insert(), copies)


async def rows(connection: AsyncConnection, experiment_id: int, row_ids: Collection[int] | None = None) -> list[Record]:
    """Its copies of rows in their order, all or some; `id` is the row's in its collection."""
    chosen = select(experiment_rows).where(experiment_rows.c.experiment_id == experiment_id)
    if row_ids is not None:
        chosen = chosen.where(experiment_rows.c.row_id.in_(row_ids))
    found = await connection.execute(chosen.order_by(experiment_rows.c.position))
    return [row | {"id": row["row_id"]} for row in as_records(found)]


async def rows_page(
    connection: AsyncConnection, experiment_id: int, *, offset: int, limit: int
) -> tuple[list[Record], int]:
    """Some of its rows in their order, and how many there are."""
    own = experiment_rows.c.experiment_id == experiment_id
    count = await connection.scalar(select(func.count()).select_from(experiment_rows).where(own))
    found = await connection.execute(
        select(experiment_rows).where(own).order_by(experiment_rows.c.position).offset(offset).limit(limit)
    )
    return [row | {"id": row["row_id"]} for row in as_records(found)], count or 0


async def get(
    connection: AsyncConnection, project_id: int, experiment_id: int, *, with_results: bool = True
) -> Record | None:
    """One experiment, with its task's status; `with_results`: with all that it came to, which may be long."""
    chosen = _whole(project_id, with_results=with_results).where(experiments.c.id == experiment_id)
    return await _first(connection, chosen)


async def progress(connection: AsyncConnection, project_id: int, experiment_id: int) -> Record | None:
    """How far it is, without all that is large."""
    names = ("id", "status", "problem", "planned", "finished", "failed", "rated", "spent_usd", "task_id")
    return await _first(
        connection,
        select(*(experiments.c[name] for name in names), tasks.c.status.label("task_status"), tasks.c.wanted)
        .outerjoin(tasks, tasks.c.id == experiments.c.task_id)
        .where(experiments.c.project_id == project_id, experiments.c.id == experiment_id),
    )


async def named(connection: AsyncConnection, project_id: int, experiment_id: int) -> Record | None:
    """Its id, name and evaluation mode, and what changes with anything that it holds: `updated_at` and the counts."""
    names = ("id", "name", "evaluation_mode", "updated_at", "finished", "failed", "rated")
    return await _first(
        connection,
        select(*(experiments.c[name] for name in names)).where(
            experiments.c.id == experiment_id, experiments.c.project_id == project_id
        ),
    )


async def criteria_asked(connection: AsyncConnection, experiment_id: int) -> list[Record]:
    """The criteria of its snapshot, without the rest of that, which may be long."""
    chosen = select(experiments.c.snapshot["criterion_set"]["criteria"]).where(experiments.c.id == experiment_id)
    return await connection.scalar(chosen) or []


async def by_name(connection: AsyncConnection, project_id: int, name: str) -> Record | None:
    """The one with exactly this name."""
    return await _first(connection, _whole(project_id).where(experiments.c.name == name))


async def by_id(connection: AsyncConnection, experiment_id: int, *, with_results: bool = True) -> Record | None:
    """For the process that runs it, whichever project it is in."""
    return await _first(
        connection, select(*_columns(with_results=with_results)).where(experiments.c.id == experiment_id)
    )


async def find(
    connection: AsyncConnection,
    project_id: int,
    *,
    references: Mapping[str, int] | None = None,
    status: str | None = None,
    search: str = "",
    offset: int,
    limit: int,
) -> tuple[list[Record], int]:
    """The newest first. `references`: of prompt_template_id, collection_id, llm_config_id, those to filter by."""
    chosen = [experiments.c.project_id == project_id]
    chosen += [experiments.c[name] == id_ for name, id_ in (references or {}).items() if name in _REFERENCES]
    if status is not None:
        chosen.append(experiments.c.status == status)
    if search:
        chosen.append(experiments.c.name.icontains(search, autoescape=True))
    count = await connection.scalar(select(func.count()).select_from(experiments).where(*chosen))
    page = _whole(project_id).where(*chosen).order_by(experiments.c.id.desc()).offset(offset).limit(limit)
    return as_records(await connection.execute(page)), count or 0


async def summaries(
    connection: AsyncConnection,
    project_id: int,
    *,
    statuses: Collection[str] = (),
    references: Mapping[str, int] | None = None,
    search: str = "",
    offset: int,
    limit: int,
) -> tuple[list[Record], int]:
    """What a list shows of each, the newest first, without what is large; and how many there are.

    `goal` and `ratings` are the rates that its results hold, `left_out` how many conversations were no fair tests; null
    where there are no results yet.
    """
    c = experiments.c
    chosen = [c.project_id == project_id]
    chosen += [c[name] == id_ for name, id_ in (references or {}).items()]
    if statuses:
        chosen.append(c.status.in_(statuses))
    if search:
        chosen.append(c.name.icontains(search, autoescape=True))
    count = await connection.scalar(select(func.count()).select_from(experiments).where(*chosen))
    page = select(*_summary()).where(*chosen).order_by(c.id.desc()).offset(offset).limit(limit)
    return as_records(await connection.execute(page)), count or 0


def _summary() -> list[ColumnElement[Any]]:
    c = experiments.c
    names = ("id", "name", "evaluation_mode", "status", "problem", "n_epochs", "planned", "finished", "failed", "rated")
    nouns = ("collection", "persona_group", "llm_config", "criterion_set")
    references = ("collection_id", "persona_group_id", "llm_config_id", "criterion_set_id")
    return [
        *(c[name] for name in (*names, *references, "spent_usd", "created_at", "started_at", "ended_at")),
        c.settings["budget_usd"].as_float().label("budget_usd"),
        *(c.snapshot[noun, "name"].label(noun) for noun in nouns),
        c.results["goal"].label("goal"),
        c.results["intervals", "all_ratings"].label("ratings"),
        c.results["validity", "left_out"].as_integer().label("left_out"),
    ]


async def change(connection: AsyncConnection, experiment_id: int, *, now: datetime, **values: Any) -> None:
    """Set columns."""
    await connection.execute(
        update(experiments).where(experiments.c.id == experiment_id).values(updated_at=now, **values)
    )


_COUNTED = ("finished", "failed", "rated", "spent_usd")
_COUNT_UP = (  # made once: that takes longer than to execute it
    update(experiments)
    .where(experiments.c.id == bindparam("which"))
    .values(
        {name: experiments.c[name] + bindparam(f"more_{name}") for name in _COUNTED} | {"updated_at": bindparam("now")}
    )
)


async def count_up(
    connection: AsyncConnection,
    experiment_id: int,
    *,
    finished: int = 0,
    failed: int = 0,
    rated: int = 0,
    spent_usd: float = 0.0,
    now: datetime,
) -> None:
    """So many more responses are there, failed, are rated, and so much more was spent."""
    more = dict(zip(_COUNTED, (finished, failed, rated, spent_usd), strict=True))
    values = {f"more_{name}": value for name, value in more.items()}
    await connection.execute(_COUNT_UP, {"which": experiment_id, "now": now, **values})


async def delete(connection: AsyncConnection, experiment_id: int) -> None:
    """With its responses, ratings and tasks."""
    await connection.execute(experiments.delete().where(experiments.c.id == experiment_id))


async def using(connection: AsyncConnection, project_id: int, column: str, id_: int) -> list[str]:
    """Names of the unfinished experiments whose `column` refers to `id_`."""
    found = await connection.execute(
        select(experiments.c.name).where(
            experiments.c.project_id == project_id,
            experiments.c[column] == id_,
            experiments.c.status.in_(UNFINISHED),
        )
    )
    return list(found.scalars())


def _columns(*, with_results: bool) -> list[ColumnElement[Any]]:
    return [column for column in experiments.c if with_results or column.name != "results"]


def _whole(project_id: int, *, with_results: bool = True) -> Select[Any]:
    task = (
        tasks.c.status.label("task_status"),
        tasks.c.error_msg.label("task_error"),
        tasks.c.logs.label("task_logs"),
        tasks.c.wanted.label("task_wanted"),
    )
    return (
        select(*_columns(with_results=with_results), *task)
        .outerjoin(tasks, tasks.c.id == experiments.c.task_id)
        .where(experiments.c.project_id == project_id)
    )


async def _first(connection: AsyncConnection, statement: Select[Any]) -> Record | None:
    row = (await connection.execute(statement)).mappings().first()
    return None if row is None else dict(row)
