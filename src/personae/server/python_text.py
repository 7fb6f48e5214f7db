"""Query values that the elluminate SDK sends as the text of a Python dict."""

from __future__ import annotations

import ast
from typing import Any

from personae.errors import InputError

_MOST = 2_000


def python_dict(text: str | None, field: str) -> dict[str, Any]:
    """The dict, without what is None in it; an empty one for no text. Raises InputError."""
    if not text:
        return {}
    try:
        value = ast.literal_eval(text) if len(text) <= _MOST else None
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InputError(f"must be the text of a dict such as {{'name': 'x'}}, not {text[:60]!r}", field=field)
    return {str(key): one for key, one in value.items() if one is not None}
