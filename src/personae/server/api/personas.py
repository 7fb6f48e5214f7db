"""Personas: the library of a project."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import Conflict
from personae.server.api._persona_filters import PersonaFilterDep
from personae.server.api._personas import check_name, editable, found, own
from personae.server.deps import Change, Editor, Id, Viewer
from personae.server.paging import Page, PagingDep
from personae.server.schemas.persona import Persona, PersonaIn
from personae.server.schemas.persona_facets import Facets
from personae.server.schemas.persona_use import Archiving, ExperimentName, GroupName, PersonaUse, Sharing
from personae.server.schemas.persona_version import MAX_VERSION
from personae.store import persona_groups, personas
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/personas", tags=["personas"])


@router.get("")
async def list_personas(project: Viewer, paging: PagingDep, chosen: PersonaFilterDep) -> Page[Persona]:
    """The project's own personas and those that its organization shares, by name."""
    async with project.reading() as connection:
        rows, count = await personas.find(
            connection,
            project.id,
            name=chosen.name,
            is_archived=chosen.archived,
            group_id=chosen.group_id,
            matches=chosen.matches if chosen.looks_inside else None,
            offset=paging.offset,
            limit=paging.limit,
        )
    return Page(items=[Persona.of(row, project.id) for row in rows], count=count)


@router.get("/facets")
async def persona_facets(project: Viewer, chosen: PersonaFilterDep) -> Facets:
    """Which traits and attributes the personas of the list have, and how many each: what it can be narrowed by."""
    async with project.reading() as connection:
        records = await personas.records(
            connection,
            project.id,
            name=chosen.name,
            is_archived=chosen.archived,
            group_id=chosen.group_id,
        )
    return await asyncio.to_thread(Facets.of, [one for one in records if chosen.matches(one)])


@router.post("", status_code=201)
async def create_persona(project: Editor, body: PersonaIn) -> Persona:
    """A new persona, at version 1. 409 where the name is taken."""
    record = body.as_record()
    async with project.changing() as change:
        await check_name(change.connection, project.id, record.name)
        id_ = await personas.create(
            change.connection,
            project.id,
            record.name,
            record.as_dict(),
            author=project.actor,
            note=body.note,
            now=project.services.now(),
        )
        change.log("create", "persona", id_, name=record.name)
        return Persona.of(await found(change.connection, project.id, id_), project.id)


@router.get("/{persona_id}")
async def get_persona(project: Viewer, persona_id: Id) -> Persona:
    """One persona in its current version."""
    async with project.reading() as connection:
        return Persona.of(await found(connection, project.id, persona_id), project.id)


@router.put("/{persona_id}")
async def update_persona(
    project: Editor,
    persona_id: Id,
    body: PersonaIn,
    if_version: Annotated[
        int | None, Query(ge=1, le=MAX_VERSION, description="Only where this is its current version still, else 409.")
    ] = None,
) -> Persona:
    """The next version. The same content again makes none. 409 where the name is taken, or the persona archived."""
    record = body.as_record()
    async with project.changing() as change:
        before = await editable(change.connection, project.id, persona_id)
        if if_version is not None and before["version"] != if_version:
            raise Conflict(
                f"{before['author']} saved version {before['version']} of the persona while you changed version "
                f"{if_version}: look at it before you save yours over it"
            )
        await check_name(change.connection, project.id, record.name, but=persona_id)
        if before["record"] != record.as_dict():
            version = await personas.add_version(
                change.connection,
                persona_id,
                record.name,
                record.as_dict(),
                author=project.actor,
                note=body.note,
                now=project.services.now(),
            )
            change.log("update", "persona", persona_id, version=version)
        return Persona.of(await found(change.connection, project.id, persona_id), project.id)


