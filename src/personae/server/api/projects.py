"""Projects: where everything else is."""

from __future__ import annotations

from fastapi import APIRouter

from personae.errors import NotFound, PermissionDenied
from personae.server.deps import PrincipalDep, ServicesDep, Viewer
from personae.server.failures import Taken
from personae.server.paging import Page
from personae.server.schemas.project import Project, ProjectIn
from personae.server.security import includes
from personae.store import audit, projects

router = APIRouter(prefix="/projects", tags=["projects"])


@router.get("")
async def list_projects(services: ServicesDep, principal: PrincipalDep) -> Page[Project]:
    """The projects that you see; with an API key, its own alone."""
    async with services.database.reading() as connection:
        found = await projects.all_projects(
            connection,
            organization_ids=None if principal.is_local or principal.key_project else list(principal.roles),
            project_id=principal.key_project,
        )
    return Page(items=[Project.of(row) for row in found], count=len(found))


@router.get("/{project_id}")
async def get_project(project: Viewer) -> Project:
    """One project."""
    return Project.of(project.project)


@router.post("", status_code=201)
async def create_project(body: ProjectIn, services: ServicesDep, principal: PrincipalDep) -> Project:
    """A new project in an organization of which you are an admin. Not for API keys, which belong to one project."""
    if principal.key_project is not None:
        raise PermissionDenied("an API key belongs to one project and makes no other: sign in to make one")
    role = principal.role_in(body.organization_id)
    if not role and not principal.is_local:
        raise NotFound(f"there is no organization {body.organization_id}, or it is not yours to see")
    if not includes(role, "admin"):
        raise PermissionDenied("only an admin of the organization makes projects")
    now = services.now()
    async with services.database.writing() as connection:
        known = await projects.all_projects(connection)
        if any(row["name"] == body.name for row in known):
            raise Taken(f"a project is called {body.name!r} already")
        if await projects.organization(connection, body.organization_id) is None:
            raise NotFound(f"there is no organization {body.organization_id}")
        id_ = await projects.create_project(
            connection,
            body.organization_id,
            body.name,
            description=body.description,
            public_in_org=body.public_in_org,
            now=now,
        )
        await audit.record(
            connection,
            organization_id=body.organization_id,
            project_id=id_,
            actor=principal.actor,
            action="create",
            noun="project",
            noun_id=id_,
            detail={"name": body.name},
            now=now,
        )
        made = await projects.project(connection, id_)
    assert made is not None
    return Project.of(made)
