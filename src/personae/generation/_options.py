"""What a method may be told: the fields of its class as options, for the command line and later for forms.

A field's help is the text below it in the class. `metadata=from_file(read)` makes the option a file that `read` turns
into the field's value; `metadata=named("context")` gives it another name.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, get_type_hints

from personae.errors import InputError

Read = Callable[[Path], Any]


def from_file(read: Read, *, name: str = "") -> dict[str, Any]:
    """Metadata of a field whose value is read from a file: `read` raises InputError."""
    return {"read": read, "name": name}


def named(name: str) -> dict[str, Any]:
    """Metadata of a field whose option has another name."""
    return {"name": name}


def read_text_file(path: Path, what: str = "text") -> str:
    """The text of a file. Raises InputError where it is none, or blank."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"there is no such file ({what})", file=path) from None
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text: {error}", file=path) from error
    if not text.strip():
        raise InputError(f"is empty: it must hold the {what}", file=path)
    return text


def text_of(what: str) -> Read:
    """Reads a file's text; `what` it is stands in errors."""
    return partial(read_text_file, what=what)


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that a method may be told."""

    field: str
    name: str
    """With dashes, as on the command line."""
    type: Any
    """As annotated; `Path` where the value is read from a file."""
    default: Any
    """`...` where it must be given."""
    help: str
    read: Read | None = None


def options_of(method: type[Any]) -> list[Option]:
    """The options of a method, in the order of its fields."""
    hints, helps = get_type_hints(method), _helps(method)
    found = []
    for field in fields(method):
        default = field.default if field.default is not MISSING else ...
        if field.default_factory is not MISSING:
            default = field.default_factory()
        read = field.metadata.get("read")
        name = (field.metadata.get("name") or field.name).replace("_", "-")
        kind: Any = hints[field.name]
        if read is not None:
            kind, default = (Path, ...) if default is ... else (Path | None, None)
        found.append(Option(field.name, name, kind, default, helps.get(field.name, ""), read))
    return found


def built(method: type[Any], values: Mapping[str, Any]) -> Any:
    """The method with `values` by field, files read. What is not given, or None, keeps its default.

    Raises InputError.
    """
    given = {}
    for option in options_of(method):
        value = values.get(option.field)
        if value is None:
            continue
        given[option.field] = option.read(Path(value)) if option.read is not None else value
    return method(**given)


def _helps(method: type[Any]) -> dict[str, str]:
    """The text below each field of the class."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(method))).body
    assert isinstance(tree, ast.ClassDef)
    helps = {}
    for one, following in zip(tree.body, tree.body[1:], strict=False):
        is_text = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and is_text:
            helps[one.target.id] = " ".join(str(following.value.value).split())  # type: ignore[attr-defined]
    return helps
