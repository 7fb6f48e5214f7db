"""Organizations and projects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_one
from personae.store.tables import organizations, projects

_ORGANIZATION = (
    organizations.c.name.label("organization_name"),
    organizations.c.domain.label("organization_domain"),
    organizations.c.created_at.label("organization_created_at"),
    organizations.c.updated_at.label("organization_updated_at"),
)


async def create_organization(connection: AsyncConnection, name: str, *, domain: str = "", now: datetime) -> int:
    """The new organization's id. Raises IntegrityError where the name is taken."""
    return await insert_one(connection, organizations, name=name, domain=domain, created_at=now, updated_at=now)


async def create_project(
    connection: AsyncConnection,
    organization_id: int,
    name: str,
    *,
    description: str = "",
    public_in_org: bool = False,
    now: datetime,
) -> int:
    """The new project's id. Raises IntegrityError where the name is taken."""
    return await insert_one(
        connection,
        projects,
        organization_id=organization_id,
        name=name,
        description=description,
        public_in_org=public_in_org,
        created_at=now,
        updated_at=now,
    )


async def project(connection: AsyncConnection, project_id: int) -> Record | None:
    """One project with its organization."""
    found = await connection.execute(_with_organization().where(projects.c.id == project_id))
    row = found.mappings().first()
    return None if row is None else dict(row)


async def all_projects(
    connection: AsyncConnection, *, organization_ids: Collection[int] | None = None, project_id: int | None = None
) -> list[Record]:
    """Projects by id: those of some organizations, or one, or all."""
    statement = _with_organization().order_by(projects.c.id)
    if organization_ids is not None:
        statement = statement.where(projects.c.organization_id.in_(organization_ids))
    if project_id is not None:
        statement = statement.where(projects.c.id == project_id)
    return as_records(await connection.execute(statement))


async def all_organizations(connection: AsyncConnection, *, ids: Collection[int] | None = None) -> list[Record]:
    """Organizations by id: some of them, or all."""
    statement = select(organizations).order_by(organizations.c.id)
    if ids is not None:
        statement = statement.where(organizations.c.id.in_(ids))
    return as_records(await connection.execute(statement))


async def organization(connection: AsyncConnection, organization_id: int) -> Record | None:
    """One organization."""
    found = await all_organizations(connection, ids=[organization_id])
    return found[0] if found else None


async def update_organization(
    connection: AsyncConnection, organization_id: int, *, name: str, domain: str, now: datetime
) -> None:
    """Change it. Raises IntegrityError where the name is taken."""
    await connection.execute(
        organizations.update()
        .where(organizations.c.id == organization_id)
        .values(name=name, domain=domain, updated_at=now)
    )


async def settings(connection: AsyncConnection, project_id: int) -> Record:
    """What was chosen for the project."""
    found: Record | None = await connection.scalar(select(projects.c.settings).where(projects.c.id == project_id))
    return found or {}


async def change_settings(
    connection: AsyncConnection, project_id: int, chosen: Mapping[str, Any], *, now: datetime
) -> None:
    """Replace them whole."""
    await connection.execute(
        projects.update().where(projects.c.id == project_id).values(settings=dict(chosen), updated_at=now)
    )


async def has_any(connection: AsyncConnection) -> bool:
    """Whether the database has been set up."""
    return (await connection.execute(select(projects.c.id).limit(1))).first() is not None


def _with_organization() -> Select[Any]:
    return select(projects, *_ORGANIZATION).join(organizations, organizations.c.id == projects.c.organization_id)
