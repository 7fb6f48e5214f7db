"""Chat messages as templates and conversation columns hold them: OpenAI's, without the keys that are null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from personae.errors import InputError
from personae.server.json_values import checked, kind_of

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_TEXTS = ("name", "tool_call_id", "refusal")
_NEEDED = {"tool": "tool_call_id", "function": "name"}
MOST_MESSAGES = 2_000


def messages(given: object, field: str) -> list[dict[str, Any]]:
    """The messages as they are kept. Raises InputError that names what is wrong below `field`."""
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise InputError(f"must be a list of messages, not {kind_of(given)}", field=field)
    if len(given) > MOST_MESSAGES:
        raise InputError(f"holds {len(given):,} messages: the most is {MOST_MESSAGES:,}", field=field)
    return [_message(one, f"{field}.{place}") for place, one in enumerate(given)]


def texts(kept: Sequence[Mapping[str, Any]]) -> list[str]:
    """All text in the contents of messages."""
    found: list[object] = []
    for message in kept:
        content = message.get("content")
        found += [part.get("text") for part in content] if isinstance(content, list) else [content]
    return [text for text in found if isinstance(text, str)]


def _message(given: object, field: str) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise InputError(f"must be a message (an object with `role` and `content`), not {kind_of(given)}", field=field)
    message = {key: value for key, value in given.items() if value is not None}
    role = message.get("role")
    if role not in ROLES:
        raise InputError(f"must be one of {', '.join(ROLES)}, not {role!r}", field=f"{field}.role")
    _check_content(message, role, f"{field}.content")
    needed = _NEEDED.get(role)
    if needed and needed not in message:
        raise InputError(f"is missing: a message of the role {role!r} needs it", field=f"{field}.{needed}")
    for key in _TEXTS:
        if key in message and not isinstance(message[key], str):
            raise InputError(f"must be text, not {kind_of(message[key])}", field=f"{field}.{key}")
    _check_calls(message, field)
    return checked(message, field)  # type: ignore[no-any-return]  # what goes in comes out


def _check_content(message: Mapping[str, Any], role: str, field: str) -> None:
    content = message.get("content")
    if content is None:
        if role != "assistant":
            raise InputError(f"is missing: a message of the role {role!r} needs it", field=field)
    elif isinstance(content, list):
        for place, part in enumerate(content):
            if not isinstance(part, dict) or not isinstance(part.get("type"), str):
                raise InputError("must be an object with a `type`", field=f"{field}.{place}")
    elif not isinstance(content, str):
        raise InputError(f"must be text or a list of parts, not {kind_of(content)}", field=field)


def _check_calls(message: Mapping[str, Any], field: str) -> None:
    calls = message.get("tool_calls", [])
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise InputError("must be a list of objects", field=f"{field}.tool_calls")
    call = message.get("function_call", {})
    if not isinstance(call, dict) or (call and not {"name", "arguments"} <= set(call)):
        raise InputError("must be an object with `name` and `arguments`", field=f"{field}.function_call")
    audio = message.get("audio", {})
    if not isinstance(audio, dict) or (audio and not isinstance(audio.get("id"), str)):
        raise InputError("must be an object with an `id`", field=f"{field}.audio")
