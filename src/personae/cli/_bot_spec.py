"""The bot that a person chose by options."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, cast

from personae.bots import BotSpec
from personae.bots._targets import parse_target
from personae.bots.custom_api import CustomApiBot
from personae.errors import ConfigurationError, InputError


def bot_spec(target: str, *, model: str = "", system: str = "") -> BotSpec:
    """The spec that `target` names, with model and system prompt where they are given."""
    spec = parse_target(target)
    given = {"model": model, "system_prompt": _text_or_file(system)}
    changes = {field: value for field, value in given.items() if value}
    known = {field.name for field in dataclasses.fields(cast("Any", spec))}  # every spec is a dataclass
    for field in changes:
        if field not in known:
            option = {"model": "--bot-model", "system_prompt": "--bot-system"}[field]
            raise ConfigurationError(f"{option} has no meaning for the bot {spec.label}")
    chosen = cast("BotSpec", dataclasses.replace(cast("Any", spec), **changes))
    if isinstance(chosen, CustomApiBot) and chosen.system_prompt and not chosen.sends_system_prompt:
        raise ConfigurationError(
            f"the system prompt would never reach the bot {chosen.label}: its request has no place for it. Put "
            "{{system_prompt}} into it, or {{messages}}, which begin with it"
        )
    return chosen


def _text_or_file(value: str) -> str:
    """The content of the file that `value` names, or `value` itself where it names none."""
    if "\n" in value or len(value) > 1000:
        return value
    path = Path(value)
    try:
        if value and path.is_file():
            return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text: {error}", file=path) from error
    if path.suffix in {".md", ".txt"} and " " not in value:
        raise InputError("there is no such file (for --bot-system)", file=path)
    return value
