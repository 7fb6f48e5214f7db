"""Generations: runs of methods that make drafts of personas and queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete as delete_from
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_one
from personae.store.tables import generations

UNFINISHED = ("queued", "running")
_LIGHT = [column for column in generations.c if column.name != "options"]


async def create(connection: AsyncConnection, project_id: int, *, now: datetime, **values: Any) -> int:
    """The new generation's id."""
    return await insert_one(
        connection, generations, project_id=project_id, created_at=now, updated_at=now, failures=[], **values
    )


async def get(connection: AsyncConnection, project_id: int, generation_id: int) -> Record | None:
    """One of them, without its `options`, which may be large."""
    chosen = select(*_LIGHT).where(generations.c.project_id == project_id, generations.c.id == generation_id)
    row = (await connection.execute(chosen)).mappings().first()
    return None if row is None else dict(row)


async def whole(connection: AsyncConnection, generation_id: int) -> Record | None:
    """One of them, whichever project it belongs to."""
    row = (await connection.execute(select(generations).where(generations.c.id == generation_id))).mappings().first()
    return None if row is None else dict(row)


async def page(connection: AsyncConnection, project_id: int, *, offset: int, limit: int) -> tuple[list[Record], int]:
    """The newest first, without their `options`; and how many there are in all."""
    mine = generations.c.project_id == project_id
    count = await connection.scalar(select(func.count()).select_from(generations).where(mine))
    chosen = select(*_LIGHT).where(mine).order_by(generations.c.id.desc()).offset(offset).limit(limit)
    return as_records(await connection.execute(chosen)), count or 0


async def change(connection: AsyncConnection, generation_id: int, *, now: datetime, **values: Any) -> None:
    """Other values."""
    chosen = update(generations).where(generations.c.id == generation_id)
    await connection.execute(chosen.values(updated_at=now, **values))


async def delete(connection: AsyncConnection, generation_id: int) -> None:
    """With its drafts; personas and collections that were made of them stay."""
    await connection.execute(delete_from(generations).where(generations.c.id == generation_id))
