"""What values may be kept: whatever JSON can carry to any reader, in bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from personae.errors import InputError

MAX_DEPTH = 50


def flaw(value: object) -> str:
    """Why `value` cannot be kept; blank where it can."""
    waiting: list[tuple[object, int]] = [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, float) and not math.isfinite(one):
            return "holds a number that is none (NaN or infinite), which JSON cannot carry: write it as text"
        if isinstance(one, (dict, list)):
            if depth > MAX_DEPTH:
                return f"is nested deeper than {MAX_DEPTH} levels"
            waiting += [(part, depth + 1) for part in (one.values() if isinstance(one, dict) else one)]
    return ""


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


def checked(value: Any, field: str) -> Any:
    """`value`, if it can be kept. Raises InputError."""
    if problem := flaw(value):
        raise InputError(problem, field=field)
    return value


def _kept(value: Any) -> Any:
    if problem := flaw(value):
        raise ValueError(problem)
    return value


JsonObject = Annotated[dict[str, Any], AfterValidator(_kept)]
"""A JSON object in a request."""
