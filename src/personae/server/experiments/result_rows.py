"""The rows of an experiment's result file, out of the database, some at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from personae.server.deps import ProjectAccess
from personae.store import responses

_AT_ONCE = 100


async def result_rows(project: ProjectAccess, experiment_id: int) -> AsyncIterator[list[tuple[int, Mapping[str, Any]]]]:
    """Each response's id, and its row as `personae simulate` writes it. No connection is held in between."""
    last = 0
    while True:
        async with project.reading() as connection:
            some = await responses.results_after(connection, experiment_id, last, limit=_AT_ONCE)
        if not some:
            return
        last = some[-1][0]
        yield [(id_, {**result, "key": key}) for id_, key, result in some]
