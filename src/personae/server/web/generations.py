"""Generations: all runs, the newest first."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from personae.server.api.generations import list_generations
from personae.server.deps import Viewer
from personae.server.paging import Paging
from personae.server.web._generation_words import METHODS
from personae.server.web._page import ProjectPage

router = APIRouter()

PER_PAGE = 20


@router.get("/p/{project_id}/generations")
async def generations(page: ProjectPage, project: Viewer, number: int = 1) -> Response:
    """The list."""
    number = max(1, min(number, 10**6))
    listed = await list_generations(project, Paging(number, PER_PAGE))
    return await page.show("generations.html", listed=listed, number=number, per_page=PER_PAGE, methods=METHODS)
