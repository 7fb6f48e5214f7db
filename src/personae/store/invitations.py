"""Invitations to an organization, by a link that is good once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_one
from personae.store.tables import invitations, organizations


async def create(
    connection: AsyncConnection,
    organization_id: int,
    *,
    token_hash: str,
    email: str,
    role: str,
    invited_by: str,
    expires_at: datetime,
    now: datetime,
) -> int:
    """The new invitation's id."""
    return await insert_one(
        connection,
        invitations,
        organization_id=organization_id,
        token_hash=token_hash,
        email=email,
        role=role,
        invited_by=invited_by,
        expires_at=expires_at,
        created_at=now,
    )


async def of_organization(
    connection: AsyncConnection, organization_id: int, *, offset: int = 0, limit: int | None = None
) -> tuple[list[Record], int]:
    """All of them, the newest first, and how many there are."""
    chosen = invitations.c.organization_id == organization_id
    count = await connection.scalar(select(func.count()).select_from(invitations).where(chosen))
    found = await connection.execute(
        select(invitations).where(chosen).order_by(invitations.c.id.desc()).offset(offset).limit(limit)
    )
    return as_records(found), count or 0


async def get(connection: AsyncConnection, organization_id: int, invitation_id: int) -> Record | None:
    """One of them."""
    found = await connection.execute(
        select(invitations).where(invitations.c.organization_id == organization_id, invitations.c.id == invitation_id)
    )
    row = found.mappings().first()
    return None if row is None else dict(row)


async def open_by_hash(connection: AsyncConnection, token_hash: str, now: datetime) -> Record | None:
    """The invitation, with its organization's name, if it can still be accepted."""
    found = await connection.execute(
        select(invitations, organizations.c.name.label("organization_name"))
        .join(organizations, organizations.c.id == invitations.c.organization_id)
        .where(
            invitations.c.token_hash == token_hash,
            invitations.c.accepted_at.is_(None),
            invitations.c.expires_at > now,
        )
    )
    row = found.mappings().first()
    return None if row is None else dict(row)


async def open_for(connection: AsyncConnection, email: str, now: datetime) -> list[Record]:
    """The invitations that name this address and can still be accepted."""
    found = await connection.execute(
        select(invitations)
        .where(invitations.c.email == email, invitations.c.accepted_at.is_(None), invitations.c.expires_at > now)
        .order_by(invitations.c.id)
    )
    return as_records(found)


async def accept(connection: AsyncConnection, invitation_id: int, now: datetime) -> bool:
    """Use it up; False where somebody else just did."""
    done = await connection.execute(
        update(invitations)
        .where(invitations.c.id == invitation_id, invitations.c.accepted_at.is_(None))
        .values(accepted_at=now)
    )
    return bool(done.rowcount)


async def delete(connection: AsyncConnection, organization_id: int, invitation_id: int) -> bool:
    """Whether there was one to take back."""
    done = await connection.execute(
        invitations.delete().where(invitations.c.organization_id == organization_id, invitations.c.id == invitation_id)
    )
    return bool(done.rowcount)
