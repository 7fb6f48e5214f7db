"""Home: what the last experiments gave, or three steps to a first result."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from personae.errors import Conflict
from personae.server.api.auth import me
from personae.server.api.experiments import list_summaries
from personae.server.deps import Editor, PrincipalDep, ServicesDep, Viewer
from personae.server.paging import Paging
from personae.server.web._data import data
from personae.server.web._example import load_example
from personae.server.web._page import PlainPage, ProjectPage
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast
from personae.server.web._trends import trends

router = APIRouter()


LISTED, LOOKED_AT = 10, 50
"""The newest experiments: those that are listed, and those that trends and what needs attention are found in."""
MOST_ATTENTION = 5


@router.get("/")
async def start(page: PlainPage, services: ServicesDep, principal: PrincipalDep) -> Response:
    """The first project that one sees."""
    projects = (await me(services, principal)).projects
    return RedirectResponse(f"/p/{projects[0].id}", 302) if projects else await page.show("no_project.html")


@router.get("/p/{project_id}")
async def home(page: ProjectPage, project: Viewer) -> Response:
    """What the last experiments gave, how each bot went over them, and which of them need a look."""
    found = data(await list_summaries(project, Paging(1, LOOKED_AT)))["items"]
    attention = [(one, what) for one in found if (what := _needs(one))]
    return await page.show(
        "home.html",
        experiments=found[:LISTED],
        attention=attention[:MOST_ATTENTION],
        befores=_befores(found),
        trends=trends(found),
    )


@router.post("/p/{project_id}/example")
async def example(page: ProjectPage, project: Editor) -> Response:
    """A whole experiment to look at, on the offline engine."""
    try:
        await load_example(project)
    except Conflict as error:
        return page.go(f"/p/{project.id}", Toast(str(error), tone="bad"))
    return page.go(f"/p/{project.id}", Toast(page.say(N_("The example is there; its conversations are running."))))


def _needs(one: dict[str, Any]) -> str:
    """Why somebody should look at an experiment; blank where nobody must."""
    if one["status"] == "failed":
        return "problem"
    if one["status"] == "paused":
        return "paused"
    if one["failed"]:
        return "errors"
    return "unfair" if one["left_out"] else ""


def _befores(found: list[dict[str, Any]]) -> dict[int, int | None]:
    """By experiment the one before it with the same personas and goals, if both are finished."""
    latest: dict[tuple[Any, ...], int] = {}
    befores: dict[int, int | None] = {}
    for one in reversed(found):  # the oldest first
        if one["status"] == "finished":
            asked = one["persona_group_id"], one["collection_id"]
            befores[one["id"]] = latest.get(asked)
            latest[asked] = one["id"]
    return befores
