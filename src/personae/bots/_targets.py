"""What a person wrote behind `--bot`, into a spec; and a spec into what a record may hold of it."""

from __future__ import annotations

import dataclasses
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from personae.bots import BotSpec, bots
from personae.bots._spec_file import is_spec_file, read_spec
from personae.errors import InputError

FORMS = (
    ("http://... or https://...", "an endpoint that speaks OpenAI's chat completions"),
    ("model:PROVIDER/MODEL", "a bare model, such as model:ollama/llama3.2 or model:offline"),
    ("FILE.py or FILE.py:FUNCTION", "a function in a file"),
    ("package.module:FUNCTION", "a function in a module"),
    ("FILE.yaml or FILE.json", "a spec file, for any bot and any HTTP API"),
    ("botario:URL", "a bot that remembers by a sessionId"),
    ("command:PROGRAM ARGS", "a program that reads and writes JSON lines"),
    ("mock or mock:echo", "a scripted bot, or one that says back what it hears"),
)
"""What can stand behind `--bot`, and what it means."""


def parse_target(target: str) -> BotSpec:
    """The spec for what a person wrote. Raises InputError that lists what is possible."""
    target = target.strip()
    if is_spec_file(target) and not _prefix(target):
        return read_spec(target)
    if kind := _prefix(target):
        rest = target.partition(":")[2]
        method = bots.get(kind)
        spec = method.from_target(target) or (read_own(kind, rest) if is_spec_file(rest) else method.from_target(rest))
        if spec is None:
            raise InputError(f"{target!r} is no target of the bot {kind!r}. {possible()}", field="bot")
        return spec
    for method in bots.all().values():
        if (spec := method.from_target(target)) is not None:
            return spec
    raise InputError(f"{target!r} names no bot{_hint(target)}. {possible()}", field="bot")


def read_own(kind: str, path: str) -> BotSpec:
    """The spec in a file that must describe a bot of this kind."""
    spec = read_spec(path)
    if not isinstance(spec, bots.get(kind)):
        raise InputError(f"describes {type(spec).__name__}, not a bot of the kind {kind!r}", file=path, field="bot")
    return spec


def possible() -> str:
    """What a target can be, one form a line."""
    width = max(len(form) for form, _ in FORMS)
    lines = "".join(f"\n  {form:<{width}}  {meaning}" for form, meaning in FORMS)
    return f"A bot is one of:{lines}"


def settings(spec: BotSpec) -> dict[str, Any]:
    """The spec's settings for a record: plain data, keys and headers left out, addresses without their query."""
    fields = dataclasses.fields(cast("Any", spec))
    return {field.name: _public(field, getattr(spec, field.name)) for field in fields}


def _public(field: dataclasses.Field[Any], value: Any) -> Any:
    if field.metadata.get("secret"):
        return dict.fromkeys(value, "***") if isinstance(value, dict) else "***" if value else ""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {inner.name: _public(inner, getattr(value, inner.name)) for inner in dataclasses.fields(value)}
    if callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        address, mark, _ = value.partition("?")
        return f"{address}{mark}***" if mark else address
    return list(value) if isinstance(value, tuple) else value


def _prefix(target: str) -> str | None:
    """The bot that `KIND:` names, or None."""
    kind, colon, _ = target.partition(":")
    kind = kind.replace("-", "_")
    return kind if colon and kind in bots.names() else None


def _hint(target: str) -> str:
    if is_spec_file(target) or target.endswith(".py"):
        return ""
    if Path(target).is_dir():
        return ": it is a folder"
    kinds = [*bots.names(), "model"]
    near = get_close_matches(target.partition(":")[0], kinds, n=1)
    return f": did you mean {near[0]!r}?" if near else ""
