"""Members of an organization, and what they may do."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import Conflict, NotFound, PermissionDenied
from personae.server.deps import Id, OrganizationAdmin, OrganizationViewer
from personae.server.paging import Page, PagingDep
from personae.server.schemas.member import Member, MemberChange
from personae.server.security import includes
from personae.store import members
from personae.store.columns import Record

router = APIRouter(prefix="/organizations/{organization_id}/members", tags=["members"])


@router.get("")
async def list_members(organization: OrganizationViewer, paging: PagingDep) -> Page[Member]:
    """By e-mail address."""
    async with organization.reading() as connection:
        found, count = await members.of_organization(
            connection, organization.id, offset=paging.offset, limit=paging.limit
        )
    return Page(items=[Member.of(row) for row in found], count=count)


@router.patch("/{user_id}")
async def change_member(organization: OrganizationAdmin, user_id: Id, body: MemberChange) -> Member:
    """Give a member another role. 409 for the last admin."""
    async with organization.changing() as change:
        member = await _found(change.connection, organization.id, user_id)
        if member["role"] != body.role:
            await _check_not_last(change.connection, organization.id, member)
            await members.set_role(change.connection, organization.id, user_id, body.role)
            change.log("update", "member", user_id, email=member["email"], before=member["role"], role=body.role)
        return Member.of(await _found(change.connection, organization.id, user_id))


@router.delete("/{user_id}", status_code=204)
async def remove_member(organization: OrganizationViewer, user_id: Id) -> None:
    """Remove a member; anybody may leave by themselves. Keys that they made stop working. 409 for the last admin."""
    if user_id != organization.principal.user_id and not includes(organization.role, "admin"):
        raise PermissionDenied("only an admin removes other members")
    async with organization.changing() as change:
        member = await _found(change.connection, organization.id, user_id)
        await _check_not_last(change.connection, organization.id, member)
        await members.remove(change.connection, organization.id, user_id)
        change.log("delete", "member", user_id, email=member["email"])


async def _check_not_last(connection: AsyncConnection, organization_id: int, member: Record) -> None:
    if member["role"] == "admin" and not await members.other_admins(connection, organization_id, member["user_id"]):
        raise Conflict(f"{member['email']} is the organization's last admin: make somebody else one first")


async def _found(connection: AsyncConnection, organization_id: int, user_id: int) -> Record:
    found = await members.get(connection, organization_id, user_id)
    if found is None:
        raise NotFound(f"there is no member {user_id} in this organization")
    return found
