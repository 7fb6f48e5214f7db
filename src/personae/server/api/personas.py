"""Personas: the library of a project."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import NotFound, PermissionDenied
from personae.server.deps import Editor, Id, Viewer
from personae.server.failures import Taken
from personae.server.paging import Page, PagingDep
from personae.server.schemas.persona import Persona, PersonaIn
from personae.store import personas
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/personas", tags=["personas"])


@router.get("")
async def list_personas(
    project: Viewer,
    paging: PagingDep,
    name: Annotated[str | None, Query(description="Exactly this name.")] = None,
    search: Annotated[str, Query(description="Part of a name, in any case.")] = "",
    archived: Annotated[bool, Query(description="Those that are put away, instead of the others.")] = False,  # noqa: FBT002 - a query parameter
) -> Page[Persona]:
    """The project's own personas and those that its organization shares, by name."""
    async with project.reading() as connection:
        found, count = await personas.find(
            connection,
            project.id,
            name=name,
            search=search,
            is_archived=archived,
            offset=paging.offset,
            limit=paging.limit,
        )
    return Page(items=[Persona.of(row, project.id) for row in found], count=count)


@router.post("", status_code=201)
async def create_persona(project: Editor, body: PersonaIn) -> Persona:
    """A new persona, at version 1. 409 where the name is taken."""
    record = body.as_record()
    async with project.changing() as change:
        await _check_name(change.connection, project.id, body.name)
        id_ = await personas.create(
            change.connection,
            project.id,
            record.name,
            record.as_dict(),
            author=project.actor,
            now=project.services.now(),
        )
        change.log("create", "persona", id_, name=record.name)
        return Persona.of(await _found(change.connection, project.id, id_), project.id)


@router.get("/{persona_id}")
async def get_persona(project: Viewer, persona_id: Id) -> Persona:
    """One persona in its current version."""
    async with project.reading() as connection:
        return Persona.of(await _found(connection, project.id, persona_id), project.id)


@router.put("/{persona_id}")
async def update_persona(project: Editor, persona_id: Id, body: PersonaIn) -> Persona:
    """The next version. The same content again makes none."""
    record = body.as_record()
    async with project.changing() as change:
        before = await _own(change.connection, project.id, persona_id)
        await _check_name(change.connection, project.id, record.name, but=persona_id)
        if before["record"] != record.as_dict():
            now = project.services.now()
            version = await personas.add_version(
                change.connection, persona_id, record.name, record.as_dict(), author=project.actor, now=now
            )
            change.log("update", "persona", persona_id, version=version)
        return Persona.of(await _found(change.connection, project.id, persona_id), project.id)


async def _check_name(connection: AsyncConnection, project_id: int, name: str, *, but: int | None = None) -> None:
    if await personas.is_taken(connection, project_id, name, but=but):
        raise Taken(f"a persona is called {name!r} already")


async def _found(connection: AsyncConnection, project_id: int, persona_id: int) -> Record:
    found = await personas.get(connection, project_id, persona_id)
    if found is None:
        raise NotFound(f"there is no persona {persona_id} in this project")
    return found


async def _own(connection: AsyncConnection, project_id: int, persona_id: int) -> Record:
    """The persona, if the project may change it."""
    found = await _found(connection, project_id, persona_id)
    if found["project_id"] != project_id:
        raise PermissionDenied("the persona belongs to another project of the organization: it is read-only here")
    return found
