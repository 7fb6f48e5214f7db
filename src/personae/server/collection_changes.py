"""Changes of a collection that reach into its rows, for collections and scenario sets alike."""

from __future__ import annotations

from collections.abc import Sequence

from personae.errors import InputError
from personae.server.column_rules import Column
from personae.server.deps import Change, ProjectAccess
from personae.server.row_intake import check_open, columns_of, goal_of, rules_of
from personae.server.schemas.collection import wire
from personae.store import collections, rows
from personae.store.columns import Record
from personae.store.engine import Connection


def shown(collection: Record) -> Record:
    """The collection as it travels."""
    return wire(collection, goal_of(collection))


async def name_problem(connection: Connection, project_id: int, name: str, *, but: int | None = None) -> str:
    """What is wrong with the name where another collection or scenario set has it; else blank."""
    if await collections.is_taken(connection, project_id, name, but=but):
        return f"a collection or scenario set is called {name!r} already"
    return ""


async def put_columns(change: Change, project: ProjectAccess, collection: Record, columns: Sequence[Column]) -> None:
    """Give the collection these columns, and its rows what follows from it. Raises InputError where rows do not fit."""
    before = {column.id: column for column in columns_of(collection)}
    if list(before.values()) == list(columns):
        return
    check_open(collection)
    now = project.services.now()
    await collections.put_columns(
        change.connection, collection["id"], [column.record(place) for place, column in enumerate(columns)]
    )
    await collections.content_changed(change.connection, collection["id"], now=now)
    names = {before[column.id].name: column.name for column in columns if column.id is not None}
    rules = rules_of(collection, columns)

    def rewritten(row: Record) -> Record:
        values = {names[name]: value for name, value in row["input_values"].items() if name in names}
        try:
            return rules.row(values, row["environment_config"])
        except InputError as error:
            raise InputError(f"row {row['id']} does not fit: {error.problem}", field=error.field) from error

    await rows.rewrite(change.connection, collection["id"], rewritten, now=now)
