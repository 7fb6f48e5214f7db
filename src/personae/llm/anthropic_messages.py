"""The messages protocol of Anthropic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from personae.core.model import Capabilities, Message, Request, ToolCall
from personae.core.usage import Usage
from personae.llm.wire import Answer, Malformed

VERSION = "2023-06-01"
_CACHE = {"type": "ephemeral"}


@dataclass(frozen=True, slots=True)
class AnthropicMessages:
    def headers(self, api_key: str) -> dict[str, str]:
        return {"x-api-key": api_key, "anthropic-version": VERSION}

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
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": max_output_tokens,
            "messages": _alternating(request.messages),
        }
        if system:
            body["system"] = [{"type": "text", "text": "\n\n".join(system), "cache_control": _CACHE}]
        if temperature is not None and capabilities.temperature:
            body["temperature"] = min(temperature, 1.0)
        tools = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in request.tools
        ]
        if request.output is not None:  # a schema is asked for as the one tool that must be called
            tools.append({"name": request.output.name, "description": "", "input_schema": request.output.schema})
        if tools:
            body["tools"] = tools
        if forced := request.force_tool or (request.output.name if request.output else ""):
            body["tool_choice"] = {"type": "tool", "name": forced}
        return body

    def decode(self, body: Mapping[str, Any]) -> Answer:
        content = body.get("content")
        if not isinstance(content, list):
            raise Malformed("it holds no list `content`")
        text, calls = [], []
        for block in content:
            if not isinstance(block, Mapping):
                raise Malformed("a block of its content is not an object")
            if block.get("type") == "text":
                text.append(str(block.get("text", "")))
            elif block.get("type") == "tool_use":
                calls.append(ToolCall(str(block.get("name", "")), orjson.dumps(block.get("input")).decode()))
        return Answer("".join(text), tuple(calls), _usage(body.get("usage")), str(body.get("stop_reason") or ""))


def _alternating(messages: Any) -> list[dict[str, Any]]:
    """User and assistant in turns, as the protocol wants it: neighbours of one role become blocks of one message.

    The last block carries a cache mark, so that the next request of the conversation finds all this in the cache.
    """
    turns: list[dict[str, Any]] = []
    message: Message
    for message in messages:
        if message["role"] == "system":
            continue
        block: dict[str, Any] = {"type": "text", "text": message["content"] or " "}
        if turns and turns[-1]["role"] == message["role"]:
            turns[-1]["content"].append(block)
        else:
            turns.append({"role": message["role"], "content": [block]})
    if turns:
        turns[-1]["content"][-1] = turns[-1]["content"][-1] | {"cache_control": _CACHE}
    return turns


def _usage(usage: Any) -> Usage | None:
    if not isinstance(usage, Mapping) or not isinstance(usage.get("input_tokens"), int):
        return None
    read = usage.get("cache_read_input_tokens") or 0
    written = usage.get("cache_creation_input_tokens") or 0
    return Usage(
        calls=1,
        input_tokens=usage["input_tokens"] + read + written,
        cached_tokens=read,
        cache_write_tokens=written,
        output_tokens=usage.get("output_tokens") or 0,
    )
