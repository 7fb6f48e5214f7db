"""Methods on the wire: what each may be told, and a method made from what it was told.

What the command line reads from files comes as their texts. They lie in a folder for as long as the method is used.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from personae.errors import InputError
from personae.generation import Generator, generators
from personae.generation._options import Option, built, options_of
from personae.server.schemas.generation import Method, MethodOption, OptionKind

FOR_PEOPLE = ("persona", "query")
"""What drafts hold that people review here. Attributes are for `personae taxonomy build`."""


@cache
def methods() -> tuple[Method, ...]:
    """All that can be run here, by name. Read once: their options stand in their source."""
    found = ((name, generators.get(name)) for name in generators.names())
    return tuple(_method(name, method) for name, method in found if method.makes in FOR_PEOPLE)


def method_of(name: str) -> Method:
    """One of them. Raises InputError."""
    known = {one.name: one for one in methods()}
    if name not in known:
        raise InputError(f"must be one of {', '.join(known)}, not {name!r}", field="method")
    return known[name]


def _method(name: str, method: type[Generator]) -> Method:
    return Method(
        name=name,
        makes=method.makes,  # type: ignore[arg-type]  # one of FOR_PEOPLE
        description=(method.__doc__ or "").strip(),
        options=[
            MethodOption(
                name=option.field,
                kind=_kind(option),
                is_required=option.default is ...,
                default=None if option.default is ... or option.read else option.default,
                description=option.help,
            )
            for option in options_of(method)
        ],
    )


def _kind(option: Option) -> OptionKind:
    if option.read is not None:
        return "file"
    if isinstance(option.default, tuple):
        return "texts"
    return {bool: "flag", int: "number", float: "number"}.get(option.type, "text")  # type: ignore[return-value]


@asynccontextmanager
async def opened(name: str, options: Mapping[str, Any]) -> AsyncIterator[Generator]:
    """The method, told these options by field. Raises InputError that names the field, in a file the line too."""
    method = generators.get(method_of(name).name)
    known = {option.field: option for option in options_of(method)}
    if unknown := next((field for field in options if field not in known), ""):
        raise InputError(f"is no option of {name}; there is {', '.join(known)}", field=f"options.{unknown}")
    for field, option in known.items():
        if option.default is ... and options.get(field) in (None, ""):
            raise InputError("is missing", field=f"options.{field}")
    with tempfile.TemporaryDirectory(prefix="personae-generation-") as folder:
        yield await asyncio.to_thread(_built, method, known, options, Path(folder))


def _value(option: Option, value: Any, folder: Path) -> Any:
    field = f"options.{option.field}"
    if option.read is not None:
        if not isinstance(value, str):
            raise InputError("must be the file's text", field=field)
        return _file(option, value, folder) if value.strip() or option.default is ... else None
    try:
        return TypeAdapter(option.type).validate_python(value)
    except ValidationError as error:
        raise InputError(error.errors(include_url=False)[0]["msg"], field=field) from error


def _file(option: Option, text: str, folder: Path) -> Path:
    """The text as a file whose ending says what it is: a log is JSON lines, or else a table."""
    is_json = text.lstrip("\ufeff \t\r\n").startswith(("{", "["))
    suffix = ".jsonl" if is_json else ".csv" if option.field == "logs" else ".yaml"
    path = folder / f"{option.field}{suffix}"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    return path


def _built(method: type[Generator], known: Mapping[str, Option], options: Mapping[str, Any], folder: Path) -> Generator:
    """Raises InputError for what a file holds, in the words of the field that it came in."""
    values = {field: _value(known[field], value, folder) for field, value in options.items() if value is not None}
    try:
        made: Generator = built(method, values)
    except InputError as error:
        raise told(error) from error
    return made


def told(error: InputError) -> InputError:
    """The error of a method by the field that it came in, without the folder that its text lay in for a while."""
    if error.file is None:
        own = error.field and not error.field.startswith("options.")
        return InputError(error.problem, line=error.line, field=f"options.{error.field}") if own else error
    place = ": ".join(
        part for part in (f"line {error.line}" if error.line is not None else "", error.field or "") if part
    )
    return InputError(f"{place}: {error.problem}" if place else error.problem, field=f"options.{Path(error.file).stem}")
