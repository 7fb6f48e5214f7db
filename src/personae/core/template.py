"""Placeholders: `{{column}}` in a persona's, a scenario's or a criterion's text is filled from the scenario's fields.

One pass over the text. A value that is filled in is never read again, so a value that itself holds `{{...}}` stays as
it is. Column names may hold spaces; white space just inside the braces does not count, and blank braces are just text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache

from personae.errors import InputError

_PLACEHOLDER = re.compile(r"\{\{([^{}\n]+)\}\}")


def placeholders(text: str) -> tuple[str, ...]:
    """The column names that `text` asks for, each once, in order of appearance."""
    return _names(tuple(_PLACEHOLDER.findall(text)))


@lru_cache(maxsize=1_000)
def _names(found: tuple[str, ...]) -> tuple[str, ...]:
    """What stands inside the braces, as names: in the rows of a collection mostly the same ones."""
    names = (inside.strip(" \t") for inside in found)
    return tuple(dict.fromkeys(filter(None, names)))


def pieces(text: str) -> tuple[str, ...]:
    """`text` cut at its placeholders: text and column name in turns, beginning and ending with text."""
    parts = [""]
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        if name := match[1].strip(" \t"):
            parts[-1] += text[end : match.start()]
            parts += [name, ""]
            end = match.end()
    parts[-1] += text[end:]
    return tuple(parts)


def unknown(text: str, columns: Mapping[str, object]) -> tuple[str, ...]:
    """The placeholders of `text` that no column fills."""
    return tuple(name for name in placeholders(text) if name not in columns)


def fill(text: str, columns: Mapping[str, object], *, where: str = "text") -> str:
    """`text` with each placeholder replaced by its column's value: texts as they are, null as nothing, else as JSON.

    Raises InputError that names the placeholder, `where` it stands, and the columns there are.
    """
    if "{{" not in text:
        return text
    if missing := unknown(text, columns):
        known = ", ".join(repr(name) for name in columns) or "none"
        names = ", ".join(f"{{{{{name}}}}}" for name in missing)
        raise InputError(f"{names} in {where} is filled by no column (columns: {known})", field=where)

    def value(match: re.Match[str]) -> str:
        name = match[1].strip(" \t")
        return _written(columns[name]) if name else match[0]

    return _PLACEHOLDER.sub(value, text)


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
