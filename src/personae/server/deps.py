"""The types that routes take: who asks, the project they ask about, and the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import NotFound, PermissionDenied
from personae.server.accounts import principal
from personae.server.security import Principal, Role, includes
from personae.server.services import Services
from personae.store import audit, projects
from personae.store.columns import Record

MAX_ID = 2**63 - 1
"""Ids beyond it fit into no database, so nothing goes by them."""


def services(request: Request) -> Services:
    """What all requests share."""
    found: Services = request.app.state.services
    return found


async def asking(request: Request) -> Principal:
    """Who asks, also noted for the log."""
    found: Principal = await principal(request)
    request.state.principal = found
    return found


ServicesDep = Annotated[Services, Depends(services)]
PrincipalDep = Annotated[Principal, Depends(asking)]
Id = Annotated[int, Path(ge=1, le=MAX_ID)]


@dataclass(slots=True)
class Change:
    """A transaction that says what it changed."""

    connection: AsyncConnection
    _entries: list[tuple[str, str, int | str, dict[str, Any]]] = field(default_factory=list)

    def log(self, action: str, noun: str, noun_id: int | str, **detail: Any) -> None:
        """For the audit log, written at the end of the same transaction. No secrets in `detail`."""
        self._entries.append((action, noun, noun_id, detail))


@dataclass(frozen=True, slots=True)
class ProjectAccess:
    """One project, for somebody who may do there what the route does."""

    services: Services
    project: Record
    principal: Principal
    role: str

    @property
    def id(self) -> int:
        return int(self.project["id"])

    @property
    def organization_id(self) -> int:
        return int(self.project["organization_id"])

    @property
    def actor(self) -> str:
        return self.principal.actor

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with self.services.database.reading() as connection:
            yield connection

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[Change]:
        """One transaction; what it logs is in the audit log if, and only if, it is committed."""
        async with self.services.database.writing() as connection:
            change = Change(connection)
            yield change
            for action, noun, noun_id, detail in change._entries:  # noqa: SLF001 - written by `log`, read here alone
                await audit.record(
                    connection,
                    organization_id=self.organization_id,
                    project_id=self.id,
                    actor=self.actor,
                    action=action,
                    noun=noun,
                    noun_id=noun_id,
                    detail=detail,
                    now=self.services.now(),
                )


def _access(wanted: Role) -> Callable[..., Coroutine[Any, Any, ProjectAccess]]:
    async def access(project_id: Id, services: ServicesDep, principal: PrincipalDep) -> ProjectAccess:
        async with services.database.reading() as connection:
            project = await projects.project(connection, project_id)
        role = "" if project is None else principal.role_in(project["organization_id"], project_id)
        if project is None or not role:  # a stranger does not learn whether it is there
            raise NotFound(f"there is no project {project_id}, or it is not yours to see")
        if not includes(role, wanted):
            raise PermissionDenied(f"this needs the role {wanted!r} in the project; yours is {role!r}")
        return ProjectAccess(services, project, principal, role)

    access.wanted = wanted  # type: ignore[attr-defined]  # for the test that walks all routes
    return access


Viewer = Annotated[ProjectAccess, Depends(_access("viewer"))]
Editor = Annotated[ProjectAccess, Depends(_access("editor"))]
Admin = Annotated[ProjectAccess, Depends(_access("admin"))]
