"""What a row may hold: its values checked against the columns, in the one form in which they are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from hashlib import blake2b
from typing import Any

import orjson

from personae.core.text import whole_values
from personae.errors import InputError
from personae.server.column_rules import CONFIG, Column
from personae.server.conversations import conversation
from personae.server.json_values import checked, kind_of
from personae.store.columns import Record

MAX_PROBLEMS = 20
"""So many problems of one batch are told at once."""

Check = Callable[[Any], Any]
Line = int | None


class RowRules:
    """The rules of one collection, put together once for all its rows."""

    def __init__(self, columns: Sequence[Column], *, takes_config: bool = False, filled: Sequence[str] = ()) -> None:
        """`takes_config`: a key `environment_config` is the row's own configuration. `filled` must not be blank."""
        self._columns = [(column.name, _check_of(column), column.default) for column in columns]
        self._names = {column.name for column in columns}
        self._takes_config = takes_config and CONFIG not in self._names
        self._filled = filled

    def row(self, values: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> Record:
        """The row as it is kept. Raises InputError that names the column."""
        if not values.keys() <= self._names:
            values, config = self._without_config(values, config)
        kept: Record = {}
        for name, check, default in self._columns:
            if name in values:
                value = values[name]
                kept[name] = value if value is None or check is None else check(value)
            else:
                kept[name] = default
        for name in self._filled:
            if not str(kept[name] or "").strip():
                raise InputError("must not be blank", field=name)
        return {"input_values": kept, "environment_config": config, "content_hash": content_hash(kept, config)}

    def rows(
        self, given: Iterable[tuple[Line, Mapping[str, Any]]], config: Mapping[str, Any] | None = None
    ) -> list[Record]:
        """All of them, or one InputError that tells what is wrong with them, line by line."""
        kept: list[Record] = []
        problems: list[InputError] = []
        for line, values in given:
            try:
                kept.append(self.row(values, config))
            except InputError as error:
                problems.append(InputError(error.problem, line=line, field=error.field))
                if len(problems) > MAX_PROBLEMS:
                    break
        if problems:
            raise told(problems)
        return kept

    def _without_config(
        self, values: Mapping[str, Any], config: Mapping[str, Any] | None
    ) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
        """The row without its own configuration. Raises InputError for a name that no column has."""
        values = dict(values)
        if self._takes_config and CONFIG in values:
            config = values.pop(CONFIG)
            if config is not None and not isinstance(config, dict):
                raise InputError(f"must be an object, not {kind_of(config)}", field=CONFIG)
            checked(config, CONFIG)
        if unknown := [name for name in values if name not in self._names]:
            meant = get_close_matches(unknown[0], self._names, n=1)
            columns = ", ".join(map(repr, sorted(self._names))) or "none"
            hint = f"did you mean {meant[0]!r}?" if meant else f"there is {columns}; add the column first"
            raise InputError(f"is no column of the collection: {hint}", field=unknown[0])
        return values, config


def told(problems: Sequence[InputError]) -> InputError:
    """Several problems as one error, with the place of the first."""
    first, *others = problems[:MAX_PROBLEMS]
    lines = [first.problem, *map(str, others)]
    if len(problems) > MAX_PROBLEMS:
        lines.append(f"there are more than {MAX_PROBLEMS} problems; mend these first")
    return InputError("\n".join(lines), line=first.line, field=first.field, each=(first, *others))


def content_hash(values: Mapping[str, Any], config: Mapping[str, Any] | None) -> str:
    """Names exactly this content, whatever the order of its keys."""
    try:
        text = orjson.dumps([values, config], option=orjson.OPT_SORT_KEYS)
    except TypeError:  # numbers beyond 64 bit, and halves of surrogate pairs
        text = json.dumps(whole_values([values, config]), sort_keys=True).encode()
    return blake2b(text, digest_size=8).hexdigest()


def _check_of(column: Column) -> Check | None:
    """What turns a given value into the one that is kept."""
    name = column.name

    def plain(value: Any) -> Any:
        if type(value) is str:
            return value
        if isinstance(value, (dict, list)):
            raise InputError(
                f"is a {column.column_type} column: it holds text or a number, not {kind_of(value)} "
                "(a json column can)",
                field=name,
            )
        return checked(value, name)

    if column.column_type == "json":
        return lambda value: checked(value, name)
    if column.column_type == "conversation":
        return lambda value: conversation(value, name)
    if column.column_type == "category" and column.categorical_values is not None:
        allowed = {"", *column.categorical_values}

        def category(value: Any) -> Any:
            said = value if isinstance(value, str) else json.dumps(plain(value))
            if said not in allowed:
                values = ", ".join(map(repr, column.categorical_values or ()))
                raise InputError(f"{said!r} is none of its values: {values}", field=name)
            return value

        return category
    return plain
