"""The grid of an experiment: personas by rows, a window of it at a time, with what each place came to so far."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from personae.server.experiments.breakdown import left_out
from personae.server.experiments.places import named_row
from personae.server.experiments.words import on_wire
from personae.store import experiments, responses, turns
from personae.store.columns import Record
from personae.store.engine import Connection

_MOST_UNDER_WAY = 2_000


async def grid(
    connection: Connection, experiment: Record, *, personas: tuple[int, int], rows: tuple[int, int]
) -> dict[str, Any]:
    """The window of `personas` by `rows`, each an offset and how many: in the order of the plan."""
    snapshot = experiment["snapshot"]
    everyone: list[dict[str, Any]] = snapshot["personas"]
    some, rows_count = await experiments.rows_page(connection, experiment["id"], offset=rows[0], limit=rows[1])
    people = everyone[personas[0] : personas[0] + personas[1]]
    ids = [one["id"] for one in people]
    cells = await responses.cells(
        connection,
        experiment["id"],
        [row["id"] for row in some],
        ids if everyone else None,
        with_measures=False,
    )
    by_place: dict[tuple[int | None, int], list[dict[str, Any]]] = defaultdict(list)
    for cell in cells:
        by_place[cell["persona_id"], cell["row_id"]].append(_response(cell))
    running = await turns.under_way(connection, experiment["id"], limit=_MOST_UNDER_WAY)
    return {
        "epochs": experiment["n_epochs"],
        "personas": [{name: one[name] for name in ("id", "name", "version")} for one in people],
        "personas_count": len(everyone),
        "rows": [named_row(snapshot, row) for row in some],
        "rows_count": rows_count,
        "cells": [
            {"persona_id": persona_id, "row_id": row_id, "responses": found}
            for (persona_id, row_id), found in by_place.items()
        ],
        "under_way": [{name: one[name] for name in ("key", "persona_id", "row_id", "epoch")} for one in running],
        "last_response_id": max((cell["id"] for cell in cells), default=0),
    }


def _response(cell: Record) -> dict[str, Any]:
    return {
        "id": cell["id"],
        "epoch": cell["epoch"],
        "score": score(cell),
        "left_out": on_wire(left_out(cell)),
        "termination_reason": on_wire(cell["termination"]),
    }


def score(cell: Record) -> float | None:
    """1 where the goal was achieved, 0 where not; without a goal, the share of YES; None where it is in no rate."""
    if left_out(cell) is not None:
        return None
    if cell["goal_achieved"] is not None:
        return float(cell["goal_achieved"])
    return float(cell["passed"] / (cell["passed"] + cell["not_passed"]))
