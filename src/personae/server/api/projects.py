"""Projects: where everything else is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import InputError, NotFound, PermissionDenied
from personae.server.deps import Admin, PrincipalDep, ProjectAccess, ServicesDep, Viewer
from personae.server.failures import Taken
from personae.server.models import chosen_judge, chosen_simulator, judge_config, simulator_config
from personae.server.paging import Page
from personae.server.project_settings import over
from personae.server.schemas.project import Project, ProjectIn
from personae.server.schemas.project_settings import InForce, ProjectSettings, ProjectSettingsOut
from personae.server.security import includes
from personae.server.settings import ServerSettings
from personae.store import audit, llm_configs, projects

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


@router.get("/{project_id}/settings")
async def get_project_settings(project: Viewer) -> ProjectSettingsOut:
    """What experiments of the project start with where they say nothing themselves."""
    async with project.reading() as connection:
        return await _settings(connection, project, project.chosen)


@router.put("/{project_id}/settings")
async def update_project_settings(project: Admin, body: ProjectSettings) -> ProjectSettingsOut:
    """Replace them whole. Experiments that were started keep what they have."""
    chosen, services = body.model_dump(exclude_none=True), project.services
    most = services.settings.max_conversations
    if chosen.get("max_conversations", 1) > most:
        raise InputError(f"must be {most} or less: this server allows no more", field="max_conversations")
    async with project.changing() as change:
        connection = change.connection
        await chosen_simulator(connection, services, project.id, chosen.get("simulator"))
        await chosen_judge(connection, services, project.id, chosen.get("judge"))
        before = await projects.settings(connection, project.id)
        if changed := {one: chosen.get(one) for one in {**before, **chosen} if chosen.get(one) != before.get(one)}:
            await projects.change_settings(connection, project.id, chosen, now=services.now())
            change.log("update", "project", project.id, **changed)
        return await _settings(connection, project, chosen)


async def _settings(connection: AsyncConnection, project: ProjectAccess, chosen: dict[str, Any]) -> ProjectSettingsOut:
    server = _in_force(project.services.settings)
    roles = [role for role in ("simulator", "judge") if role in chosen]
    names: dict[str, Any] = {role: await _name(connection, project.id, chosen[role]) for role in roles}
    in_force = _in_force(over(project.services.settings, chosen)).model_copy(update=names)
    return ProjectSettingsOut(**chosen, in_force=in_force, server=server)


def _in_force(settings: ServerSettings) -> InForce:
    models = {"simulator": simulator_config(settings), "judge": judge_config(settings)}
    return InForce(
        **{role: "/".join(filter(None, (one.provider, one.model))) for role, one in models.items()},
        max_turns=settings.max_turns,
        budget_usd=settings.budget_usd,
        max_conversations=settings.max_conversations,
    )


async def _name(connection: AsyncConnection, project_id: int, choice: dict[str, int]) -> str:
    """Of an LLM config; deleted ones are not chosen, but a text is always there."""
    row = await llm_configs.get(connection, project_id, choice["llm_config_id"])
    return str(choice["llm_config_id"] if row is None else row["name"])
