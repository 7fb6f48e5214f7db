"""Personas: a library per project. Every edit is a new version; a persona can be shared with its organization."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_one, insert_returning_ids
from personae.store.experiments import UNFINISHED
from personae.store.tables import experiments, persona_group_members, persona_versions, personas, projects, responses

_AT_ONCE = 1000
"""Ids in one statement: each is a parameter, of which SQLite takes only so many."""


async def create(
    connection: AsyncConnection,
    project_id: int,
    name: str,
    record: Mapping[str, Any],
    *,
    author: str,
    note: str = "",
    now: datetime,
) -> int:
    """The new persona's id. `record` is `core.persona.Persona.as_dict()`."""
    persona_id = await insert_one(
        connection, personas, project_id=project_id, name=name, created_at=now, updated_at=now
    )
    await _add_version(connection, persona_id, 1, record, author=author, note=note, now=now)
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
    is_archived: bool = False,
    is_own: bool = False,
    group_id: int | None = None,
    matches: Callable[[Mapping[str, Any]], bool] | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[list[Record], int]:
    """Personas by name, the project's own and, unless `is_own`, shared ones; and how many there are in all.

    `matches` looks at what is in their records, which the databases would each search in a way of their own.
    """
    statement = _chosen(
        _current(project_id), project_id, name=name, is_archived=is_archived, is_own=is_own, group_id=group_id
    )
    ordered = statement.order_by(personas.c.name, personas.c.id)
    if matches is not None:
        light = ordered.with_only_columns(personas.c.id, persona_versions.c.record)
        ids = [id_ for id_, record in await connection.execute(light) if matches(record)]
        known = await by_ids(connection, project_id, ids[offset:][:limit])
        return [known[id_] for id_ in ids[offset:][:limit]], len(ids)
    count = await connection.scalar(select(func.count()).select_from(statement.subquery()))
    found = await connection.execute(ordered.offset(offset).limit(limit))
    return as_records(found), count or 0


async def records(
    connection: AsyncConnection,
    project_id: int,
    *,
    name: str | None = None,
    is_archived: bool = False,
    group_id: int | None = None,
) -> list[Mapping[str, Any]]:
    """The records alone of the personas that `find` gives for the same."""
    statement = _current(project_id).with_only_columns(persona_versions.c.record)
    chosen = _chosen(statement, project_id, name=name, is_archived=is_archived, group_id=group_id)
    return list((await connection.execute(chosen)).scalars())


def _chosen(
    statement: Select[Any],
    project_id: int,
    *,
    name: str | None = None,
    is_archived: bool = False,
    is_own: bool = False,
    group_id: int | None = None,
) -> Select[Any]:
    put_away = personas.c.archived_at
    statement = statement.where(put_away.is_not(None) if is_archived else put_away.is_(None))
    if name is not None:
        statement = statement.where(personas.c.name == name)
    if is_own:
        statement = statement.where(personas.c.project_id == project_id)
    return statement if group_id is None else statement.where(_is_member(group_id))


def _is_member(group_id: int) -> ColumnElement[bool]:
    return exists().where(
        persona_group_members.c.group_id == group_id, persona_group_members.c.persona_id == personas.c.id
    )


async def by_ids(connection: AsyncConnection, project_id: int, ids: Sequence[int]) -> dict[int, Record]:
    """Those of the personas with these ids that the project sees, in their current versions."""
    found: dict[int, Record] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = await connection.execute(_current(project_id).where(personas.c.id.in_(ids[start : start + _AT_ONCE])))
        found |= {row["id"]: row for row in as_records(some)}
    return found


async def is_taken(connection: AsyncConnection, project_id: int, name: str, *, but: int | None = None) -> bool:
    """Whether another persona of the project that is not archived has the name."""
    found = await connection.execute(
        select(personas.c.id).where(
            personas.c.project_id == project_id, personas.c.name == name, personas.c.archived_at.is_(None)
        )
    )
    return any(id_ != but for id_ in found.scalars())


async def versions(
    connection: AsyncConnection, persona_id: int, *, offset: int = 0, limit: int | None = None
) -> tuple[list[Record], int]:
    """Its versions, the newest first, and how many there are."""
    chosen = persona_versions.c.persona_id == persona_id
    count = await connection.scalar(select(func.count()).select_from(persona_versions).where(chosen))
    found = await connection.execute(
        select(persona_versions).where(chosen).order_by(persona_versions.c.version.desc()).offset(offset).limit(limit)
    )
    return as_records(found), count or 0


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


async def used_in_experiments(connection: AsyncConnection, project_id: int, persona_id: int) -> list[Record]:
    """The project's experiments with this persona: id, name and status, the newest first.

    Those that hold conversations of it, and those that are not over and whose group holds it.
    """
    has_some = exists().where(responses.c.experiment_id == experiments.c.id, responses.c.persona_id == persona_id)
    groups = select(persona_group_members.c.group_id).where(persona_group_members.c.persona_id == persona_id)
    will = experiments.c.persona_group_id.in_(groups) & experiments.c.status.in_(("draft", *UNFINISHED))
    found = await connection.execute(
        select(experiments.c.id, experiments.c.name, experiments.c.status)
        .where(experiments.c.project_id == project_id, has_some | will)
        .order_by(experiments.c.id.desc())
    )
    return as_records(found)


async def take_in(
    connection: AsyncConnection,
    project_id: int,
    records: Mapping[str, Mapping[str, Any]],
    *,
    author: str,
    note: str,
    now: datetime,
) -> dict[str, tuple[int, int, str]]:
    """Make each of the records, by name, or the next version of the one that is there.

    By name: the persona's id, its version, and whether it is `created`, has a new `version` or is `unchanged`.
    """
    there, _ = await find(connection, project_id, is_own=True)
    known = {row["name"]: row for row in there}
    new = [name for name in records if name not in known]
    edited = [name for name in records if name in known and known[name]["record"] != dict(records[name])]
    moments = {"created_at": now, "updated_at": now}
    ids = await insert_returning_ids(
        connection,
        personas,
        [{"project_id": project_id, "name": name, "version": 1, "is_shared": False, **moments} for name in new],
    )
    done = {name: (int(row["id"]), int(row["version"]), "unchanged") for name, row in known.items() if name in records}
    done |= {name: (id_, 1, "created") for name, id_ in zip(new, ids, strict=True)}
    done |= {name: (int(known[name]["id"]), int(known[name]["version"]) + 1, "version") for name in edited}
    if edited:
        await connection.execute(
            update(personas).where(personas.c.id == bindparam("which")).values(version=personas.c.version + 1),
            [{"which": done[name][0], "updated_at": now} for name in edited],
        )
    if new or edited:
        await connection.execute(
            persona_versions.insert(),
            [
                {
                    "persona_id": done[name][0],
                    "version": done[name][1],
                    "record": dict(records[name]),
                    "author": author,
                    "note": note,
                    "created_at": now,
                }
                for name in (*new, *edited)
            ],
        )
    return {name: done[name] for name in records}


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
