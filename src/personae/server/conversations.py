"""The value of a conversation column: a recorded exchange with what a bot was given beside it.

    {"schema_version": "elluminate.uce/1", "input": {"messages": [...], "tools"?, "tool_choice"?, "response_format"?}}

Clients send it with nulls or without, and the schema of the answer under two names; it is kept in one form, so that the
same conversation is the same.
"""

from __future__ import annotations

from typing import Any

from personae.errors import InputError
from personae.server import chat_messages
from personae.server.json_values import checked, kind_of

VERSION = "elluminate.uce/1"
_KINDS: dict[str, tuple[type, ...]] = {
    "tools": (list,),
    "tool_choice": (str, dict),
    "attachments": (list,),
    "metadata": (dict,),
}


def is_conversation(value: object) -> bool:
    """Whether it says of itself that it is one."""
    return isinstance(value, dict) and str(value.get("schema_version", "")).startswith("elluminate.uce/")


def conversation(value: object, field: str) -> dict[str, Any]:
    """The value in its one form. Raises InputError that names what is wrong below `field`."""
    if not isinstance(value, dict):
        raise InputError(
            f"must be a conversation (an object with `schema_version` and `input`), not {kind_of(value)}", field=field
        )
    if value.get("schema_version") != VERSION:
        raise InputError(
            f"must be {VERSION!r}, not {value.get('schema_version')!r}: no other form of conversations is known",
            field=f"{field}.schema_version",
        )
    given = value.get("input")
    if not isinstance(given, dict):
        raise InputError(f"must be an object, not {kind_of(given)}", field=f"{field}.input")
    known = {key: part for key, part in given.items() if part is not None}
    known["messages"] = chat_messages.messages(known.get("messages"), f"{field}.input.messages")
    if not known["messages"]:
        raise InputError("must hold at least one message", field=f"{field}.input.messages")
    for key, kinds in _KINDS.items():
        if key in known and not isinstance(known[key], kinds):
            raise InputError(f"must not be {kind_of(known[key])}", field=f"{field}.input.{key}")
    if "response_format" in known:
        known["response_format"] = _response_format(known["response_format"], f"{field}.input.response_format")
    checked(known, field)
    return {"schema_version": VERSION, "input": known}


def _response_format(given: object, field: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise InputError(f"must be an object with `json_schema` or `hint`, not {kind_of(given)}", field=field)
    kept = {"json_schema" if key == "response_schema" else key: part for key, part in given.items() if part is not None}
    if not isinstance(kept.get("json_schema", {}), dict):
        raise InputError("must be an object", field=f"{field}.json_schema")
    if kept.get("hint", "text") not in ("json_object", "text"):
        raise InputError(f"must be 'json_object' or 'text', not {kept['hint']!r}", field=f"{field}.hint")
    return kept
