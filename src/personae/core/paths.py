"""Nested data by path, `preferences > likes`, and back without loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SEPARATOR = " > "


def by_path(data: Mapping[str, Any]) -> dict[str, Any]:
    """Every value by its path. A list is a value, and so is a mapping that is empty or has keys that fit in no path.

    `nested` makes the same data of it. Raises ValueError for a key at the top that cannot stand in a path.
    """
    for key in data:
        if not _is_plain(key):
            raise ValueError(f"the name {key!r} fits in no path: it is blank, has spaces at its ends or holds '>'")
    return dict(_walk(data, ""))


def nested(paths: Mapping[str, Any]) -> dict[str, Any]:
    """The nested data that values by path stand for. Raises ValueError where one path goes through another's value."""
    data: dict[str, Any] = {}
    branches = {"": data}
    for path, value in paths.items():
        *above, last = path.split(SEPARATOR)
        place, way = data, ""
        for part in above:
            way = f"{way}{SEPARATOR}{part}" if way else part
            if way not in branches:
                if part in place:
                    raise ValueError(f"{path!r} stands below {way!r}, which is a value itself")
                branches[way] = place[part] = {}
            place = branches[way]
        if last in place:
            raise ValueError(f"{path!r} is a value, and others stand below it")
        place[last] = value
    return data


def _walk(data: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value and all(map(_is_plain, value)):
            yield from _walk(value, f"{prefix}{key}{SEPARATOR}")
        else:
            yield f"{prefix}{key}", value


def _is_plain(key: str) -> bool:
    return bool(key) and key == key.strip() and ">" not in key
