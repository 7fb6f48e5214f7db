"""Becoming a member by an invitation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from personae.errors import InputError, NotFound, PermissionDenied
from personae.server.accounts import person_of_session
from personae.server.failures import Taken
from personae.server.oidc import Identity
from personae.server.schemas.invitation import Acceptance
from personae.server.schemas.session import LEAST_OF_A_PASSWORD, SignedIn, plain_email
from personae.server.secrets import token_hash
from personae.server.security import ROLES
from personae.server.services import Services
from personae.server.sign_in import begin_session, check_not_disabled, check_password
from personae.store import audit, invitations, members, sessions, users
from personae.store.columns import Record


async def opened(connection: AsyncConnection, token: str, now: datetime) -> Record:
    """The invitation behind a link. Raises NotFound where it is not good, or no longer."""
    found = await invitations.open_by_hash(connection, token_hash(token), now)
    if found is None:
        raise NotFound("the invitation is unknown, taken back, accepted already or expired: ask for a new one")
    return found


async def accept(services: Services, request: Request, token: str, body: Acceptance) -> SignedIn:
    """Join with the account that is signed in, or the one that the password opens, or a new one."""
    async with services.database.reading() as connection:
        invitation = await opened(connection, token, services.now())
        signed_in = await person_of_session(services, request)
        email = signed_in["email"] if signed_in else body.email or invitation["email"]
        _check_address(invitation, email)
        known = await users.by_email(connection, email)
    if signed_in is None and known is not None:
        signed_in = await check_password(services, request, email, body.password or "")
    password_hash = None if signed_in else await _new_password(services, body)
    async with services.database.writing() as connection:
        person = signed_in or await _new_person(services, connection, email, body.name, password_hash)
        await join(services, connection, invitation, person)
        return await begin_session(services, connection, person)


async def join(services: Services, connection: AsyncConnection, invitation: Record, person: Record) -> None:
    """Use the invitation up, in the transaction that it is given. A member never loses by one."""
    now = services.now()
    if not await invitations.accept(connection, invitation["id"], now):
        raise NotFound("the invitation was accepted at this moment: ask for a new one")
    organization_id, role = invitation["organization_id"], invitation["role"]
    member = await members.get(connection, organization_id, person["id"])
    if member is None:
        await members.add(connection, organization_id, person["id"], role, now)
    elif ROLES.index(role) > ROLES.index(member["role"]):
        await members.set_role(connection, organization_id, person["id"], role)
    await audit.record(
        connection,
        organization_id=organization_id,
        project_id=None,
        actor=person["email"],
        action="accept",
        noun="invitation",
        noun_id=invitation["id"],
        detail={"role": role, "user_id": person["id"]},
        now=now,
    )


async def with_identity(services: Services, identity: Identity) -> SignedIn:
    """Sign in whom the OIDC provider vouches for: a person known by it, or by the address that it has verified.

    An account that was made by password becomes the provider's at the first time: its password, and the sessions that
    it opened, end, since whoever set it may not have owned the address. Invitations to the address are accepted.
    Raises PermissionDenied for somebody whom nobody has invited.
    """
    now, email = services.now(), plain_email(identity.email)
    async with services.database.writing() as connection:
        person = await users.by_subject(connection, identity.subject)
        if person is None and email:
            person = await _adopted(connection, email, identity.subject, now)
        invited = await invitations.open_for(connection, email, now) if email else []
        if person is None:
            if not invited:
                raise PermissionDenied("nobody has invited you here: ask an admin for an invitation to your address")
            id_ = await users.create(connection, email, name=identity.name, oidc_subject=identity.subject, now=now)
            person = await users.get(connection, id_)
        assert person is not None
        check_not_disabled(person)
        for invitation in invited:
            await join(services, connection, invitation, person)
        return await begin_session(services, connection, person)


async def _adopted(connection: AsyncConnection, email: str, subject: str, now: datetime) -> Record | None:
    person = await users.by_email(connection, email)
    if person is None:
        return None
    if person["oidc_subject"] is not None:
        raise PermissionDenied(f"{email} belongs to another account of the provider")
    await users.set_subject(connection, person["id"], subject, now)
    await users.set_password(connection, person["id"], None, now)
    await sessions.end_all(connection, person["id"])
    return person


def _check_address(invitation: Record, email: str) -> None:
    if not email:
        raise InputError("is needed, since the invitation names none", field="email")
    if invitation["email"] and invitation["email"] != email:
        raise PermissionDenied(f"the invitation is for {invitation['email']}")


async def _new_password(services: Services, body: Acceptance) -> str:
    if len(body.password or "") < LEAST_OF_A_PASSWORD:
        raise InputError(f"a new account needs at least {LEAST_OF_A_PASSWORD} characters", field="password")
    return await services.passwords.hashed(body.password or "")


async def _new_person(
    services: Services, connection: AsyncConnection, email: str, name: str, password_hash: str | None
) -> Record:
    if await users.by_email(connection, email) is not None:
        raise Taken(f"{email} has an account since a moment ago: accept again, with its password")
    id_ = await users.create(connection, email, name=name, password_hash=password_hash, now=services.now())
    made = await users.get(connection, id_)
    assert made is not None
    return made
