"""Persona groups: named pools of personas. A group holds personas, not versions: an experiment pins those at launch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store import personas
from personae.store.columns import Record, as_records
from personae.store.engine import insert_missing, insert_one
from personae.store.tables import persona_group_members, persona_groups

_members = persona_group_members


async def create(
    connection: AsyncConnection, project_id: int, name: str, *, description: str = "", now: datetime
) -> int:
    """The new group's id. Raises IntegrityError where the name is taken."""
    return await insert_one(
        connection,
        persona_groups,
        project_id=project_id,
        name=name,
        description=description,
        created_at=now,
        updated_at=now,
    )


async def get(connection: AsyncConnection, project_id: int, group_id: int) -> Record | None:
    """One group, with the count of its members."""
    row = (await connection.execute(_counted(project_id).where(persona_groups.c.id == group_id))).mappings().first()
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
    """Groups by name, and how many there are in all."""
    statement = _counted(project_id)
    if name is not None:
        statement = statement.where(persona_groups.c.name == name)
    if search:
        statement = statement.where(persona_groups.c.name.icontains(search, autoescape=True))
    count = await connection.scalar(select(func.count()).select_from(statement.subquery()))
    found = await connection.execute(
        statement.order_by(persona_groups.c.name, persona_groups.c.id).offset(offset).limit(limit)
    )
    return as_records(found), count or 0


async def edit(connection: AsyncConnection, group_id: int, *, name: str, description: str, now: datetime) -> None:
    """Give it this name and description."""
    await connection.execute(
        update(persona_groups)
        .where(persona_groups.c.id == group_id)
        .values(name=name, description=description, updated_at=now)
    )


async def delete(connection: AsyncConnection, group_id: int) -> None:
    """For good. Its personas stay."""
    await connection.execute(persona_groups.delete().where(persona_groups.c.id == group_id))


async def members(
    connection: AsyncConnection, project_id: int, group_id: int, *, offset: int = 0, limit: int | None = None
) -> list[Record]:
    """Its personas in the group's order, each in its current version."""
    ids = await member_ids(connection, group_id, offset=offset, limit=limit)
    known = await personas.by_ids(connection, project_id, ids)
    return [known[id_] for id_ in ids if id_ in known]


async def member_ids(
    connection: AsyncConnection, group_id: int, *, offset: int = 0, limit: int | None = None
) -> list[int]:
    """The ids of its personas in the group's order."""
    found = await connection.execute(
        select(_members.c.persona_id)
        .where(_members.c.group_id == group_id)
        .order_by(_members.c.position, _members.c.persona_id)
        .offset(offset)
        .limit(limit)
    )
    return list(found.scalars())


async def add(connection: AsyncConnection, group_id: int, persona_ids: Sequence[int], *, now: datetime) -> None:
    """Put these at its end, in this order; those that are members already stay where they are."""
    last = await connection.scalar(select(func.max(_members.c.position)).where(_members.c.group_id == group_id))
    first = 0 if last is None else last + 1
    rows = [
        {"group_id": group_id, "persona_id": id_, "position": position, "created_at": now}
        for position, id_ in enumerate(dict.fromkeys(persona_ids), first)
    ]
    await insert_missing(connection, _members, rows, ["group_id", "persona_id"])
    await _touch(connection, group_id, now)


async def remove(connection: AsyncConnection, group_id: int, persona_id: int, *, now: datetime) -> bool:
    """Whether it was a member."""
    gone = await connection.execute(
        _members.delete().where(_members.c.group_id == group_id, _members.c.persona_id == persona_id)
    )
    if gone.rowcount:
        await _touch(connection, group_id, now)
    return bool(gone.rowcount)


async def clear(connection: AsyncConnection, group_id: int) -> None:
    """Remove all members."""
    await connection.execute(_members.delete().where(_members.c.group_id == group_id))


async def with_persona(connection: AsyncConnection, persona_id: int) -> list[Record]:
    """The groups of all projects that it is a member of: id, project and name."""
    found = await connection.execute(
        select(persona_groups.c.id, persona_groups.c.project_id, persona_groups.c.name)
        .join(_members, _members.c.group_id == persona_groups.c.id)
        .where(_members.c.persona_id == persona_id)
        .order_by(persona_groups.c.name, persona_groups.c.id)
    )
    return as_records(found)


async def take_out(connection: AsyncConnection, persona_id: int, group_ids: Sequence[int]) -> None:
    """Remove it from these groups, of whatever project."""
    await connection.execute(
        _members.delete().where(_members.c.persona_id == persona_id, _members.c.group_id.in_(group_ids))
    )


async def _touch(connection: AsyncConnection, group_id: int, now: datetime) -> None:
    await connection.execute(update(persona_groups).where(persona_groups.c.id == group_id).values(updated_at=now))


def _counted(project_id: int) -> Select[Any]:
    count = (
        select(func.count()).where(_members.c.group_id == persona_groups.c.id).scalar_subquery().label("members_count")
    )
    return select(persona_groups, count).where(persona_groups.c.project_id == project_id)
