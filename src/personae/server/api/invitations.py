"""Invitations to an organization, by a link that is good once."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from personae.errors import NotFound
from personae.server import cookies
from personae.server.deps import Id, OrganizationAdmin, ServicesDep
from personae.server.joining import accept, opened
from personae.server.paging import Page, PagingDep
from personae.server.schemas.invitation import (
    Acceptance,
    Invitation,
    InvitationIn,
    InvitationShown,
    NewInvitation,
)
from personae.server.schemas.session import SignedIn
from personae.server.secrets import new_token, token_hash
from personae.store import invitations

router = APIRouter(tags=["invitations"])


@router.get("/organizations/{organization_id}/invitations")
async def list_invitations(organization: OrganizationAdmin, paging: PagingDep) -> Page[Invitation]:
    """All of them, accepted and expired ones too, the newest first."""
    async with organization.reading() as connection:
        found, count = await invitations.of_organization(
            connection, organization.id, offset=paging.offset, limit=paging.limit
        )
    now = organization.services.now()
    return Page(items=[Invitation.of(row, now) for row in found], count=count)


@router.post("/organizations/{organization_id}/invitations", status_code=201)
async def invite(organization: OrganizationAdmin, body: InvitationIn) -> NewInvitation:
    """A link that makes somebody a member. It is shown this once: send it to them."""
    services, token = organization.services, new_token()
    now = services.now()
    async with organization.changing() as change:
        id_ = await invitations.create(
            change.connection,
            organization.id,
            token_hash=token_hash(token),
            email=body.email or "",
            role=body.role,
            invited_by=organization.actor,
            expires_at=now + timedelta(days=body.expires_in_days),
            now=now,
        )
        change.log("create", "invitation", id_, email=body.email, role=body.role)
        made = await invitations.get(change.connection, organization.id, id_)
    assert made is not None
    link = f"{services.settings.url}/invitations/{token}"
    return NewInvitation(**Invitation.of(made, now).model_dump(), token=token, link=link)


@router.delete("/organizations/{organization_id}/invitations/{invitation_id}", status_code=204)
async def revoke_invitation(organization: OrganizationAdmin, invitation_id: Id) -> None:
    """Take an invitation back: its link is no longer good. Who accepted it stays a member."""
    async with organization.changing() as change:
        if not await invitations.delete(change.connection, organization.id, invitation_id):
            raise NotFound(f"there is no invitation {invitation_id} in this organization")
        change.log("delete", "invitation", invitation_id)


@router.get("/invitations/{token}")
async def get_invitation(token: str, services: ServicesDep) -> InvitationShown:
    """What the link invites to. Needs no credentials but the link."""
    async with services.database.reading() as connection:
        found = await opened(connection, token, services.now())
    shown = {name: found[name] for name in InvitationShown.model_fields if name != "email"}
    return InvitationShown(**shown, email=found["email"] or None)


@router.post("/invitations/{token}/accept")
async def accept_invitation(
    token: str, body: Acceptance, request: Request, response: Response, services: ServicesDep
) -> SignedIn:
    """Become a member, with a new account or with the one that you have, and be signed in.

    An account that is there needs its own password (401 where it is wrong); who is signed in already needs none.
    """
    signed_in = await accept(services, request, token, body)
    cookies.set_session(response, services, signed_in.token)
    return signed_in
