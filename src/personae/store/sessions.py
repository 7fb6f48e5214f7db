"""Sign-ins. Only a token's hash is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record
from personae.store.tables import sessions, users


async def create(
    connection: AsyncConnection, token_hash: str, user_id: int, *, expires_at: datetime, now: datetime
) -> None:
    """Begin one, and forget those that are over."""
    await connection.execute(sessions.delete().where(sessions.c.expires_at <= now))
    await connection.execute(
        sessions.insert().values(token_hash=token_hash, user_id=user_id, created_at=now, expires_at=expires_at)
    )


async def person(connection: AsyncConnection, token_hash: str, now: datetime) -> Record | None:
    """Who signed in, if the session is not over and the person not shut out."""
    found = await connection.execute(
        select(users)
        .join(sessions, sessions.c.user_id == users.c.id)
        .where(sessions.c.token_hash == token_hash, sessions.c.expires_at > now, users.c.disabled_at.is_(None))
    )
    row = found.mappings().first()
    return None if row is None else dict(row)


async def end(connection: AsyncConnection, token_hash: str) -> None:
    """Sign out."""
    await connection.execute(sessions.delete().where(sessions.c.token_hash == token_hash))


async def end_all(connection: AsyncConnection, user_id: int) -> None:
    """Sign a person out everywhere."""
    await connection.execute(sessions.delete().where(sessions.c.user_id == user_id))
