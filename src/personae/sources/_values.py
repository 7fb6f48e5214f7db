"""What values a row may hold: whatever JSON can carry to any reader, in bounds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from personae.sources._source import Problem, Row
from personae.sources._text import MAX_ROW_BYTES, megabytes

MAX_DEPTH = 50
TOO_DEEP = f"is nested deeper than {MAX_DEPTH} levels"
TOO_LARGE_INT = 2**64
_LEAST_INT = -(2**63)


def kind_of(value: object) -> str:
    """What a value is, in a reader's words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "an object" if isinstance(value, Mapping) else "a list"


def check_values(row: Row) -> list[Problem]:
    """What in the row is no JSON value within bounds, each once with its field."""
    problems: list[Problem] = []
    weight = 0
    for field, value, depth in _leaves(row.data):
        if isinstance(value, str) and depth <= MAX_DEPTH and value.isascii():  # nearly all there is
            weight += len(value)
            continue
        problem = TOO_DEEP if depth > MAX_DEPTH else _flaw(value)
        if problem:
            top = field.split(".", 1)[0] if field else None
            problems.append(Problem(problem, row.line_of(top), field))
        weight += _weight(value)
    if weight > MAX_ROW_BYTES:
        problems.append(Problem(f"is larger than {megabytes(MAX_ROW_BYTES)}", row.line))
    return problems


def _leaves(data: Any) -> Iterator[tuple[str | None, Any, int]]:
    """Field, value and depth of everything that holds nothing more, and of what is nested too deep to go into."""
    waiting: list[tuple[str | None, Any, int]] = [(None, data, 0)]
    while waiting:
        field, value, depth = waiting.pop()
        if depth > MAX_DEPTH or not isinstance(value, (Mapping, list)):
            yield field, value, depth
        elif isinstance(value, Mapping):
            prefix = f"{field}." if field else ""
            for key in value:
                yield f"{prefix}{key}", key, depth
            waiting += [(f"{prefix}{key}", value[key], depth + 1) for key in reversed(value)]
        else:
            waiting += [(field, item, depth + 1) for item in reversed(value)]


def _flaw(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        said = "NaN" if math.isnan(value) else "an infinite number"
        return f"is {said}, which JSON cannot hold: leave it out or write it as text, in quotes"
    if isinstance(value, int) and not _LEAST_INT <= value < TOO_LARGE_INT:
        return "is a number too large to be kept exactly: write it as text, in quotes"
    if isinstance(value, str) and not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        return "holds half a surrogate pair, which is no character: take it away"
    return ""


def _weight(value: Any) -> int:
    if not isinstance(value, str):
        return 8
    return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
