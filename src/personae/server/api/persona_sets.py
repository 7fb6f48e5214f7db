"""How good a set of personas is: coverage, collapse, near-copies, diversity by size, readability, contradictions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from personae.core.persona import Persona
from personae.errors import NotFound
from personae.generation.quality.persona_set import PersonaSet, look_at
from personae.server.api.generations import found
from personae.server.deps import Id, ProjectAccess, Viewer
from personae.server.generations.deciding import final
from personae.store import drafts, persona_groups

router = APIRouter(prefix="/projects/{project_id}", tags=["persona sets"])


@router.get("/persona_groups/{group_id}/report")
async def report_on_group(project: Viewer, group_id: Id) -> dict[str, Any]:
    """What a group holds and what is wrong with it, as `personae personas report --json` has it. Without a model."""
    return (await counted(await group_set(project, group_id))).as_dict()


@router.get("/generations/{generation_id}/report")
async def report_on_generation(project: Viewer, generation_id: Id) -> dict[str, Any]:
    """The same of the drafts of a generation, but for those that are rejected. 404 where it makes no personas."""
    return (await counted(await generated_set(project, generation_id))).as_dict()


async def group_set(project: ProjectAccess, group_id: int) -> list[Persona]:
    """Its members. Raises NotFound."""
    async with project.reading() as connection:
        if await persona_groups.get(connection, project.id, group_id) is None:
            raise NotFound(f"there is no persona group {group_id} in this project")
        members = await persona_groups.members(connection, project.id, group_id)
    return [Persona.model_validate(row["record"]) for row in members]


async def generated_set(project: ProjectAccess, generation_id: int) -> list[Persona]:
    """Its drafts, as they are edited. Raises NotFound."""
    async with project.reading() as connection:
        if (await found(connection, project.id, generation_id))["makes"] != "persona":
            raise NotFound(f"the generation {generation_id} makes no personas")
        states = ("accepted", "open", "disputed")
        rows = [row for state in states for row in await drafts.in_state(connection, generation_id, state)]
    rows.sort(key=lambda row: int(row["id"]))
    return [Persona.model_validate(final(row) if row["state"] == "accepted" else row["record"]) for row in rows]


async def counted(personas: Sequence[Persona]) -> PersonaSet:
    """In a thread: a thousand personas take seconds. Raises NotFound where there is none."""
    if not personas:
        raise NotFound("there is no persona in it yet")
    return await asyncio.to_thread(look_at, personas)
