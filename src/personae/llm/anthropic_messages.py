"""The messages protocol of Anthropic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from personae.core.model import Capabilities, Message, Request, ToolCall
from personae.core.usage import Usage
from personae.llm.wire import Answer, Malformed, count

VERSION = "2023-06-01"
_CACHE = {"type": "ephemeral"}
_GROWING = ("simulator", "bot")
"""Purposes whose next request goes on where this one ends. Others are never read again, and writing costs a quarter."""
_BLANK = "(empty)"
"""The protocol refuses blank text."""


@dataclass(frozen=True, slots=True)
class AnthropicMessages:
    """Messages."""

    def headers(self, api_key: str) -> dict[str, str]:
        version = {"anthropic-version": VERSION}
        return {"x-api-key": api_key, **version} if api_key else version

    def encode(
        self,
        request: Request,
        model: str,
        capabilities: Capabilities,
        *,
        temperature: float | None,
        max_output_tokens: int,
    ) -> dict[str, Any]:
        system = [message["content"] for message in request.messages if message["role"] == "system"]
        mark = {"cache_control": _CACHE} if request.purpose in _GROWING else {}
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": max_output_tokens,
            "messages": _alternating(request.messages, mark),
        }
        if system:
            body["system"] = [{"type": "text", "text": "\n\n".join(system), **mark}]
        if temperature is not None and capabilities.temperature:
            body["temperature"] = min(temperature, 1.0)
        tools = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in request.tools
        ]
        if request.output is not None:  # a schema is asked for as the one tool that must be called
            schema = request.output
            tools.append({"name": schema.name, "description": "Give the answer.", "input_schema": schema.schema})
        if tools:
            body["tools"] = tools
        if forced := request.force_tool or (request.output.name if request.output else ""):
            body["tool_choice"] = {"type": "tool", "name": forced}
        return body

    def decode(self, body: Any) -> Answer:
        content = body.get("content") if isinstance(body, dict) else None
        if not isinstance(content, list):
            raise Malformed("it holds no list `content`")
        text, calls = [], []
        for block in content:
            if not isinstance(block, dict):
                raise Malformed("a block of its content is not an object")
            if block.get("type") == "text":
                text.append(str(block.get("text", "")))
            elif block.get("type") == "tool_use":
                calls.append(ToolCall(str(block.get("name", "")), orjson.dumps(block.get("input")).decode()))
        return Answer("".join(text), tuple(calls), _usage(body.get("usage")), str(body.get("stop_reason") or ""))


def _alternating(messages: Sequence[Message], mark: Mapping[str, Any]) -> list[dict[str, Any]]:
    """User and assistant in turns, as the protocol wants it: neighbours of one role become blocks of one message.

    The last block carries the cache mark, so that the next request of the conversation finds all this in the cache.
    """
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message["role"] == "system":
            continue
        block: dict[str, Any] = {"type": "text", "text": message["content"] if message["content"].strip() else _BLANK}
        if turns and turns[-1]["role"] == message["role"]:
            turns[-1]["content"].append(block)
        else:
            turns.append({"role": message["role"], "content": [block]})
    if turns:
        turns[-1]["content"][-1] |= mark
    return turns


def _usage(usage: Any) -> Usage | None:
    """The tokens, or None where either count is missing. `input_tokens` there leaves the cached ones out."""
    if not isinstance(usage, dict):
        return None
    given, made = usage.get("input_tokens"), usage.get("output_tokens")
    if type(given) is not int or type(made) is not int:
        return None
    read, written = count(usage.get("cache_read_input_tokens")), count(usage.get("cache_creation_input_tokens"))
    return Usage(
        calls=1,
        input_tokens=given + read + written,
        cached_tokens=read,
        cache_write_tokens=written,
        output_tokens=made,
    )
