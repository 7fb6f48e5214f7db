"""Placeholders: `{{column}}` in a persona's, a scenario's or a criterion's text is filled from the scenario's fields.

One pass over the text. A value that is filled in is never read again, so a value that itself holds `{{...}}` stays as
it is. Column names may hold spaces; white space just inside the braces does not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from personae.errors import InputError

_PLACEHOLDER = re.compile(r"\{\{[ \t]*([^{}\n]+?)[ \t]*\}\}")


def placeholders(text: str) -> tuple[str, ...]:
    """The column names that `text` asks for, each once, in order of appearance."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def unknown(text: str, columns: Mapping[str, object]) -> tuple[str, ...]:
    """The placeholders of `text` that no column fills."""
    return tuple(name for name in placeholders(text) if name not in columns)


def fill(text: str, columns: Mapping[str, object], *, where: str = "text") -> str:
    """`text` with each placeholder replaced by its column's value.

    Raises InputError that names the placeholder, `where` it stands, and the columns there are.
    """
    if "{{" not in text:
        return text
    if missing := unknown(text, columns):
        known = ", ".join(repr(name) for name in columns) or "none"
        names = ", ".join(f"{{{{{name}}}}}" for name in missing)
        raise InputError(f"{names} in {where} is filled by no column (columns: {known})", field=where)
    return _PLACEHOLDER.sub(lambda match: str(columns[match.group(1)]), text)
