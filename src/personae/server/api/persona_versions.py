"""The history of a persona: every edit is a version, and any of them can be taken back."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.errors import NotFound
from personae.server.api._personas import check_name, editable, found
from personae.server.deps import Editor, Id, Viewer
from personae.server.paging import Page, PagingDep
from personae.server.schemas.persona import Persona
from personae.server.schemas.persona_version import MAX_VERSION, PersonaDiff, PersonaVersion, Restore, changes
from personae.store import personas
from personae.store.columns import Record

router = APIRouter(prefix="/projects/{project_id}/personas/{persona_id}", tags=["personas"])


@router.get("/versions")
async def list_versions(project: Viewer, persona_id: Id, paging: PagingDep) -> Page[PersonaVersion]:
    """Its versions, the newest first."""
    async with project.reading() as connection:
        await found(connection, project.id, persona_id)
        rows, count = await personas.versions(connection, persona_id, offset=paging.offset, limit=paging.limit)
    return Page(items=[PersonaVersion.of(row) for row in rows], count=count)


@router.get("/versions/{version}")
async def get_version(
    project: Viewer, persona_id: Id, version: Annotated[int, Path(ge=1, le=MAX_VERSION)]
) -> PersonaVersion:
    """One version."""
    async with project.reading() as connection:
        await found(connection, project.id, persona_id)
        return PersonaVersion.of(await _version(connection, persona_id, version))


@router.get("/diff")
async def diff(
    project: Viewer,
    persona_id: Id,
    before: Annotated[int, Query(ge=1, le=MAX_VERSION, alias="from", description="Version to start from.")],
    after: Annotated[int, Query(ge=1, le=MAX_VERSION, alias="to", description="Version to compare it with.")],
) -> PersonaDiff:
    """What changed from one version to another, field by field, and in texts word by word."""
    async with project.reading() as connection:
        await found(connection, project.id, persona_id)
        old, new = [await _version(connection, persona_id, number) for number in (before, after)]
    differing = await asyncio.to_thread(lambda: list(changes(old["record"], new["record"])))
    return PersonaDiff(persona_id=persona_id, from_version=before, to_version=after, changes=differing)


@router.post("/restore")
async def restore(project: Editor, persona_id: Id, body: Restore) -> Persona:
    """A new version with the content of an earlier one; none where the persona is just so now."""
    async with project.changing() as change:
        now = await editable(change.connection, project.id, persona_id)
        then = await _version(change.connection, persona_id, body.version)
        if now["record"] != then["record"]:
            name = then["record"]["name"]
            await check_name(change.connection, project.id, name, but=persona_id)
            version = await personas.add_version(
                change.connection,
                persona_id,
                name,
                then["record"],
                author=project.actor,
                note=body.note or f"restores version {body.version}",
                now=project.services.now(),
            )
            change.log("restore", "persona", persona_id, version=version, restored=body.version)
        return Persona.of(await found(change.connection, project.id, persona_id), project.id)


async def _version(connection: AsyncConnection, persona_id: int, number: int) -> Record:
    row = await personas.version(connection, persona_id, number)
    if row is None:
        raise NotFound(f"persona {persona_id} has no version {number}")
    return row
