"""Members of organizations, with their roles."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.tables import members, organizations, users


async def roles(connection: AsyncConnection, user_id: int) -> dict[int, str]:
    """A person's role, by organization."""
    found = await connection.execute(
        select(members.c.organization_id, members.c.role)
        .where(members.c.user_id == user_id)
        .order_by(members.c.organization_id)
    )
    return {row.organization_id: row.role for row in found}


async def of_organization(
    connection: AsyncConnection, organization_id: int, *, offset: int = 0, limit: int | None = None
) -> tuple[list[Record], int]:
    """Members by e-mail address, and how many there are in all."""
    chosen = members.c.organization_id == organization_id
    count = await connection.scalar(select(func.count()).select_from(members).where(chosen))
    found = await connection.execute(
        select(members, users.c.email, users.c.name, users.c.disabled_at)
        .join(users, users.c.id == members.c.user_id)
        .where(chosen)
        .order_by(users.c.email)
        .offset(offset)
        .limit(limit)
    )
    return as_records(found), count or 0


async def get(connection: AsyncConnection, organization_id: int, user_id: int) -> Record | None:
    """One member."""
    found = await connection.execute(
        select(members, users.c.email, users.c.name, users.c.disabled_at)
        .join(users, users.c.id == members.c.user_id)
        .where(members.c.organization_id == organization_id, members.c.user_id == user_id)
    )
    row = found.mappings().first()
    return None if row is None else dict(row)


async def add(connection: AsyncConnection, organization_id: int, user_id: int, role: str, now: datetime) -> None:
    """Make somebody a member who is none yet."""
    await connection.execute(
        members.insert().values(organization_id=organization_id, user_id=user_id, role=role, created_at=now)
    )


async def set_role(connection: AsyncConnection, organization_id: int, user_id: int, role: str) -> None:
    """Change what a member may do."""
    await connection.execute(
        update(members)
        .where(members.c.organization_id == organization_id, members.c.user_id == user_id)
        .values(role=role)
    )


async def remove(connection: AsyncConnection, organization_id: int, user_id: int) -> None:
    """No longer a member."""
    await connection.execute(
        members.delete().where(members.c.organization_id == organization_id, members.c.user_id == user_id)
    )


async def other_admins(connection: AsyncConnection, organization_id: int, user_id: int) -> int:
    """How many admins there are beside one member. The organization is held until the transaction ends, so that two
    admins cannot remove each other at the same moment.
    """
    await connection.execute(select(organizations.c.id).where(organizations.c.id == organization_id).with_for_update())
    found = await connection.scalar(
        select(func.count())
        .select_from(members)
        .join(users, users.c.id == members.c.user_id)
        .where(
            members.c.organization_id == organization_id,
            members.c.role == "admin",
            members.c.user_id != user_id,
            users.c.disabled_at.is_(None),
        )
    )
    return found or 0
