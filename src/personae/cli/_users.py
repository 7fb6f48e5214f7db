"""What `personae users` does."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import typer

from personae.errors import ConfigurationError, Conflict, InputError, NotFound

try:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from personae.server.schemas.session import LEAST_OF_A_PASSWORD, checked_email, plain_email
    from personae.server.services import Services, open_services
    from personae.server.settings import ServerSettings
    from personae.server.setup import prepare
    from personae.store import audit, members, projects, sessions, users
    from personae.store.columns import Record
except ModuleNotFoundError as error:
    raise ConfigurationError(
        f"the server needs {error.name!r}, which is not installed: pip install 'personae[server]'"
    ) from error

Work = Callable[[Services], Awaitable[None]]
_ACTOR = "personae users"
"""In the audit log: whoever may run commands on the server's machine."""


class Accounts:
    """The accounts of one deployment."""

    def __init__(self, config: Path | None, database: str | None, data_folder: str | None) -> None:
        self._settings = ServerSettings.load(config).with_(database=database, data_folder=data_folder)

    def create(self, email: str, name: str, organization: str | None, *, is_admin: bool) -> None:
        """Raises Conflict where the address has an account."""
        try:
            address = checked_email(email)
        except ValueError as error:
            raise InputError(f"{email!r} {error}", field="--email") from None
        secret, role = _asked_password(), "admin" if is_admin else "editor"

        async def work(services: Services) -> None:
            password_hash, now = await services.passwords.hashed(secret), services.now()
            async with services.database.writing() as connection:
                if await users.by_email(connection, address) is not None:
                    raise Conflict(f"{address} has an account already: see `personae users password`")
                where = await _organization(connection, organization)
                id_ = await users.create(connection, address, name=name, password_hash=password_hash, now=now)
                await members.add(connection, where["id"], id_, role, now)
                await _log(services, connection, id_, "create", [where["id"]])
            typer.echo(f"{address} is {role} of {where['name']!r}, and signs in at {services.settings.url}")

        self._run(work)

    def set_password(self, email: str) -> None:
        """Raises NotFound for an unknown address."""
        secret = _asked_password()

        async def work(services: Services) -> None:
            password_hash = await services.passwords.hashed(secret)
            async with services.database.writing() as connection:
                person = await _person(connection, email)
                await users.set_password(connection, person["id"], password_hash, services.now())
                await sessions.end_all(connection, person["id"])
                await _log(services, connection, person["id"], "change_password")
            typer.echo(f"{person['email']} has a new password, and is signed out everywhere")

        self._run(work)

    def set_disabled(self, email: str, *, is_disabled: bool) -> None:
        """Raises NotFound for an unknown address."""

        async def work(services: Services) -> None:
            now = services.now()
            async with services.database.writing() as connection:
                person = await _person(connection, email)
                await users.set_disabled(connection, person["id"], now if is_disabled else None, now)
                await sessions.end_all(connection, person["id"])
                await _log(services, connection, person["id"], "disable" if is_disabled else "enable")
            typer.echo(f"{person['email']} is {'shut out' if is_disabled else 'let in again'}")

        self._run(work)

    def list(self) -> None:
        """One line a person: address, name, roles."""

        async def work(services: Services) -> None:
            async with services.database.reading() as connection:
                named = {one["id"]: one["name"] for one in await projects.all_organizations(connection)}
                for person in await users.everybody(connection):
                    roles = await members.roles(connection, person["id"])
                    where = ", ".join(f"{role} of {named[id_]}" for id_, role in roles.items()) or "no member"
                    state = "  (shut out)" if person["disabled_at"] else ""
                    typer.echo(f"{person['email']}  {person['name']}  {where}{state}")

        self._run(work)

    def _run(self, work: Work) -> None:
        async def whole() -> None:
            services = open_services(self._settings)
            try:
                key = await prepare(services)
                if key is not None:
                    typer.echo(f"API key of the project 'Default project', shown this once: {key}")
                await work(services)
            finally:
                await services.database.close()

        asyncio.run(whole())


def _asked_password() -> str:
    """Typed twice and not shown; from the input's first line where nobody sits before it."""
    if not sys.stdin.isatty():
        secret = sys.stdin.readline().rstrip("\r\n")
    else:
        secret = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != secret:
            raise InputError("the two passwords differ: try again")
    if len(secret) < LEAST_OF_A_PASSWORD:
        raise InputError(f"the password needs at least {LEAST_OF_A_PASSWORD} characters")
    return secret


async def _person(connection: AsyncConnection, email: str) -> Record:
    person = await users.by_email(connection, plain_email(email))
    if person is None:
        raise NotFound(f"nobody has the address {plain_email(email)}: see `personae users list`")
    return person


async def _organization(connection: AsyncConnection, name: str | None) -> Record:
    known = await projects.all_organizations(connection)
    for one in known:
        if name in (None, one["name"]):
            return one
    raise NotFound(f"there is no organization {name!r}; there is {', '.join(repr(one['name']) for one in known)}")


async def _log(
    services: Services, connection: AsyncConnection, user_id: int, action: str, where: list[int] | None = None
) -> None:
    await audit.record_in_each(
        connection,
        await members.roles(connection, user_id) if where is None else where,
        actor=_ACTOR,
        action=action,
        noun="user",
        noun_id=user_id,
        now=services.now(),
    )
