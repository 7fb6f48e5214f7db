"""Which columns a collection has, and which it may have."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from personae.core.text import loads
from personae.errors import InputError
from personae.server.conversations import conversation, is_conversation
from personae.server.schemas.collection import MAX_COLUMNS, ColumnIn
from personae.store.columns import Record

GOAL, BETA_GOAL, OUTCOME = "persona_goal", "goal_summary", "expected_conversation_outcome"
BETA = ("persona_name", "persona_description", BETA_GOAL)
"""Columns of the older form of PERSONA collections, each row of which brings its own persona."""
CONFIG = "environment_config"
"""Beside the columns, a row of an AGENTIC or PERSONA collection can have this."""
_GOAL_NAMES = (GOAL, "goal", BETA_GOAL)
_MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `id` is None for one that is yet to be made."""

    name: str
    column_type: str = "text"
    default_value: str = ""
    categorical_values: tuple[str, ...] | None = None
    id: int | None = None

    @classmethod
    def of(cls, row: Record) -> Self:
        """From a row of `store.collections`."""
        values = row["categorical_values"]
        return cls(
            row["name"], row["column_type"], row["default_value"], None if values is None else tuple(values), row["id"]
        )

    def record(self, position: int) -> Record:
        """For the store."""
        values = self.categorical_values
        return {
            "id": self.id,
            "name": self.name,
            "column_type": self.column_type,
            "default_value": self.default_value,
            "column_position": position,
            "categorical_values": None if values is None else list(values),
        }

    @property
    def default(self) -> Any:
        """The value of a row that says nothing here."""
        if self.column_type not in ("json", "conversation"):
            return self.default_value
        if not self.default_value.strip():
            return None
        try:
            value = loads(self.default_value)
        except ValueError:
            raise InputError(f"its default is not JSON: {self.default_value!r}", field=self.name) from None
        return conversation(value, self.name) if self.column_type == "conversation" else value


def of_new(wanted: Sequence[ColumnIn] | None, rows: Sequence[Mapping[str, Any]], collection_type: str) -> list[Column]:
    """The columns of a new collection: those asked for, else those that its rows have, else the type's own.

    Raises InputError that names the column.
    """
    if wanted:
        asked = [(_name(column), column) for column in wanted]
    elif rows:
        asked = [(name, ColumnIn(name=name)) for name in _named(rows, collection_type)]
    elif collection_type == "PERSONA":
        asked = [(GOAL, ColumnIn(name=GOAL))]
    else:
        asked = []
    untyped = {name for name, column in asked if column.column_type is None}
    goal = ""
    if collection_type == "PERSONA" and all(column.column_type != GOAL for _, column in asked):
        goal = next((name for name in _GOAL_NAMES if name in untyped), "")
    columns = [
        Column(
            name,
            column.column_type or (GOAL if name == goal else _guess(name, rows, collection_type)),
            column.default_value or "",
            None if column.categorical_values is None else tuple(column.categorical_values),
        )
        for name, column in asked
    ]
    check(columns, collection_type)
    return columns


def of_rows(rows: Sequence[Mapping[str, Any]], collection_type: str) -> list[Column]:
    """The columns that rows bring to a collection that has none."""
    return of_new(None, rows, collection_type)


def changed(before: Sequence[Column], wanted: Sequence[ColumnIn], collection_type: str) -> list[Column]:
    """The columns after an update: those with the id or name of one that is there are that one. Raises InputError."""
    by_id = {column.id: column for column in before}
    claimed = {column.id for column in wanted if column.id is not None}
    if strange := [id_ for id_ in claimed if id_ not in by_id]:
        raise InputError(f"there is no column {strange[0]} in this collection", field="columns")
    by_name = {column.name: column for column in before if column.id not in claimed}
    columns: list[Column] = []
    for column in wanted:
        if column.id is not None:
            columns.append(_edited(by_id[column.id], column))
        elif (name := _name(column)) in by_name:
            columns.append(_confirmed(by_name[name], column))
        else:
            columns.append(
                Column(
                    name,
                    column.column_type or "text",
                    column.default_value or "",
                    None if column.categorical_values is None else tuple(column.categorical_values),
                )
            )
    check(columns, collection_type)
    return columns


