"""What the responses of an experiment add up to, counted by the database: for pages that look while it runs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.tables import ratings, responses


async def endings(connection: AsyncConnection, experiment_id: int) -> list[Record]:
    """`termination`, `goal_achieved`, their `count`, and the newest response's id among them, as `last_id`."""
    c = responses.c
    found = await connection.execute(
        select(c.termination, c.goal_achieved, func.count().label("count"), func.max(c.id).label("last_id"))
        .where(c.experiment_id == experiment_id)
        .group_by(c.termination, c.goal_achieved)
    )
    return as_records(found)


async def errors(connection: AsyncConnection, experiment_id: int, *, limit: int) -> list[Record]:
    """`termination`, `error` and their `count`, the most frequent first."""
    c = responses.c
    count = func.count()
    found = await connection.execute(
        select(c.termination, c.error, count.label("count"))
        .where(c.experiment_id == experiment_id, c.error.is_not(None))
        .group_by(c.termination, c.error)
        .order_by(count.desc(), c.error)
        .limit(limit)
    )
    return as_records(found)


async def answers(connection: AsyncConnection, experiment_id: int) -> list[tuple[int, int, str | None]]:
    """Response, criterion, and YES, NO or None, of every rating."""
    c = ratings.c
    found = await connection.execute(
        select(c.response_id, c.criterion_id, c.rating).where(c.experiment_id == experiment_id)
    )
    return [(row[0], row[1], row[2]) for row in found]


async def answers_of(connection: AsyncConnection, response_ids: Sequence[int]) -> list[tuple[int, int, str | None]]:
    """The same of some responses."""
    c = ratings.c
    found = await connection.execute(
        select(c.response_id, c.criterion_id, c.rating).where(c.response_id.in_(response_ids)).order_by(c.id)
    )
    return [(row[0], row[1], row[2]) for row in found]
