"""What was copied in a spreadsheet: lines of cells with tabs between them, quoted where a cell has several lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from personae.core.text import loads
from personae.errors import InputError
from personae.server.schemas.collection import Column


def cells(text: str) -> list[list[str]]:
    """The lines with their cells, blank lines left out. Raises InputError."""
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), dialect="excel-tab"))
    except csv.Error as error:
        raise InputError(f"cannot be read as cells: {error}", field="text") from None
    return [[cell.replace("\r\n", "\n") for cell in line] for line in lines if any(cell.strip() for cell in line)]


def as_rows(text: str, columns: Sequence[Column], first: int | None = None) -> list[dict[str, Any]]:
    """The values by column, from column number `first` to the right.

    A first line that holds nothing but names of columns says which they are. Raises InputError with the line.
    """
    lines = cells(text)
    if not lines:
        raise InputError("holds no cells", field="text")
    by_name = {column.name: column for column in columns}
    if all(name.strip() in by_name for name in lines[0]):
        into = [by_name[name.strip()] for name in lines.pop(0)]
    else:
        into = list(columns[first or 0 :])
    found = []
    for number, line in enumerate(lines, 1):
        if len(line) > len(into):
            raise InputError(f"has {len(line)} cells for {len(into)} columns: add columns first", line=number)
        found.append({column.name: value(column, cell) for column, cell in zip(into, line, strict=False)})
    return found


def value(column: Column, text: str) -> Any:
    """What a cell holds. Raises InputError where a column of JSON is given something else."""
    if column.column_type not in ("json", "conversation"):
        return text
    if not text.strip():
        return None
    try:
        return loads(text)
    except ValueError:
        raise InputError(f"is not JSON: {text[:60]!r}", field=column.name) from None


def cell(held: Any) -> str:
    """The text of a cell."""
    return "" if held is None else held if isinstance(held, str) else json.dumps(held, ensure_ascii=False)
