"""The grid of an experiment and its errors: the same however the list below them is filtered, sorted and turned over.

They are kept under what changes with anything that an experiment holds, as comparisons are; see
`store.experiments.named`.
"""

from __future__ import annotations

from typing import Any

from personae.server.api.experiment_views import get_grid, get_tally
from personae.server.deps import ProjectAccess
from personae.server.web._data import data
from personae.server.web._spots import spots

PERSONAS, ROWS = 40, 25
"""Of the grid that is shown at once."""


async def overview(
    project: ProjectAccess, one: dict[str, Any], *, is_live: bool, personas: int, rows: int
) -> dict[str, Any]:
    """`grid`, `spots` and `tally` for the page of the experiment `one`, which was looked up just now.

    `personas` and `rows` are pages of the grid, from 1. While the experiment runs, nothing is kept.
    """
    key = (*(one[name] for name in ("id", "updated_at", "finished", "failed", "rated")), personas, rows)
    kept = project.services.overviews
    found: dict[str, Any] | None = None if is_live else kept.get(key)
    if found is not None:
        return found
    grid = data(await get_grid(project, one["id"], personas, rows, PERSONAS, ROWS))
    if not is_live:
        grid["under_way"] = []  # begun when it stopped, and running no more
    lines = spots(grid, f"/p/{project.id}", one["id"])
    tally = data(await get_tally(project, one["id"])) if is_live or one["failed"] else {"errors": []}
    del grid["cells"], grid["under_way"]  # they are in the lines
    found = {"grid": grid, "spots": lines, "tally": tally}
    if not is_live:
        kept.keep(key, found, sum(map(len, lines)))
    return found
