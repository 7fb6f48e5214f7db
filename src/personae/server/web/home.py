"""Home: what the last experiments gave, or three steps to a first result."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from personae.errors import Conflict
from personae.server.api.auth import me
from personae.server.api.experiments import list_experiments
from personae.server.deps import Editor, PrincipalDep, ServicesDep, Viewer
from personae.server.paging import Paging
from personae.server.web._data import data
from personae.server.web._example import load_example
from personae.server.web._page import PlainPage, ProjectPage
from personae.server.web._texts import N_
from personae.server.web._toasts import Toast

router = APIRouter()


@router.get("/")
async def start(page: PlainPage, services: ServicesDep, principal: PrincipalDep) -> Response:
    """The first project that one sees."""
    projects = (await me(services, principal)).projects
    return RedirectResponse(f"/p/{projects[0].id}", 302) if projects else await page.show("no_project.html")


@router.get("/p/{project_id}")
async def home(page: ProjectPage, project: Viewer) -> Response:
    """The project's page."""
    found = data(await list_experiments(project, Paging(1, 10)))
    return await page.show("home.html", experiments=found["items"])


@router.post("/p/{project_id}/example")
async def example(page: ProjectPage, project: Editor) -> Response:
    """A whole experiment to look at, on the offline engine."""
    try:
        await load_example(project)
    except Conflict as error:
        return page.go(f"/p/{project.id}", Toast(str(error), tone="bad"))
    return page.go(f"/p/{project.id}", Toast(page.say(N_("The example is there; its conversations are running."))))
