"""Criteria. An edit is the next version under the same id; ratings keep the text that they were made by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_returning_ids
from personae.store.tables import criteria, criterion_set_templates


async def add(
    connection: AsyncConnection,
    project_id: int,
    set_id: int,
    new: Sequence[Record],
    *,
    template_id: int | None = None,
    now: datetime,
) -> list[int]:
    """The ids of new criteria of `criterion_str` and `label`, in their order."""
    shared = {"project_id": project_id, "criterion_set_id": set_id, "prompt_template_id": template_id, "version": 1}
    moments = {"created_at": now, "updated_at": now}
    return await insert_returning_ids(connection, criteria, [{**shared, **row, **moments} for row in new])


async def get(connection: AsyncConnection, project_id: int, criterion_id: int) -> Record | None:
    """One criterion."""
    found = await connection.execute(
        select(criteria).where(criteria.c.project_id == project_id, criteria.c.id == criterion_id)
    )
    row = found.mappings().first()
    return None if row is None else dict(row)


async def find(
    connection: AsyncConnection,
    project_id: int,
    *,
    template_id: int | None = None,
    set_id: int | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[list[Record], int]:
    """Criteria by creation, the oldest first, and how many there are; of a template: those of its set."""
    chosen: list[ColumnElement[bool]] = [criteria.c.project_id == project_id]
    if set_id is not None:
        chosen.append(criteria.c.criterion_set_id == set_id)
    if template_id is not None:
        linked = select(criterion_set_templates.c.criterion_set_id).where(
            criterion_set_templates.c.prompt_template_id == template_id
        )
        chosen.append(criteria.c.criterion_set_id.in_(linked))
    count = await connection.scalar(select(func.count()).select_from(criteria).where(*chosen))
    found = await connection.execute(
        select(criteria).where(*chosen).order_by(criteria.c.id).offset(offset).limit(limit)
    )
    return as_records(found), count or 0


async def of_sets(connection: AsyncConnection, set_ids: Collection[int]) -> dict[int, list[Record]]:
    """By set: its criteria, the oldest first."""
    found = await connection.execute(
        select(criteria).where(criteria.c.criterion_set_id.in_(set_ids)).order_by(criteria.c.id)
    )
    by_set: dict[int, list[Record]] = {}
    for row in found.mappings():
        by_set.setdefault(row["criterion_set_id"], []).append(dict(row))
    return by_set


async def edit(connection: AsyncConnection, criterion_id: int, *, now: datetime, **values: Any) -> None:
    """Make the next version, with these values changed."""
    await connection.execute(
        update(criteria)
        .where(criteria.c.id == criterion_id)
        .values(**values, version=criteria.c.version + 1, updated_at=now)
    )


async def delete(connection: AsyncConnection, criterion_id: int) -> None:
    """Delete one."""
    await connection.execute(criteria.delete().where(criteria.c.id == criterion_id))


async def delete_of_set(connection: AsyncConnection, set_id: int) -> int:
    """Delete all of a set, and say how many there were."""
    return (await connection.execute(criteria.delete().where(criteria.c.criterion_set_id == set_id))).rowcount
