"""What a prompt template may hold, what it asks for, and whether two are the same."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personae.core.seed import digest
from personae.core.text import whole_values
from personae.errors import InputError
from personae.server.chat_messages import messages, texts
from personae.server.json_values import checked, kind_of

_PLACEHOLDER = re.compile(r"{{\s*(\w+)\s*}}")
_CHOICES = ("none", "auto", "required")


@dataclass(frozen=True, slots=True)
class Content:
    """What a version of a template says. The same content is the same version."""

    messages: list[dict[str, Any]]
    response_format_json_schema: dict[str, Any] | None
    tools: list[dict[str, Any]] | None
    tool_choice: str | dict[str, Any] | None

    @property
    def placeholders(self) -> list[str]:
        return placeholders(self.messages)

    @property
    def hash(self) -> str:
        """Names exactly this content, whatever the order of its keys."""
        parts = [self.messages, self.response_format_json_schema, self.tools, self.tool_choice]
        return digest(json.dumps(whole_values(parts), sort_keys=True))


def content(given: object, response_format: Mapping[str, Any] | None, tools: object, tool_choice: object) -> Content:
    """The content as it is kept. Raises InputError that names what is wrong."""
    kept = messages(given, "messages")
    if not kept:
        raise InputError("must hold at least one message", field="messages")
    known = None if tools is None else _tools(tools)
    return Content(
        kept,
        None if response_format is None else checked(dict(response_format), "response_format_json_schema"),
        known,
        _tool_choice(tool_choice, known),
    )


def placeholders(kept: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns that the messages ask for, each once, in order of appearance."""
    return list(dict.fromkeys(name for text in texts(kept) for name in _PLACEHOLDER.findall(text)))


def is_system_only(kept: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the messages are what a bot under test is given: one system message, and no other."""
    return len(kept) == 1 and kept[0].get("role") == "system"


def _tools(given: object) -> list[dict[str, Any]]:
    if not isinstance(given, list):
        raise InputError(f"must be a list of tools, not {kind_of(given)}", field="tools")
    return [_tool(tool, f"tools.{place}") for place, tool in enumerate(given)]


def _tool(given: object, field: str) -> dict[str, Any]:
    function = given.get("function") if isinstance(given, dict) else None
    if not isinstance(function, dict) or not isinstance(given, dict) or given.get("type") != "function":
        raise InputError('must be {"type": "function", "function": {"name": ...}}', field=field)
    kept = {key: value for key, value in function.items() if value is not None}
    kinds = {"name": str, "description": str, "parameters": dict, "strict": bool}
    for key, kind in kinds.items():
        if key in kept and not isinstance(kept[key], kind):
            raise InputError(f"must not be {kind_of(kept[key])}", field=f"{field}.function.{key}")
    if not kept.get("name"):
        raise InputError("is missing", field=f"{field}.function.name")
    return checked({"type": "function", "function": kept}, field)  # type: ignore[no-any-return]  # what goes in comes out


def _tool_choice(given: object, tools: list[dict[str, Any]] | None) -> str | dict[str, Any] | None:
    if given is None:
        return None
    if tools is None:
        raise InputError("cannot be set without tools", field="tool_choice")
    if isinstance(given, str) and given in _CHOICES:
        return given
    function = given.get("function") if isinstance(given, dict) else None
    if isinstance(function, dict) and isinstance(function.get("name"), str):
        return {"type": "function", "function": {"name": function["name"]}}
    raise InputError(
        f"must be one of {', '.join(_CHOICES)}, or {{'type': 'function', 'function': {{'name': ...}}}}",
        field="tool_choice",
    )
