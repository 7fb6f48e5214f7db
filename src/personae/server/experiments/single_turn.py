"""One row as the beginning of a conversation, for experiments without personas: what is said before the bot answers.

A template with placeholders, a recorded conversation, a raw input, or any of them after a template's system message.
The bot gives one reply. With a response column there is nothing to ask: its text is the reply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from personae.core.persona import Said
from personae.core.template import fill
from personae.errors import InputError
from personae.store.columns import Record

Messages = Sequence[Mapping[str, Any]]


def opening(
    template: Messages, columns: Sequence[Record], row: Mapping[str, Any], *, response_column: str | None, where: str
) -> tuple[Said, ...]:
    """The beginning of `row`. Raises InputError, which names `where` it is, for a row that says nothing to answer."""
    said = [*_filled(template, row, where), *_recorded(columns, row)]
    if response_column is not None:
        reply = str(row.get(response_column) or "")
        if not reply.strip():
            raise InputError(f"{where}: the response column {response_column!r} is blank")
        asked = said if any(one.role == "user" for one in said) else [*said, _WHAT]
        return (*asked, Said(role="assistant", content=reply))
    while said and said[-1].role == "assistant":  # the recorded reply is what the bot is to give anew
        said.pop()
    if not any(one.role == "user" for one in said):
        raise InputError(
            f"{where}: nothing is said to the bot; the template needs a user message, or the collection a raw_input or "
            "conversation column that is filled"
        )
    return tuple(said)


def asked_beside(columns: Sequence[Record], row: Mapping[str, Any]) -> dict[str, Any]:
    """What a recorded conversation was given beside its messages, as OpenAI's API calls it: tools, form of answer."""
    found: dict[str, Any] = {}
    for column in columns:
        value = row.get(column["name"])
        if column["column_type"] == "conversation" and isinstance(value, Mapping):
            given = value.get("input", {})
            found |= {name: given[name] for name in ("tools", "tool_choice") if given.get(name)}
            shape = given.get("response_format") or {}
            if schema := shape.get("json_schema"):
                found["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
            elif shape.get("hint"):
                found["response_format"] = {"type": shape["hint"]}
    return found


_WHAT = Said(role="user", content="(not recorded)")
"""What a response column answers to, where a row has the response alone."""


def _filled(template: Messages, row: Mapping[str, Any], where: str) -> Iterator[Said]:
    for message in template:
        text = fill(text_of(message), row, where=f"{where}, the template's {message['role']} message")
        yield from _said(message["role"], text)


def _recorded(columns: Sequence[Record], row: Mapping[str, Any]) -> Iterator[Said]:
    for column in columns:
        value = row.get(column["name"])
        if column["column_type"] == "raw_input":
            yield from _said("user", str(value or ""))
        elif column["column_type"] == "conversation" and isinstance(value, Mapping):
            for message in value.get("input", {}).get("messages", ()):
                yield from _said(message["role"], text_of(message))


def _said(role: str, text: str) -> Iterator[Said]:
    """The message as the bot is given it. Blank ones say nothing; what a tool gave is told as a user's message."""
    known = {"system": "system", "developer": "system", "assistant": "assistant"}
    if text.strip():
        yield Said.model_validate({"role": known.get(role, "user"), "content": text})


def text_of(message: Mapping[str, Any]) -> str:
    """The text of a chat message: its content, the text parts of it, or the tool calls that stand in its place."""
    content = message.get("content")
    if isinstance(content, list):
        content = "\n".join(part["text"] for part in content if isinstance(part.get("text"), str))
    text = str(content or "")
    if message.get("role") in ("tool", "function"):
        return f"[result of {message.get('name') or message.get('tool_call_id') or 'a tool'}]\n{text}"
    if not text and message.get("tool_calls"):
        calls = [call.get("function", {}) for call in message["tool_calls"]]
        return "\n".join(f"[calls {call.get('name', 'a tool')} with {call.get('arguments', '')}]" for call in calls)
    return text
