"""People who sign in. An e-mail address is kept in lower case, and belongs to one person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_one
from personae.store.tables import users


async def create(
    connection: AsyncConnection,
    email: str,
    *,
    name: str = "",
    password_hash: str | None = None,
    oidc_subject: str | None = None,
    now: datetime,
) -> int:
    """The new person's id. Raises IntegrityError where the address is taken."""
    return await insert_one(
        connection,
        users,
        email=email,
        name=name,
        password_hash=password_hash,
        oidc_subject=oidc_subject,
        created_at=now,
        updated_at=now,
    )


async def get(connection: AsyncConnection, user_id: int) -> Record | None:
    """The person with this id."""
    return await _one(connection, users.c.id == user_id)


async def by_email(connection: AsyncConnection, email: str) -> Record | None:
    """The person with this address."""
    return await _one(connection, users.c.email == email)


async def by_subject(connection: AsyncConnection, subject: str) -> Record | None:
    """The person whom the OIDC provider calls so."""
    return await _one(connection, users.c.oidc_subject == subject)


async def _one(connection: AsyncConnection, chosen: ColumnElement[bool]) -> Record | None:
    row = (await connection.execute(select(users).where(chosen))).mappings().first()
    return None if row is None else dict(row)


async def everybody(connection: AsyncConnection) -> list[Record]:
    """All people, by address."""
    found = await connection.execute(select(users).order_by(users.c.email))
    return as_records(found)


async def set_password(connection: AsyncConnection, user_id: int, password_hash: str | None, now: datetime) -> None:
    """Change the password; None takes it away."""
    await _set(connection, user_id, now, password_hash=password_hash)


async def set_subject(connection: AsyncConnection, user_id: int, subject: str, now: datetime) -> None:
    """Note what the OIDC provider calls the person."""
    await _set(connection, user_id, now, oidc_subject=subject)


async def set_disabled(connection: AsyncConnection, user_id: int, at: datetime | None, now: datetime) -> None:
    """Shut the person out, or let them in again where `at` is None."""
    await _set(connection, user_id, now, disabled_at=at)


async def _set(connection: AsyncConnection, user_id: int, now: datetime, **values: object) -> None:
    await connection.execute(update(users).where(users.c.id == user_id).values(updated_at=now, **values))
