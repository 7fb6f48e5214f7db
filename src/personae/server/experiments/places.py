"""Who talks and about what, as lists and grids name it: personas by name, rows by number and goal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from personae.core.template import fill
from personae.core.text import shown
from personae.errors import InputError
from personae.server.experiments.snapshot import Snapshot
from personae.store import experiments
from personae.store.columns import Record
from personae.store.engine import Connection

_MOST = 200
"""Characters of a goal that a list shows."""


def persona_names(snapshot: Snapshot) -> dict[int, str]:
    """By id."""
    return {one["id"]: one["name"] for one in snapshot["personas"]}


def who(names: Mapping[int, str], persona_id: int | None) -> dict[str, Any] | None:
    """Whose conversation it is; None where the row says what the user says."""
    return None if persona_id is None else {"id": persona_id, "name": names.get(persona_id, "")}


async def named_rows(connection: Connection, experiment: Record, row_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Some rows by id; see `named_row`."""
    found = await experiments.rows(connection, experiment["id"], row_ids)
    return {row["id"]: named_row(experiment["snapshot"], row) for row in found}


def named_row(snapshot: Snapshot, row: Record) -> dict[str, Any]:
    """Its `id`, `number` from 1, and `title`: the goal, or else its first text."""
    values = row["input_values"]
    goal = values.get(snapshot["collection"].get("goal_column") or "persona_goal")
    title = goal or next((value for value in values.values() if isinstance(value, str) and value.strip()), "")
    try:
        filled = fill(str(title), values)
    except InputError:  # nobody could have been sent it: it is shown as it was typed
        filled = str(title)
    return {"id": row["id"], "number": row["position"] + 1, "title": shown(filled, _MOST)}
