"""The spec file: a bot's settings in YAML or JSON, the same form for all bots.

    bot: custom_api            the method; may be left out where there is a `url`
    url: https://bot.example/chat
    body: {q: "{{message}}"}
    reply_path: data.answer

Nothing is taken half: an unknown field, a field twice, a value of the wrong type is an error with file, line and field.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from personae.bots import BotSpec, bots
from personae.core.text import whole
from personae.errors import InputError, NotFound

if TYPE_CHECKING:
    from ruamel.yaml.comments import CommentedMap

S = TypeVar("S", bound=BotSpec)

ENDINGS = frozenset({".yaml", ".yml", ".json"})


def is_spec_file(target: str) -> bool:
    """Whether `target` names a file that may be a spec."""
    return "://" not in target and Path(target).suffix.lower() in ENDINGS


def read_spec(path: str | Path) -> BotSpec:
    """The bot that the file describes. Raises InputError with file, line and field."""
    file = Path(path)
    settings = _read(file)
    kind = _kind(settings)
    if kind is None:
        known = ", ".join(bots.names())
        raise InputError(f"is no bot: give `bot:` (one of {known}), or a `url`", file=file, line=1)
    if not isinstance(kind, str):
        raise InputError("is not a text", file=file, line=_line(settings, "bot"), field="bot")
    try:
        method = bots.get(kind)
    except NotFound as error:
        raise InputError(str(error), file=file, line=_line(settings, "bot"), field="bot") from error
    return _made(method, settings, file)


def spec_in_file(target: str, kind: str, method: type[S]) -> S | None:
    """The spec in the file `target` if the file describes a bot of this kind, else None. Raises InputError."""
    if not is_spec_file(target) or not Path(target).is_file():
        return None
    file = Path(target)
    settings = _read(file)
    named = _kind(settings)
    if not isinstance(named, str) or named.replace("-", "_") != kind:
        return None
    return _made(method, settings, file)


def _kind(settings: Mapping[str, Any]) -> Any:
    return settings.get("bot", "custom_api" if "url" in settings else None)


def _made(method: type[S], settings: CommentedMap, file: Path) -> S:
    _no_unknown(method, settings, file, ("bot",), "")
    plain = {name: _plain(value, file, settings, name) for name, value in settings.items() if name != "bot"}
    try:
        spec = _adapter(method).validate_python(plain)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        is_missing = first["type"] in ("missing", "missing_argument")
        problem = "is needed and not given" if is_missing else first["msg"][:1].lower() + first["msg"][1:]
        path = _path(first["loc"], plain, is_missing=is_missing)
        line = _line(settings, path.partition(".")[0]) or 1
        raise InputError(problem, file=file, line=line, field=path) from None
    source = getattr(spec, "source", "")
    if isinstance(source, str) and source.endswith(".py") and (file.parent / source).is_file():
        spec = dataclasses.replace(spec, source=str(file.parent / source))
    return cast("S", spec)


def _path(parts: tuple[int | str, ...], settings: Any, *, is_missing: bool) -> str:
    """The setting that pydantic means, without its own names for the branches of a union."""
    found: list[str] = []
    for part in parts:
        try:
            settings = settings[part]
        except (KeyError, IndexError, TypeError):
            return ".".join([*found, str(part)] if is_missing else found)
        found.append(str(part))
    return ".".join(found)


@cache
def _adapter(method: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(method)


def _no_unknown(method: type[Any], settings: Mapping[str, Any], file: Path, more: tuple[str, ...], before: str) -> None:
    known = [field.name for field in dataclasses.fields(method)]
    for name in settings:
        if name in known or name in more:
            continue
        nearest = get_close_matches(str(name), known, n=1, cutoff=0.5)
        hint = f"did you mean {before}{nearest[0]!s}?" if nearest else f"there is {', '.join(known)}"
        problem = f"unknown field; {hint}"
        raise InputError(problem, file=file, line=_line(settings, name), field=f"{before}{name}")
    hints = get_type_hints(method)
    for name in known:
        inner = settings.get(name)
        parts = [each for each in (hints[name], *get_args(hints[name])) if dataclasses.is_dataclass(each)]
        if parts and isinstance(inner, Mapping):
            assert isinstance(parts[0], type)
            _no_unknown(parts[0], inner, file, (), f"{name}.")


def _read(file: Path) -> CommentedMap:
    """The file's settings, with the lines they stand on."""
    from ruamel.yaml import YAML  # heavy, and only needed where the bot is a file
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError("no such file: check the path", file=file) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read as UTF-8 text: {error}", file=file) from error
    if file.suffix.lower() == ".json":
        try:
            json.loads(text)
        except ValueError as error:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else None
            raise InputError(f"is not JSON: {error}", file=file, line=line) from error
        text = text.replace("\t", " ")  # only YAML, which JSON is a part of, refuses tabs between values
    try:
        settings = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(str(error.problem or error).split())
        raise InputError(f"is not YAML: {problem}", file=file, line=mark.line + 1 if mark else None) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"is not YAML: {' '.join(str(error).split())[:300]}", file=file) from error
    if not isinstance(settings, CommentedMap):
        raise InputError("must hold settings, as `name: value` lines", file=file, line=1)
    return settings


def _plain(value: Any, file: Path, parent: Any, name: Any, depth: int = 0) -> Any:
    """YAML's own types as plain JSON data. Raises InputError for what JSON has no word for."""
    line = _line(parent, name)
    if depth > 50:
        raise InputError("is nested too deep", file=file, line=line, field=str(name))
    match value:
        case dict():
            if strange := [key for key in value if not isinstance(key, str)]:
                hint = "; a placeholder must stand in quotes" if isinstance(strange[0], Mapping) else ""
                raise InputError(f"has a key that is not text{hint}", file=file, line=line, field=str(name))
            return {whole(str(key)): _plain(item, file, value, key, depth + 1) for key, item in value.items()}
        case list():
            return [_plain(item, file, value, index, depth + 1) for index, item in enumerate(value)]
        case None | bool():
            return value
        case str():
            return whole(str(value))
        case int():
            return int(value)
        case float():
            return float(value)
        case datetime.date():
            return value.isoformat()
    raise InputError(f"holds {type(value).__name__}, which JSON does not have", file=file, line=line, field=str(name))


def _line(settings: Any, name: Any) -> int | None:
    """The line on which the setting begins, counted from 1."""
    try:
        return int(settings.lc.data[name][0]) + 1
    except (AttributeError, KeyError, TypeError, IndexError):
        return None
