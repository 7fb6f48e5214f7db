"""How good a set of personas is: coverage, collapse, near-copies, diversity by size, readability, contradictions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from personae.core.persona import Persona
from personae.errors import InputError, NotFound
from personae.generation.quality.persona_set import PersonaSet, Targets, look_at
from personae.generation.sampling import Planned
from personae.generation.sampling.report import targets_of
from personae.server.api.generations import found
from personae.server.deps import Id, ProjectAccess, Viewer
from personae.server.generations.deciding import final
from personae.server.generations.methods import opened
from personae.store import drafts, generations, persona_groups
from personae.store.columns import Record


@dataclass(frozen=True, slots=True)
class Asked:
    """Personas, and the shares by which they were dealt out, where that is known."""

    personas: Sequence[Persona]
    targets: Targets


router = APIRouter(prefix="/projects/{project_id}", tags=["persona sets"])


@router.get("/persona_groups/{group_id}/report")
async def report_on_group(project: Viewer, group_id: Id) -> dict[str, Any]:
    """What a group holds and what is wrong with it, as `personae personas report --json` has it. Without a model."""
    return (await counted(await group_set(project, group_id))).as_dict()


@router.get("/generations/{generation_id}/report")
async def report_on_generation(project: Viewer, generation_id: Id) -> dict[str, Any]:
    """The same of the drafts of a generation, but for those that are rejected. 404 where it makes no personas."""
    return (await counted(await generated_set(project, generation_id))).as_dict()


async def group_set(project: ProjectAccess, group_id: int) -> Asked:
    """Its members; with targets where they are all of one generation. Raises NotFound."""
    async with project.reading() as connection:
        if await persona_groups.get(connection, project.id, group_id) is None:
            raise NotFound(f"there is no persona group {group_id} in this project")
        members = await persona_groups.members(connection, project.id, group_id)
        made = await drafts.taken_from(connection, [row["id"] for row in members])
        is_of_one = len(made) == 1 and sum(made.values()) == len(members)
        whole = await generations.whole(connection, next(iter(made))) if is_of_one else None
    return Asked([Persona.model_validate(row["record"]) for row in members], await _targets(whole))


async def generated_set(project: ProjectAccess, generation_id: int) -> Asked:
    """Its drafts, as they are edited. Raises NotFound."""
    async with project.reading() as connection:
        if (await found(connection, project.id, generation_id))["makes"] != "persona":
            raise NotFound(f"the generation {generation_id} makes no personas")
        states = ("accepted", "open", "disputed")
        rows = [row for state in states for row in await drafts.in_state(connection, generation_id, state)]
        whole = await generations.whole(connection, generation_id)
    rows.sort(key=lambda row: int(row["id"]))
    records = (final(row) if row["state"] == "accepted" else row["record"] for row in rows)
    return Asked([Persona.model_validate(record) for record in records], await _targets(whole))


async def _targets(generation: Record | None) -> Targets:
    """The shares by which a generation deals its personas out; none where its method has no plan."""
    if generation is None:
        return {}
    try:
        async with opened(generation["method"], generation["options"]) as method:
            plan = method.whole_plan() if isinstance(method, Planned) else None
    except InputError:  # the run was refused for it, and said so
        return {}
    return targets_of(plan) if plan is not None else {}


async def counted(asked: Asked) -> PersonaSet:
    """In a thread: a thousand personas take seconds. Raises NotFound where there is none."""
    if not asked.personas:
        raise NotFound("there is no persona in it yet")
    return await asyncio.to_thread(look_at, asked.personas, asked.targets)
