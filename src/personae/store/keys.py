"""API keys. Only a key's hash is kept: whoever reads the database cannot use one."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record
from personae.store.engine import insert_one
from personae.store.tables import api_keys, projects

_SEEN_EVERY = timedelta(minutes=1)


async def create(
    connection: AsyncConnection,
    project_id: int,
    *,
    name: str,
    key_hash: str,
    prefix: str,
    role: str,
    created_by: str,
    now: datetime,
) -> int:
    """The new key's id."""
    return await insert_one(
        connection,
        api_keys,
        project_id=project_id,
        name=name,
        key_hash=key_hash,
        prefix=prefix,
        role=role,
        created_by=created_by,
        created_at=now,
    )


async def by_hash(connection: AsyncConnection, key_hash: str) -> Record | None:
    """The key with this hash, with its project's organization; None where it is unknown or revoked."""
    found = await connection.execute(
        select(api_keys, projects.c.organization_id)
        .join(projects, projects.c.id == api_keys.c.project_id)
        .where(api_keys.c.key_hash == key_hash, api_keys.c.revoked_at.is_(None))
    )
    row = found.mappings().first()
    return None if row is None else dict(row)


def is_due(key: Record, now: datetime) -> bool:
    """Whether its last use is old enough to be written again: not each request is a write."""
    last: datetime | None = key["last_used_at"]
    return last is None or now - last > _SEEN_EVERY


async def seen(connection: AsyncConnection, key_id: int, now: datetime) -> None:
    """Note that the key was used."""
    await connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=now))


async def of_project(connection: AsyncConnection, project_id: int) -> list[Record]:
    """All keys, revoked ones too, the newest first."""
    found = await connection.execute(
        select(api_keys).where(api_keys.c.project_id == project_id).order_by(api_keys.c.id.desc())
    )
    return [dict(row) for row in found.mappings()]


async def revoke(connection: AsyncConnection, project_id: int, key_id: int, now: datetime) -> bool:
    """Whether there was such a key to revoke."""
    done = await connection.execute(
        update(api_keys)
        .where(api_keys.c.project_id == project_id, api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return bool(done.rowcount)
