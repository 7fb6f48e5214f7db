"""Tasks: whatever takes long. Each is owned by one process at a time, which shows by a heartbeat that it lives.

A task whose owner has gone silent is free for any process to take. The owner writes only as long as it is the owner:
`still_owned` in the same transaction as what it writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.tables import experiments, tasks

Status = Literal["PENDING", "STARTED", "PAUSED", "SUCCESS", "FAILURE"]
Kind = Literal["run", "respond", "rate", "generate"]
Wanted = Literal["", "pause", "cancel"]

SILENCE = timedelta(seconds=15)
"""After so long without a heartbeat an owner counts as dead."""


async def create(
    connection: AsyncConnection,
    project_id: int,
    kind: Kind,
    *,
    experiment_id: int | None,
    total: int = 0,
    payload: Mapping[str, Any] | None = None,
    now: datetime,
) -> str:
    """The new task's id. It waits to be claimed."""
    id_ = uuid4().hex
    await connection.execute(
        tasks.insert().values(
            id=id_,
            project_id=project_id,
            experiment_id=experiment_id,
            kind=kind,
            status="PENDING",
            payload=dict(payload or {}),
            total=total,
            created_at=now,
        )
    )
    return id_


async def get(connection: AsyncConnection, project_id: int, task_id: str) -> Record | None:
    """One task."""
    found = await connection.execute(select(tasks).where(tasks.c.project_id == project_id, tasks.c.id == task_id))
    row = found.mappings().first()
    return None if row is None else dict(row)


async def claim(connection: AsyncConnection, owner: str, *, now: datetime, but: Sequence[str] = ()) -> Record | None:
    """The oldest task that nobody works on, now ours. Of two processes that ask at once, one gets it."""
    free = (
        select(tasks.c.id)
        .where(_is_free(now), tasks.c.id.not_in(but))
        .order_by(tasks.c.created_at, tasks.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    id_ = await connection.scalar(free)
    if id_ is None:
        return None
    taken = await connection.execute(
        update(tasks)
        .where(tasks.c.id == id_, _is_free(now))
        .values(status="STARTED", owner=owner, heartbeat_at=now)
        .returning(tasks)
    )
    row = taken.mappings().first()
    return None if row is None else dict(row)


def _is_free(now: datetime) -> Any:
    is_silent = or_(tasks.c.heartbeat_at.is_(None), tasks.c.heartbeat_at < now - SILENCE)
    return (tasks.c.status == "PENDING") | ((tasks.c.status == "STARTED") & is_silent)


_BEAT = (  # made once, as all that is executed for every group of records: that takes longer than to execute it
    update(tasks)
    .where(tasks.c.id == bindparam("which"), tasks.c.owner == bindparam("whose"), tasks.c.status == "STARTED")
    .values(heartbeat_at=bindparam("now"))
)
_ADVANCE = (
    update(tasks)
    .where(tasks.c.id == bindparam("which"))
    .values(done=tasks.c.done + bindparam("more_done"), rated=tasks.c.rated + bindparam("more_rated"))
)


async def still_owned(connection: AsyncConnection, task_id: str, owner: str, *, now: datetime) -> bool:
    """Whether the task is still this owner's; a heartbeat too. Nobody can take it before the transaction ends."""
    done = await connection.execute(_BEAT, {"which": task_id, "whose": owner, "now": now})
    return bool(done.rowcount)


async def wishes(connection: AsyncConnection, owner: str) -> list[Record]:
    """Of each of this owner's tasks: its id, what it is `wanted` to do, and its experiment's `settings` as they are."""
    found = await connection.execute(
        select(tasks.c.id, tasks.c.wanted, experiments.c.settings)
        .outerjoin(experiments, experiments.c.id == tasks.c.experiment_id)
        .where(tasks.c.owner == owner, tasks.c.status == "STARTED")
    )
    return as_records(found)


async def ask(connection: AsyncConnection, task_id: str, wish: Wanted) -> None:
    """Ask the owner, whichever process it is, to pause or cancel."""
    await connection.execute(update(tasks).where(tasks.c.id == task_id).values(wanted=wish))


async def set_status(
    connection: AsyncConnection, task_id: str, status: Status, *, error: str | None = None, now: datetime
) -> None:
    """The task is over, paused, or waits to be claimed again."""
    is_over = status in ("SUCCESS", "FAILURE")
    await connection.execute(
        update(tasks)
        .where(tasks.c.id == task_id)
        .values(
            status=status,
            wanted="",
            owner="",
            error_msg=error,
            heartbeat_at=None,
            ended_at=now if is_over else None,
        )
    )


async def advance(connection: AsyncConnection, task_id: str, *, done: int, rated: int) -> None:
    """So many more are done and rated."""
    await connection.execute(_ADVANCE, {"which": task_id, "more_done": done, "more_rated": rated})


async def log(connection: AsyncConnection, task_id: str, line: str) -> None:
    """Add a line to its log, which people read."""
    await connection.execute(update(tasks).where(tasks.c.id == task_id).values(logs=(tasks.c.logs + f"{line}\n")))
