"""Rows into a collection: checked, counted, and each once where that is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from personae.errors import InputError, NotFound
from personae.server.column_rules import OUTCOME, Column, goal_column, of_rows
from personae.server.deps import Change, ProjectAccess
from personae.server.row_rules import Line, RowRules
from personae.store import collections, rows
from personae.store.columns import Record
from personae.store.engine import Connection

SCENARIO_GOAL = "goal"
"""The goal's column in a scenario set."""


async def collection_of(
    connection: Connection, project_id: int, collection_id: int, *, to_change: bool = False
) -> Record:
    """The collection. Raises NotFound."""
    found = await collections.get(connection, project_id, collection_id, to_change=to_change)
    if found is None:
        raise NotFound(f"there is no collection {collection_id} in this project")
    return found


async def open_collection(connection: Connection, project_id: int, collection_id: int) -> Record:
    """The collection, whose rows are to be changed. Raises NotFound, and InputError where it is read-only."""
    found = await collection_of(connection, project_id, collection_id, to_change=True)
    check_open(found)
    return found


def check_open(collection: Record) -> None:
    """Raises InputError for a collection that is read-only."""
    if collection["read_only"]:
        raise InputError(
            f"{collection['name']!r} is read-only: its rows and columns cannot be changed "
            "(an update with `read_only: false` opens it)"
        )


async def row_of(connection: Connection, collection: Record, row_id: int) -> Record:
    """One row of a collection. Raises NotFound."""
    found = await rows.get(connection, collection["id"], row_id)
    if found is None:
        raise NotFound(f"there is no row {row_id} in {collection['name']!r}")
    return found


def columns_of(collection: Record) -> list[Column]:
    """Its columns, as the rules know them."""
    return [Column.of(column) for column in collection["columns"]]


def goal_of(collection: Record) -> str | None:
    """The column that holds what the simulated user wants; None where there is none."""
    return goal_column(columns_of(collection)) if collection["collection_type"] == "PERSONA" else None


def rules_of(collection: Record, columns: Sequence[Column] | None = None) -> RowRules:
    """The rules for its rows, or for those that it will have with other `columns`."""
    return RowRules(
        columns_of(collection) if columns is None else columns,
        takes_config=collection["collection_type"] != "STANDARD",
        filled=(SCENARIO_GOAL, OUTCOME) if collection["is_scenario_set"] else (),
    )


async def take_in(
    change: Change,
    project: ProjectAccess,
    collection: Record,
    given: Iterable[tuple[Line, Mapping[str, Any]]],
    *,
    config: Mapping[str, Any] | None = None,
    skip_existing: bool = False,
) -> list[Record]:
    """Add the rows, each with its line in the file where it has one, and give those that were made.

    A collection without columns takes those that its first rows have. Raises one InputError for all that is wrong.
    """
    given = list(given)
    columns = columns_of(collection)
    if not columns and given:
        columns = of_rows([values for _, values in given], collection["collection_type"])
        records = [column.record(place) for place, column in enumerate(columns)]
        await collections.put_columns(change.connection, collection["id"], records)
    kept = rules_of(collection, columns).rows(given, config)
    if skip_existing:
        known = await rows.known(change.connection, collection["id"])
        by_hash = {row["content_hash"]: row for row in reversed(kept) if row["content_hash"] not in known}
        kept = [row for row in kept if by_hash.get(row["content_hash"]) is row]
    most = project.services.settings.max_rows
    if collection["rows_count"] + len(kept) > most:
        raise InputError(
            f"{collection['name']!r} would have {collection['rows_count'] + len(kept):,} rows: the most is {most:,} "
            "(a setting of the deployment, PERSONAE_MAX_ROWS)"
        )
    now = project.services.now()
    made = await rows.add(change.connection, collection["id"], kept, now=now)
    if made:
        await collections.content_changed(change.connection, collection["id"], more=len(made), now=now)
        change.log("add", "rows", collection["id"], count=len(made))
    return made
