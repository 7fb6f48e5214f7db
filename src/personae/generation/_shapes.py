"""Shapes of answers that methods of this room share: JSON schemas with every field required, and fields as texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personae.core.text import whole
from personae.llm.structured import NotUsable


def object_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object with exactly these fields."""
    return {"type": "object", "properties": dict(fields), "required": list(fields), "additionalProperties": False}


def list_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a list."""
    return {"type": "array", "items": dict(item)}


def texts_of() -> dict[str, Any]:
    """The schema of a list of texts."""
    return list_of({"type": "string"})


def rows_of(data: Any, name: str) -> list[Mapping[str, Any]]:
    """The objects in the list `name` of an answer; whatever else is in it is left out. NotUsable without the list."""
    rows = data.get(name) if isinstance(data, Mapping) else None
    if not isinstance(rows, list):
        raise NotUsable(f"It must be a JSON object with the list `{name}`.")
    return [row for row in rows if isinstance(row, Mapping)]


def text_in(data: Any, name: str) -> str:
    """The text `name` of an answer or of one of its rows, blank where there is none."""
    value = data.get(name) if isinstance(data, Mapping) else None
    return whole(value).strip() if isinstance(value, str) else ""


def text_needed(data: Any, name: str) -> str:
    """The text `name` of an answer. NotUsable where there is none."""
    if text := text_in(data, name):
        return text
    raise NotUsable(f"It needs a text under `{name}`.")


def texts_in(data: Any, name: str) -> tuple[str, ...]:
    """The texts in the list `name` of an answer, each once. NotUsable without the list."""
    values = data.get(name) if isinstance(data, Mapping) else None
    if not isinstance(values, list):
        raise NotUsable(f"It needs a list of texts under `{name}`.")
    return tuple(dict.fromkeys(whole(value).strip() for value in values if isinstance(value, str) and value.strip()))
