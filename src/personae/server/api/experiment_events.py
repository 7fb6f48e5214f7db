"""What happens in an experiment while it runs, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from personae.errors import NotFound
from personae.server.deps import Id, Viewer
from personae.server.experiments.watching import as_events
from personae.server.openapi import EVENTS
from personae.store import experiments

router = APIRouter(prefix="/projects/{project_id}/experiments/{experiment_id}/events", tags=["experiment runs"])


@router.get("", response_class=StreamingResponse, responses=EVENTS)
async def watch_experiment(project: Viewer, experiment_id: Id) -> StreamingResponse:
    """Progress, turns and responses as they come: events `progress`, `turn`, `response`, and `end` at the end."""
    async with project.reading() as connection:
        if await experiments.progress(connection, project.id, experiment_id) is None:
            raise NotFound(f"there is no experiment {experiment_id} in this project")
    services = project.services

    async def events() -> AsyncIterator[bytes]:
        with services.metrics.listening():
            async for event in services.watching.listen(project.id, experiment_id):
                yield event

    return as_events(events())
