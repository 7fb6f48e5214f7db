"""Responses as they travel: each with its experiment's copies and its ratings, read for a whole page at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from personae.errors import NotFound
from personae.server.schemas.response import wire
from personae.store import experiments, ratings, responses
from personae.store.columns import Record
from personae.store.engine import Connection


async def whole(connection: Connection, found: Sequence[Record]) -> list[dict[str, Any]]:
    """The responses with all that belongs to them."""
    by_response = await ratings.of_responses(connection, [row["id"] for row in found])
    owners: dict[int, Record] = {}
    rows: dict[tuple[int, int], Record] = {}
    for experiment_id in dict.fromkeys(row["experiment_id"] for row in found):
        owner = await experiments.by_id(connection, experiment_id)
        if owner is None:
            continue
        owners[experiment_id] = owner
        wanted = {row["row_id"] for row in found if row["experiment_id"] == experiment_id}
        for row in await experiments.rows(connection, experiment_id, wanted):
            rows[experiment_id, row["id"]] = row
    return [
        wire(
            row,
            owners[row["experiment_id"]],
            rows.get((row["experiment_id"], row["row_id"])),
            by_response.get(row["id"], []),
        )
        for row in found
        if row["experiment_id"] in owners
    ]


async def one(connection: Connection, project_id: int, response_id: int) -> dict[str, Any]:
    """One response. Raises NotFound."""
    return (await whole(connection, [await found(connection, project_id, response_id)]))[0]


async def found(connection: Connection, project_id: int, response_id: int) -> Record:
    """The response's row. Raises NotFound."""
    row = await responses.get(connection, project_id, response_id)
    if row is None:
        raise NotFound(f"there is no response {response_id} in this project")
    return row
