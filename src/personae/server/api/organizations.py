"""Organizations: they own projects, and people are their members."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import PermissionDenied
from personae.server.deps import OrganizationAdmin, OrganizationViewer, PrincipalDep, ServicesDep
from personae.server.failures import Taken
from personae.server.paging import Page
from personae.server.schemas.organization import OrganizationIn
from personae.server.schemas.project import Organization
from personae.store import audit, members, projects
from personae.store.columns import Record

router = APIRouter(prefix="/organizations", tags=["organizations"])


@router.get("")
async def list_organizations(services: ServicesDep, principal: PrincipalDep) -> Page[Organization]:
    """Those that you are a member of. None for API keys, which belong to a project."""
    async with services.database.reading() as connection:
        found = await projects.all_organizations(connection, ids=None if principal.is_local else list(principal.roles))
    return Page(items=[_shown(row) for row in found], count=len(found))


@router.post("", status_code=201)
async def create_organization(body: OrganizationIn, services: ServicesDep, principal: PrincipalDep) -> Organization:
    """A new organization, with you as its admin. For people who are the admin of one already."""
    if not principal.is_local and "admin" not in principal.roles.values():
        raise PermissionDenied("only the admin of an organization makes another")
    now = services.now()
    async with services.database.writing() as connection:
        await _check_name(connection, body.name)
        id_ = await projects.create_organization(connection, body.name, domain=body.domain, now=now)
        if principal.is_person and principal.user_id is not None:
            await members.add(connection, id_, principal.user_id, "admin", now)
        await audit.record(
            connection,
            organization_id=id_,
            project_id=None,
            actor=principal.actor,
            action="create",
            noun="organization",
            noun_id=id_,
            detail={"name": body.name},
            now=now,
        )
        made = await projects.organization(connection, id_)
    assert made is not None
    return _shown(made)


@router.get("/{organization_id}")
async def get_organization(organization: OrganizationViewer) -> Organization:
    """One organization."""
    return _shown(organization.organization)


@router.put("/{organization_id}")
async def update_organization(organization: OrganizationAdmin, body: OrganizationIn) -> Organization:
    """Change its name or domain. 409 where the name is taken."""
    async with organization.changing() as change:
        await _check_name(change.connection, body.name, but=organization.id)
        await projects.update_organization(
            change.connection, organization.id, name=body.name, domain=body.domain, now=organization.services.now()
        )
        change.log("update", "organization", organization.id, name=body.name)
        made = await projects.organization(change.connection, organization.id)
    assert made is not None
    return _shown(made)


async def _check_name(connection: AsyncConnection, name: str, *, but: int | None = None) -> None:
    if any(row["name"] == name and row["id"] != but for row in await projects.all_organizations(connection)):
        raise Taken(f"an organization is called {name!r} already")


def _shown(row: Record) -> Organization:
    return Organization(**{name: row[name] for name in Organization.model_fields if name in row})