def check(columns: Sequence[Column], collection_type: str) -> None:
    """Raises InputError that names the column, where a collection of this type cannot have them."""
    if len(columns) > MAX_COLUMNS:
        raise InputError(f"a collection has at most {MAX_COLUMNS} columns, not {len(columns)}", field="columns")
    names: set[str] = set()
    for column in columns:
        if column.name in names:
            raise InputError(f"two columns are called {column.name!r}", field="columns")
        names.add(column.name)
        allowed = column.categorical_values
        if column.column_type == "category" and allowed is not None and column.default_value not in ("", *allowed):
            raise InputError(f"its default {column.default_value!r} is none of its values", field=column.name)
        _ = column.default  # raises where it cannot be read
    if collection_type == "PERSONA":
        _check_persona(columns)
    elif goals := [column.name for column in columns if column.column_type == GOAL]:
        raise InputError(
            f"is a persona_goal column, which only a PERSONA collection has, not a {collection_type} one",
            field=goals[0],
        )


def goal_column(columns: Sequence[Column]) -> str | None:
    """The column that holds what the simulated user wants: the one of that type, or `goal_summary` in the older form.

    None where there is none.
    """
    typed = next((column.name for column in columns if column.column_type == GOAL), None)
    return typed or (BETA_GOAL if is_beta(columns) else None)


def is_beta(columns: Sequence[Column]) -> bool:
    """Whether the rows bring their own personas: the older form of PERSONA collections."""
    return {*BETA} <= {column.name for column in columns}


def _check_persona(columns: Sequence[Column]) -> None:
    for column in columns:
        if column.column_type in ("raw_input", "conversation"):
            raise InputError(
                f"is a {column.column_type} column: a PERSONA collection cannot have one", field=column.name
            )
    goals = [column.name for column in columns if column.column_type == GOAL]
    if len(goals) > 1:
        raise InputError(
            f"a PERSONA collection has exactly one persona_goal column, not {len(goals)}: {', '.join(goals)}",
            field="columns",
        )
    if not goals and not is_beta(columns):
        raise InputError(
            "a PERSONA collection needs one persona_goal column, which holds what the simulated user wants",
            field="columns",
        )


def _name(column: ColumnIn) -> str:
    name = (column.name or "").strip()
    if not name:
        raise InputError("a column has no name", field="columns")
    return _checked_name(name)


def _checked_name(name: str) -> str:
    if len(name) > _MAX_NAME:
        raise InputError(f"is longer than {_MAX_NAME} characters, too long for a column's name", field=name[:40] + "…")
    if not name.strip() or any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        raise InputError("is blank or holds control characters: a column cannot be called so", field=ascii(name))
    return name


def _named(rows: Sequence[Mapping[str, Any]], collection_type: str) -> list[str]:
    """The keys of the rows, in the order in which they appear."""
    names = dict.fromkeys(name for row in rows for name in row)
    if collection_type != "STANDARD":
        names.pop(CONFIG, None)
    if len(names) > MAX_COLUMNS:
        raise InputError(f"the rows have {len(names)} columns: the most is {MAX_COLUMNS}")
    return [_checked_name(name) for name in names]


def _guess(name: str, rows: Sequence[Mapping[str, Any]], collection_type: str) -> str:
    """The type of a column of which only the name is known, and what its rows hold."""
    if collection_type == "AGENTIC" and name == "instruction":
        return "raw_input"
    if collection_type == "PERSONA" and name == CONFIG:
        return "json"
    values = [value for row in rows if isinstance(value := row.get(name), (dict, list))]
    if not values:
        return "text"
    every = (row.get(name) for row in rows)
    is_plain = collection_type != "PERSONA" and all(value is None or is_conversation(value) for value in every)
    return "conversation" if is_plain else "json"


def _edited(before: Column, column: ColumnIn) -> Column:
    """A column that was read before, and comes back with what it shall be."""
    name = _name(column) if column.name is not None else before.name
    given = column.model_fields_set
    values = before.categorical_values
    if "categorical_values" in given:
        values = None if column.categorical_values is None else tuple(column.categorical_values)
    default = (column.default_value or "") if "default_value" in given else before.default_value
    return replace(
        before,
        name=name,
        column_type=column.column_type or before.column_type,
        default_value=default,
        categorical_values=values,
    )


def _confirmed(before: Column, column: ColumnIn) -> Column:
    """A column given by its name: a bare name arrives with a blank default, which says nothing."""
    values = column.categorical_values
    return replace(
        before,
        column_type=column.column_type or before.column_type,
        default_value=column.default_value or before.default_value,
        categorical_values=before.categorical_values if values is None else tuple(values),
    )
