"""Sessions: begun by whoever proved who they are."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from personae.errors import PermissionDenied
from personae.server.failures import Unauthenticated
from personae.server.schemas.session import SignedIn, User
from personae.server.secrets import new_token, token_hash
from personae.server.services import Services
from personae.store import audit, members, sessions, users
from personae.store.columns import Record

SESSION_PREFIX = "ps_"
"""Of session tokens, so that a leaked one is recognised for what it is."""


async def check_password(services: Services, request: Request, email: str, password: str) -> Record:
    """The person whose password it is. Raises Unauthenticated, which does not say what of it is wrong, and TooMany."""
    address = request.client.host if request.client else ""
    services.attempts.begin(email, address)
    async with services.database.reading() as connection:
        person = await users.by_email(connection, email)
    fits = await services.passwords.fits(None if person is None else person["password_hash"], password)
    if person is None or not fits:
        raise Unauthenticated("the e-mail address or the password is wrong")
    services.attempts.succeeded(email, address)
    check_not_disabled(person)
    return person


def check_not_disabled(person: Record) -> None:
    """Raises PermissionDenied for somebody who is shut out."""
    if person["disabled_at"] is not None:
        raise PermissionDenied("this account is disabled: ask whoever runs the server")


async def begin_session(services: Services, connection: AsyncConnection, person: Record) -> SignedIn:
    """Sign somebody in, in the transaction that proved who they are."""
    now = services.now()
    token, expires_at = new_token(SESSION_PREFIX), _end(services, now)
    await sessions.create(connection, token_hash(token), person["id"], expires_at=expires_at, now=now)
    await audit.record_in_each(
        connection,
        await members.roles(connection, person["id"]),
        actor=person["email"],
        action="sign_in",
        noun="user",
        noun_id=person["id"],
        now=now,
    )
    return SignedIn(token=token, expires_at=expires_at, user=shown(person))


def shown(person: Record) -> User:
    """A person, from a row of `store.users`."""
    return User(id=person["id"], email=person["email"], name=person["name"])


def _end(services: Services, now: datetime) -> datetime:
    return now + timedelta(days=services.settings.session_days)
