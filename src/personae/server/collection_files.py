"""Rows of collections as files: JSONL, YAML and CSV, written so that reading them gives the same rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from personae.errors import InputError
from personae.server.column_rules import CONFIG, Column
from personae.server.json_values import kind_of
from personae.server.row_rules import MAX_PROBLEMS, told
from personae.sources import Problem, sources
from personae.sources.csv import cell_of, records
from personae.store.columns import Record

Format = Literal["jsonl", "yaml", "csv"]
MEDIA_TYPES: dict[Format, str] = {
    "jsonl": "application/jsonl",
    "yaml": "application/yaml",
    "csv": "text/csv; charset=utf-8",
}
_SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".yaml": "yaml", ".yml": "yaml", ".csv": "csv"}
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")

Lines = list[tuple[int | None, dict[str, Any]]]
"""Rows of a file, each with its line."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How the rows of one collection are written."""

    format: Format
    columns: Sequence[Column]
    has_config: bool

    @property
    def names(self) -> list[str]:
        names = [column.name for column in self.columns]
        return [*names, CONFIG] if self.has_config and CONFIG not in names else names

    def head(self) -> str:
        """What stands before the first row."""
        return ",".join(map(cell_of, self.names)) + "\n" if self.format == "csv" else ""

    def text(self, rows: Iterable[Record]) -> str:
        """Some rows."""
        return "".join(self._row(row) for row in rows)

    def tail(self, *, is_empty: bool) -> str:
        """What stands after the last row."""
        return "[]\n" if self.format == "yaml" and is_empty else ""

    def _row(self, row: Record) -> str:
        values = dict(row["input_values"])
        if row["environment_config"] is not None and CONFIG not in values:
            values[CONFIG] = row["environment_config"]
        if self.format == "jsonl":
            return _json(values) + "\n"
        if self.format == "yaml":
            lines = [f"{_yaml(name)}: {_yaml(value)}\n" for name, value in values.items()]
            return "- " + ("  ".join(lines) or "{}\n")
        in_json = _in_json(self.columns)
        return ",".join(cell_of(_cell(values.get(name), in_json=name in in_json)) for name in self.names) + "\n"


def read_rows(path: Path, columns: Sequence[Column]) -> Lines:
    """The rows of a file. Raises InputError for what is none, line by line."""
    format_ = _SUFFIXES.get(path.suffix.lower())
    if format_ is None:
        raise InputError(f"cannot tell what kind of file this is: name it {', '.join(_SUFFIXES)}", file=path)
    return _table(path, columns) if format_ == "csv" else _mappings(path, format_)


def _mappings(path: Path, format_: str) -> Lines:
    found: Lines = []
    problems: list[InputError] = []
    for row in sources.get(format_)().rows(path, "scenario"):
        if isinstance(row, Problem):
            problems.append(InputError(row.text, line=row.line, field=row.field))
        elif isinstance(row.data, Mapping):
            found.append((row.line, dict(row.data)))
        else:
            problem = f"must be an object with a row's values, not {kind_of(row.data)}"
            problems.append(InputError(problem, line=row.line))
        if len(problems) > MAX_PROBLEMS:
            break
    if problems:
        raise told(problems)
    return found


def _table(path: Path, columns: Sequence[Column]) -> Lines:
    """A blank cell says nothing: the row has the column's default there."""
    lines = records(_text(path), path)
    line, header = next(lines, (1, []))
    for name in header:
        if header.count(name) > 1:
            raise InputError("two columns have this heading", file=path, line=line, field=name)
    in_json = _in_json(columns)
    return [(line, dict(_cells(header, cells, in_json, path, line))) for line, cells in lines if any(cells)]


def _cells(
    header: Sequence[str], cells: Sequence[str], in_json: set[str], path: Path, line: int
) -> Iterator[tuple[str, Any]]:
    if len(cells) != len(header):
        raise InputError(
            f"has {len(cells)} cells, the header has {len(header)} (a cell with a comma needs double quotes around it)",
            file=path,
            line=line,
        )
    for name, cell in zip(header, cells, strict=True):
        if cell and name in in_json:
            try:
                yield name, json.loads(cell)
            except ValueError as error:
                raise InputError(f"is not JSON: {error}", file=path, line=line, field=name) from None
        elif cell:
            yield name, cell


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8: save it so", file=path) from None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _yaml(value: Any) -> str:
    """JSON is YAML, but for characters that YAML wants escaped."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", _json(value))


def _in_json(columns: Sequence[Column]) -> set[str]:
    """The columns whose cells are JSON."""
    return {column.name for column in columns if column.column_type in ("json", "conversation")} | {CONFIG}


def _cell(value: Any, *, in_json: bool) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) and not in_json else _json(value)
