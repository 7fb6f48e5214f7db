"""API keys. Only a key's hash is kept: whoever reads the database cannot use one."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_one
from personae.store.tables import api_keys, members, projects, users

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
    creator_id: int | None = None,
    now: datetime,
) -> int:
    """The new key's id. `creator_id` is the person whose role is the most that the key can give."""
    return await insert_one(
        connection,
        api_keys,
        project_id=project_id,
        name=name,
        key_hash=key_hash,
        prefix=prefix,
        role=role,
        created_by=created_by,
        creator_id=creator_id,
        created_at=now,
    )


async def by_hash(connection: AsyncConnection, key_hash: str) -> Record | None:
    """The key with this hash; None where it is unknown or revoked.

    `creator_role` is the role that the person behind it has in the organization now; None where they have none.
    """
    found = await connection.execute(
        select(api_keys, members.c.role.label("creator_role"))
        .join(projects, projects.c.id == api_keys.c.project_id)
        .outerjoin(users, (users.c.id == api_keys.c.creator_id) & users.c.disabled_at.is_(None))
        .outerjoin(
            members, (members.c.user_id == users.c.id) & (members.c.organization_id == projects.c.organization_id)
        )
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


async def of_project(
    connection: AsyncConnection, project_id: int, *, offset: int = 0, limit: int | None = None
) -> tuple[list[Record], int]:
    """Keys, revoked ones too, the newest first, and how many there are in all."""
    chosen = api_keys.c.project_id == project_id
    count = await connection.scalar(select(func.count()).select_from(api_keys).where(chosen))
    found = await connection.execute(
        select(api_keys).where(chosen).order_by(api_keys.c.id.desc()).offset(offset).limit(limit)
    )
    return as_records(found), count or 0


async def get(connection: AsyncConnection, project_id: int, key_id: int) -> Record | None:
    """One key of the project."""
    found = await connection.execute(
        select(api_keys).where(api_keys.c.project_id == project_id, api_keys.c.id == key_id)
    )
    row = found.mappings().first()
    return None if row is None else dict(row)


async def revoke(connection: AsyncConnection, project_id: int, key_id: int, now: datetime) -> bool:
    """Whether there was such a key to revoke."""
    done = await connection.execute(
        update(api_keys)
        .where(api_keys.c.project_id == project_id, api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return bool(done.rowcount)
