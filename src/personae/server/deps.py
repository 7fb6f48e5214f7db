"""The types that routes take: who asks, the project they ask about, and the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

from fastapi import Depends, Path, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import NotFound, PermissionDenied
from personae.server.accounts import principal
from personae.server.project_settings import over
from personae.server.security import Principal, Role, includes
from personae.server.services import Services
from personae.server.settings import ServerSettings
from personae.store import audit, projects
from personae.store.columns import Record

MAX_ID = 2**63 - 1
"""Ids beyond it fit into no database, so nothing goes by them."""


_KEY = APIKeyHeader(name="X-API-Key", scheme_name="APIKey", auto_error=False, description="Belongs to one project.")
_TOKEN = HTTPBearer(scheme_name="Token", auto_error=False, description="A person's session.")


def services(request: Request) -> Services:
    """What all requests share."""
    found: Services = request.app.state.services
    return found


async def asking(
    request: Request,
    _key: Annotated[str | None, Security(_KEY)],
    _token: Annotated[Any, Security(_TOKEN)],
) -> Principal:
    """Who asks, also noted for the log. The credentials are read in `accounts`, and declared here for the docs."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Somebody who may do what the route does, in an organization or in one of its projects."""

    services: Services
    principal: Principal
    role: Role
    """Theirs: at least the one that the route wants."""
    organization_id: int
    project_id: int | None = None

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
                    project_id=self.project_id,
                    actor=self.actor,
                    action=action,
                    noun=noun,
                    noun_id=noun_id,
                    detail=detail,
                    now=self.services.now(),
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectAccess(Access):
    """The same in one project."""

    project: Record

    @property
    def id(self) -> int:
        return int(self.project["id"])

    @property
    def chosen(self) -> Record:
        """What the project chose: see `project_settings`."""
        return dict(self.project["settings"])

    @property
    def limits(self) -> ServerSettings:
        """The server's settings as they hold in the project."""
        return over(self.services.settings, self.chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationAccess(Access):
    """The same in one organization. Not for API keys, which belong to a project."""

    organization: Record

    @property
    def id(self) -> int:
        return self.organization_id


def _in_project(wanted: Role) -> Callable[..., Coroutine[Any, Any, ProjectAccess]]:
    async def access(project_id: Id, services: ServicesDep, principal: PrincipalDep) -> ProjectAccess:
        async with services.database.reading() as connection:
            project = await projects.project(connection, project_id)
        role = "" if project is None else principal.role_in(project["organization_id"], project_id)
        if project is None or not role:  # a stranger does not learn whether it is there
            raise NotFound(f"there is no project {project_id}, or it is not yours to see")
        return ProjectAccess(
            services=services,
            principal=principal,
            role=_enough(role, wanted, "project"),
            organization_id=project["organization_id"],
            project_id=project_id,
            project=project,
        )

    access.wanted = wanted  # type: ignore[attr-defined]  # for the test that walks all routes
    return access


def _in_organization(wanted: Role) -> Callable[..., Coroutine[Any, Any, OrganizationAccess]]:
    async def access(organization_id: Id, services: ServicesDep, principal: PrincipalDep) -> OrganizationAccess:
        async with services.database.reading() as connection:
            organization = await projects.organization(connection, organization_id)
        role = "" if organization is None else principal.role_in(organization_id)
        if organization is None or not role:
            raise NotFound(f"there is no organization {organization_id}, or it is not yours to see")
        return OrganizationAccess(
            services=services,
            principal=principal,
            role=_enough(role, wanted, "organization"),
            organization_id=organization_id,
            organization=organization,
        )

    access.wanted = wanted  # type: ignore[attr-defined]  # for the test that walks all routes
    return access


async def organization_of(project: ProjectAccess, wanted: Role) -> OrganizationAccess:
    """The organization that owns a project, for who has this role in it."""
    return await _in_organization(wanted)(project.organization_id, project.services, project.principal)


def _enough(role: str, wanted: Role, place: str) -> Role:
    if not includes(role, wanted):
        raise PermissionDenied(f"this needs the role {wanted!r} in the {place}; yours is {role!r}")
    return cast("Role", role)


Viewer = Annotated[ProjectAccess, Depends(_in_project("viewer"))]
Editor = Annotated[ProjectAccess, Depends(_in_project("editor"))]
Admin = Annotated[ProjectAccess, Depends(_in_project("admin"))]
OrganizationViewer = Annotated[OrganizationAccess, Depends(_in_organization("viewer"))]
OrganizationAdmin = Annotated[OrganizationAccess, Depends(_in_organization("admin"))]
