"""What people decide of a draft, and what becomes of those that are accepted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from personae.core.persona import Persona
from personae.core.query import Query
from personae.generation.review import Decision, state_of
from personae.store import drafts, personas
from personae.store.columns import Record
from personae.store.engine import Connection

HELD_FOR = timedelta(minutes=3)
"""How long somebody may look at a draft before others are shown it, too."""
DISPUTED = 1_000_000
"""Priority of drafts on which people differ."""
COLUMNS = ("topic", "example_type", "user_type", "user_background", "query", "expected_outcome")
"""Of a collection of queries, as `personae review --to` makes them."""


def decided(row: Record, decision: Decision | None, by: str) -> dict[str, Any]:
    """The values of a draft after `by` decided so, or took the decision back. Raises pydantic's error for an edit that
    the record cannot take."""
    others = [one for one in decisions_of(row) if one.by != by]
    now = [*others, *([decision] if decision is not None else [])]
    if decision is not None and decision.edits:
        edited(row["record"], decision)
    state = state_of(now)
    priority = DISPUTED if state == "disputed" else len(row["flags"]) if state == "open" else 0
    return {
        "decisions": [one.as_dict() for one in now],
        "state": state,
        "priority": priority,
        "held_by": "",
        "held_until": None,
    }


def decisions_of(row: Record) -> list[Decision]:
    """The last of each person."""
    return [Decision.model_validate(one) for one in row["decisions"]]


def final(row: Record) -> Record:
    """What an accepted draft is, with its edits."""
    accepted = decisions_of(row)
    return edited(row["record"], accepted[0]) if accepted else dict(row["record"])


def edited(record: Record, decision: Decision) -> Record:
    """The record with a decision's edits. Raises pydantic's error."""
    kind = Query if "query" in record else Persona
    return kind.model_validate(record | decision.edits).as_dict()


def row_of(record: Record) -> dict[str, str]:
    """A query as a row of a collection."""
    return {column: record.get(column, "") for column in COLUMNS}


async def into_library(
    connection: Connection, project_id: int, rows: Sequence[Record], *, author: str, note: str, now: datetime
) -> list[int]:
    """The ids of the personas that accepted drafts became. Where a name is taken, theirs gets a number."""
    ids = []
    for row in rows:
        record = final(row)
        record["name"] = await _free_name(connection, project_id, record["name"])
        id_ = await personas.create(connection, project_id, record["name"], record, author=author, note=note, now=now)
        await drafts.change(connection, row["id"], taken_id=id_)
        ids.append(id_)
    return ids


async def _free_name(connection: Connection, project_id: int, name: str) -> str:
    free, number = name, 1
    while await personas.is_taken(connection, project_id, free):
        number += 1
        free = f"{name} {number}"
    return free
