"""Experiments: all of them, the newest first."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from personae.server.api.experiments import list_summaries
from personae.server.deps import Viewer
from personae.server.paging import Paging
from personae.server.web._data import data
from personae.server.web._page import ProjectPage

router = APIRouter()

PER_PAGE = 20
STATES = {
    "": (),
    "open": ("queued", "running", "paused"),
    "finished": ("finished",),
    "stopped": ("cancelled", "failed"),
    "draft": ("draft",),
}
"""What the list can be narrowed to, and the statuses that this means."""


@router.get("/p/{project_id}/experiments")
async def experiments(
    page: ProjectPage, project: Viewer, search: str = "", state: str = "", number: int = 1
) -> Response:
    """The list, by part of a name and by state."""
    statuses = list(STATES.get(state, ()))
    found = data(
        await list_summaries(project, Paging(max(1, min(number, 10**6)), PER_PAGE), search=search, status=statuses)
    )
    return await page.show(
        "experiments.html",
        experiments=found["items"],
        count=found["count"],
        search=search,
        state=state,
        states=tuple(STATES),
        number=number,
        limit=PER_PAGE,
        pages=f"?{urlencode({'search': search, 'state': state, 'number': ''})}",
    )
