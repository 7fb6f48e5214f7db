"""Agent results: uploading the runs of a tool-using agent. Not there yet, and said so."""

from __future__ import annotations

from typing import Any, NoReturn

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from personae.errors import NotFound
from personae.server.deps import Editor, Id, ProjectAccess, Viewer
from personae.store import experiments

router = APIRouter(prefix="/projects/{project_id}/experiments/{experiment_id}/agent-results", tags=["agent results"])
_RESPONSES: dict[int | str, dict[str, Any]] = {501: {"description": "Not supported by this version."}}


@router.get("/definition", status_code=204, responses=_RESPONSES)
async def get_agent_results_definition(project: Viewer, experiment_id: Id) -> None:
    """Not supported yet."""
    await _refuse(project, experiment_id)


@router.post("/preview", status_code=204, responses=_RESPONSES)
async def preview_agent_results(project: Viewer, experiment_id: Id) -> None:
    """Not supported yet."""
    await _refuse(project, experiment_id)


@router.post("", status_code=204, responses=_RESPONSES)
async def upload_agent_results(project: Editor, experiment_id: Id) -> None:
    """Not supported yet."""
    await _refuse(project, experiment_id)


async def _refuse(project: ProjectAccess, experiment_id: int) -> NoReturn:
    async with project.reading() as connection:
        if await experiments.progress(connection, project.id, experiment_id) is None:
            raise NotFound(f"there is no experiment {experiment_id} in this project")
    raise HTTPException(
        501,
        "agent results are not supported by this version of personae: it runs and rates conversations, and does not "
        "take the trajectories of agents",
    )
