"""How good a set of personas is: what `personae personas report` counts, as a page."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from personae.generation.quality.persona_set import PersonaSet
from personae.server.api.generations import get_generation
from personae.server.api.persona_groups import get_persona_group
from personae.server.api.persona_sets import Asked, counted, generated_set, group_set
from personae.server.deps import Id, Viewer
from personae.server.web._page import Page, ProjectPage

router = APIRouter()

AT_ONCE = 60
"""Personas that are counted while somebody waits for the page; of more the page comes first."""
HEIGHT, WIDTH = 100, 300


@router.get("/p/{project_id}/groups/{group_id}/report")
async def of_group(page: ProjectPage, project: Viewer, group_id: Id, count: bool = False) -> Response:
    """Of a group; `count` also of a large one at once."""
    name = (await get_persona_group(project, group_id)).name
    back = f"/p/{project.id}/personas?group={group_id}"
    return await _show(page, await group_set(project, group_id), name, back, "personas", count=count)


@router.get("/p/{project_id}/generations/{generation_id}/report")
async def of_generation(page: ProjectPage, project: Viewer, generation_id: Id, count: bool = False) -> Response:
    """Of the drafts of a generation, but for those that are rejected."""
    asked = await generated_set(project, generation_id)
    name = (await get_generation(project, generation_id)).name
    back = f"/p/{project.id}/generations/{generation_id}"
    return await _show(page, asked, name, back, "generations", count=count)


async def _show(page: Page, asked: Asked, name: str, back: str, active: str, *, count: bool) -> Response:
    number = len(asked.personas)
    found = await counted(asked) if number and (count or number <= AT_ONCE) else None
    return await page.show(
        "persona_set.html",
        found=found,
        personas=number,
        name=name,
        back=back,
        active=active,
        lines=[] if found is None else _lines(found),
        height=HEIGHT,
        width=WIDTH,
    )


def _lines(found: PersonaSet) -> list[str]:
    """How much two personas differ, and the share of near-copies, by size: the points of two lines."""
    most = max((one.personas for one in found.sizes), default=1)
    series = (
        [(one.personas, one.difference.value) for one in found.sizes],
        [(one.personas, one.near_copies.value) for one in found.sizes],
    )
    return [
        " ".join(f"{size / most * WIDTH:.0f},{(1 - value) * HEIGHT:.1f}" for size, value in one if value is not None)
        for one in series
    ]
