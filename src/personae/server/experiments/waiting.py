"""Waiting for a task within a request."""

from __future__ import annotations

import asyncio

from personae.errors import Conflict, ProviderError
from personae.server.deps import ProjectAccess
from personae.store import tasks

PATIENCE_S = 100.0
"""Clients give up after two minutes."""
_LOOK_EVERY_S = 0.1


async def over(project: ProjectAccess, task_id: str) -> None:
    """Returns when the task is over. Raises ProviderError where it failed, Conflict where it takes too long."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_S
    while loop.time() < until:
        async with project.reading() as connection:
            task = await tasks.get(connection, project.id, task_id)
        if task is None or task["status"] == "SUCCESS":
            return
        if task["status"] == "FAILURE":
            raise ProviderError(task["error_msg"] or "the task failed")
        await asyncio.sleep(_LOOK_EVERY_S)
    raise Conflict(f"the task {task_id} still runs after {PATIENCE_S:g} s: look for its outcome later")
