"""Personas: a library per project. Every edit is a new version; a persona can be shared with its organization."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record
from personae.store.engine import insert_one
from personae.store.tables import persona_group_members, persona_versions, personas, projects


async def create(
    connection: AsyncConnection, project_id: int, name: str, record: Mapping[str, Any], *, author: str, now: datetime
) -> int:
    """The new persona's id. `record` is `core.persona.Persona.as_dict()`."""
    persona_id = await insert_one(
        connection, personas, project_id=project_id, name=name, created_at=now, updated_at=now
    )
    await _add_version(connection, persona_id, 1, record, author=author, note="", now=now)
    return persona_id


async def add_version(
    connection: AsyncConnection,
    persona_id: int,
    name: str,
    record: Mapping[str, Any],
    *,
    author: str,
    note: str = "",
    now: datetime,
) -> int:
    """The number of the new version, which is the current one from now on."""
    version = await connection.scalar(
        update(personas)
        .where(personas.c.id == persona_id)
        .values(version=personas.c.version + 1, name=name, updated_at=now)
        .returning(personas.c.version)
    )
    await _add_version(connection, persona_id, int(version or 0), record, author=author, note=note, now=now)
    return int(version or 0)


async def _add_version(
    connection: AsyncConnection,
    persona_id: int,
    version: int,
    record: Mapping[str, Any],
    *,
    author: str,
    note: str,
    now: datetime,
) -> None:
    await connection.execute(
        persona_versions.insert().values(
            persona_id=persona_id, version=version, record=dict(record), author=author, note=note, created_at=now
        )
    )


async def get(connection: AsyncConnection, project_id: int, persona_id: int) -> Record | None:
    """The persona in its current version: the project's own, or one that its organization shares."""
    found = await connection.execute(_current(project_id).where(personas.c.id == persona_id))
    row = found.mappings().first()
    return None if row is None else dict(row)


async def find(
    connection: AsyncConnection,
    project_id: int,
    *,
    name: str | None = None,
    search: str = "",
    is_archived: bool = False,
    group_id: int | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[list[Record], int]:
    """Personas by name, the project's own and shared ones, and how many there are in all."""
    chosen: list[ColumnElement[bool]] = [
        personas.c.archived_at.is_not(None) if is_archived else personas.c.archived_at.is_(None)
    ]
    if name is not None:
        chosen.append(personas.c.name == name)
    if search:
        chosen.append(personas.c.name.icontains(search, autoescape=True))
    if group_id is not None:
        chosen.append(
            exists().where(
                persona_group_members.c.group_id == group_id, persona_group_members.c.persona_id == personas.c.id
            )
        )
    statement = _current(project_id).where(*chosen)
    count = await connection.scalar(select(func.count()).select_from(statement.subquery()))
    found = await connection.execute(statement.order_by(personas.c.name, personas.c.id).offset(offset).limit(limit))
    return [dict(row) for row in found.mappings()], count or 0


async def is_taken(connection: AsyncConnection, project_id: int, name: str, *, but: int | None = None) -> bool:
    """Whether another persona of the project that is not archived has the name."""
    found = await connection.execute(
        select(personas.c.id).where(
            personas.c.project_id == project_id, personas.c.name == name, personas.c.archived_at.is_(None)
        )
    )
    return any(id_ != but for id_ in found.scalars())


async def versions(connection: AsyncConnection, persona_id: int) -> list[Record]:
    """All versions, the newest first."""
    found = await connection.execute(
        select(persona_versions)
        .where(persona_versions.c.persona_id == persona_id)
        .order_by(persona_versions.c.version.desc())
    )
    return [dict(row) for row in found.mappings()]


async def version(connection: AsyncConnection, persona_id: int, number: int) -> Record | None:
    """One version."""
    found = await connection.execute(
        select(persona_versions).where(
            persona_versions.c.persona_id == persona_id, persona_versions.c.version == number
        )
    )
    row = found.mappings().first()
    return None if row is None else dict(row)


async def share(connection: AsyncConnection, persona_id: int, *, is_shared: bool, now: datetime) -> None:
    """Show it to the organization's other projects, or no longer."""
    await connection.execute(
        update(personas).where(personas.c.id == persona_id).values(is_shared=is_shared, updated_at=now)
    )


async def archive(connection: AsyncConnection, persona_id: int, at: datetime | None, *, now: datetime) -> None:
    """Put away, or take out again where `at` is None."""
    await connection.execute(update(personas).where(personas.c.id == persona_id).values(archived_at=at, updated_at=now))


async def delete(connection: AsyncConnection, persona_id: int) -> None:
    """For good, with all versions. Experiments keep their own copies."""
    await connection.execute(personas.delete().where(personas.c.id == persona_id))


def _current(project_id: int) -> Select[Any]:
    """Personas that the project sees, each with its current version."""
    organization = select(projects.c.organization_id).where(projects.c.id == project_id).scalar_subquery()
    siblings = select(projects.c.id).where(projects.c.organization_id == organization)
    return (
        select(personas, persona_versions.c.record, persona_versions.c.author)
        .join(
            persona_versions,
            (persona_versions.c.persona_id == personas.c.id) & (persona_versions.c.version == personas.c.version),
        )
        .where(
            or_(
                personas.c.project_id == project_id,
                personas.c.is_shared.is_(True) & personas.c.project_id.in_(siblings),
            )
        )
    )
