"""Criterion sets: named lists of criteria, and the templates whose answers they rate. A template has one set."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_one
from personae.store.tables import criterion_set_templates, criterion_sets


async def create(connection: AsyncConnection, project_id: int, name: str, *, now: datetime) -> int:
    """The new set's id. Raises IntegrityError where the name is taken."""
    return await insert_one(
        connection, criterion_sets, project_id=project_id, name=name, created_at=now, updated_at=now
    )


async def get(connection: AsyncConnection, project_id: int, set_id: int, *, to_change: bool = False) -> Record | None:
    """The set. `to_change` holds off all others that want to change it."""
    statement = select(criterion_sets).where(criterion_sets.c.project_id == project_id, criterion_sets.c.id == set_id)
    found = await connection.execute(statement.with_for_update() if to_change else statement)
    row = found.mappings().first()
    return None if row is None else dict(row)


async def find(
    connection: AsyncConnection,
    project_id: int,
    *,
    name: str | None = None,
    search: str = "",
    offset: int = 0,
    limit: int | None = None,
) -> tuple[list[Record], int]:
    """Sets, the newest first, and how many there are in all."""
    chosen: list[ColumnElement[bool]] = [criterion_sets.c.project_id == project_id]
    if name is not None:
        chosen.append(criterion_sets.c.name == name)
    if search:
        chosen.append(criterion_sets.c.name.icontains(search, autoescape=True))
    count = await connection.scalar(select(func.count()).select_from(criterion_sets).where(*chosen))
    found = await connection.execute(
        select(criterion_sets).where(*chosen).order_by(criterion_sets.c.id.desc()).offset(offset).limit(limit)
    )
    return as_records(found), count or 0


async def is_taken(connection: AsyncConnection, project_id: int, name: str, *, but: int | None = None) -> bool:
    """Whether another set of the project has the name."""
    found = await connection.execute(
        select(criterion_sets.c.id).where(criterion_sets.c.project_id == project_id, criterion_sets.c.name == name)
    )
    return any(id_ != but for id_ in found.scalars())


async def rename(connection: AsyncConnection, set_id: int, name: str, *, now: datetime) -> None:
    """Give it another name."""
    await connection.execute(
        update(criterion_sets).where(criterion_sets.c.id == set_id).values(name=name, updated_at=now)
    )


async def delete(connection: AsyncConnection, set_id: int) -> None:
    """With its criteria. Ratings keep their own copies."""
    await connection.execute(criterion_sets.delete().where(criterion_sets.c.id == set_id))


async def link(connection: AsyncConnection, set_id: int, template_id: int) -> None:
    """Make it the set that rates the template's answers, instead of any other."""
    await unlink(connection, template_id)
    await connection.execute(
        criterion_set_templates.insert().values(criterion_set_id=set_id, prompt_template_id=template_id)
    )


async def unlink(connection: AsyncConnection, template_id: int, set_id: int | None = None) -> bool:
    """Whether the template had a set, or this one, which it has no longer."""
    chosen = criterion_set_templates.c.prompt_template_id == template_id
    if set_id is not None:
        chosen &= criterion_set_templates.c.criterion_set_id == set_id
    return bool((await connection.execute(criterion_set_templates.delete().where(chosen))).rowcount)


async def linked_templates(connection: AsyncConnection, set_ids: Collection[int]) -> dict[int, list[int]]:
    """By set: the ids of the templates whose answers it rates, by id."""
    found = await connection.execute(
        select(criterion_set_templates)
        .where(criterion_set_templates.c.criterion_set_id.in_(set_ids))
        .order_by(criterion_set_templates.c.prompt_template_id)
    )
    linked: dict[int, list[int]] = {}
    for row in found.mappings():
        linked.setdefault(row["criterion_set_id"], []).append(row["prompt_template_id"])
    return linked