@router.delete("/{persona_id}", status_code=204)
async def delete_persona(
    project: Editor,
    persona_id: Id,
    from_groups: Annotated[bool, Query(description="Take it out of its groups, which would hinder it.")] = False,
) -> Response:
    """For good, with its history; to put it away instead, archive it. Experiments keep their own copy.

    409 where it is a member of a group, unless `from_groups` is true.
    """
    async with project.changing() as change:
        row = await own(change.connection, project.id, persona_id)
        if not from_groups:
            await _check_groups(change.connection, project.id, persona_id)
        await personas.delete(change.connection, persona_id)
        change.log("delete", "persona", persona_id, name=row["name"])
    return Response(status_code=204)


@router.put("/{persona_id}/sharing")
async def share_persona(project: Editor, persona_id: Id, body: Sharing) -> Persona:
    """Show it to the organization's other projects, where it is read-only, or no longer.

    409 where groups of other projects hold a persona that is to be hidden from them, unless `from_groups` is true.
    """
    async with project.changing() as change:
        row = await own(change.connection, project.id, persona_id)
        if row["is_shared"] != body.is_shared:
            if not body.is_shared:
                await _hide(change, project.id, persona_id, from_groups=body.from_groups)
            await personas.share(change.connection, persona_id, is_shared=body.is_shared, now=project.services.now())
            change.log("share" if body.is_shared else "unshare", "persona", persona_id)
        return Persona.of(await found(change.connection, project.id, persona_id), project.id)


@router.put("/{persona_id}/archiving")
async def archive_persona(project: Editor, persona_id: Id, body: Archiving) -> Persona:
    """Put it away, or take it out again; 409 where its name is taken by now. Groups keep it, and show that it is."""
    async with project.changing() as change:
        row = await own(change.connection, project.id, persona_id)
        if (row["archived_at"] is not None) != body.is_archived:
            if not body.is_archived:
                await check_name(change.connection, project.id, row["name"], but=persona_id)
            now = project.services.now()
            await personas.archive(change.connection, persona_id, now if body.is_archived else None, now=now)
            change.log("archive" if body.is_archived else "unarchive", "persona", persona_id)
        return Persona.of(await found(change.connection, project.id, persona_id), project.id)


@router.get("/{persona_id}/use")
async def use_of_persona(project: Viewer, persona_id: Id) -> PersonaUse:
    """The groups and experiments that use it."""
    async with project.reading() as connection:
        await found(connection, project.id, persona_id)
        here, elsewhere = await _groups(connection, project.id, persona_id)
        experiments = await personas.used_in_experiments(connection, project.id, persona_id)
    return PersonaUse(
        groups=[GroupName(id=group["id"], name=group["name"]) for group in here],
        groups_elsewhere=len(elsewhere),
        experiments=[ExperimentName(**row) for row in experiments],
    )


async def _groups(connection: AsyncConnection, project_id: int, persona_id: int) -> tuple[list[Record], list[Record]]:
    """Groups of the project, and groups of others, that hold it."""
    groups = await persona_groups.with_persona(connection, persona_id)
    here = [group for group in groups if group["project_id"] == project_id]
    return here, [group for group in groups if group["project_id"] != project_id]


async def _check_groups(connection: AsyncConnection, project_id: int, persona_id: int) -> None:
    here, elsewhere = await _groups(connection, project_id, persona_id)
    places = [repr(group["name"]) for group in here[:5]]
    if len(here) > 5:
        places.append(f"{len(here) - 5} more")
    if elsewhere:
        places.append(f"{len(elsewhere)} of other projects")
    if places:
        raise Conflict(
            f"the persona is a member of the groups {', '.join(places)}: take it out of them, say from_groups=true "
            "to do so at once, or archive the persona instead"
        )


async def _hide(change: Change, project_id: int, persona_id: int, *, from_groups: bool) -> None:
    _, elsewhere = await _groups(change.connection, project_id, persona_id)
    if elsewhere and not from_groups:
        raise Conflict(
            f"{len(elsewhere)} groups of other projects hold the persona: it must be taken out of them first, or say "
            "from_groups=true to do so at once"
        )
    await persona_groups.take_out(change.connection, persona_id, [group["id"] for group in elsewhere])
