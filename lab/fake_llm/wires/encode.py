"""JSON bytes: orjson, and the standard library for the one thing orjson refuses, half a surrogate pair."""

from __future__ import annotations

import json
from typing import Any

import orjson


def encode(value: Any) -> bytes:
    """Half a surrogate pair goes out as an escape (`\\ud800`), as some real providers send it."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def arguments_text(arguments: Any) -> str:
    """Tool arguments as text: what is text already stays as it is."""
    return arguments if isinstance(arguments, str) else encode(arguments).decode()
