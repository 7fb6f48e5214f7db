"""The chat completions protocol of OpenAI, which most endpoints speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from personae.core.model import Capabilities, Request, Tool, ToolCall
from personae.core.usage import Usage
from personae.llm.wire import Answer, Malformed


@dataclass(frozen=True, slots=True)
class OpenAIChat:
    key_header: str = "Authorization"

    def headers(self, api_key: str) -> dict[str, str]:
        if not api_key:
            return {}
        return {self.key_header: f"Bearer {api_key}" if self.key_header == "Authorization" else api_key}

    def encode(
        self,
        request: Request,
        model: str,
        capabilities: Capabilities,
        *,
        temperature: float | None,
        max_output_tokens: int,
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": model,
            "messages": request.messages,
            capabilities.tokens_field: max_output_tokens,
        }
        if temperature is not None and capabilities.temperature:
            body["temperature"] = temperature
        if request.tools:
            body["tools"] = [_tool(tool) for tool in request.tools]
        if request.force_tool:
            body["tool_choice"] = {"type": "function", "function": {"name": request.force_tool}}
        if request.output is not None:
            schema = {"name": request.output.name, "schema": request.output.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif request.json_object:
            body["response_format"] = {"type": "json_object"}
        return body

    def decode(self, body: Mapping[str, Any]) -> Answer:
        try:
            choice = body["choices"][0]
            message = choice["message"]
        except (KeyError, IndexError, TypeError):
            raise Malformed("it holds no choices[0].message") from None
        if not isinstance(message, Mapping):
            raise Malformed("its choices[0].message is not an object")
        text = _text(message.get("content"))
        refusal = message.get("refusal")
        if not text and isinstance(refusal, str):
            text = refusal
        calls = tuple(_call(call) for call in message.get("tool_calls") or ())
        return Answer(text, calls, _usage(body.get("usage")), str(choice.get("finish_reason") or ""))


def _tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _call(call: Any) -> ToolCall:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise Malformed("a tool call in it has no function.name")
    arguments = function.get("arguments")
    if not isinstance(arguments, str):  # some servers send the arguments as an object
        arguments = orjson.dumps(arguments or {}).decode()
    return ToolCall(function["name"], arguments)


def _text(content: Any) -> str:
    """Content as text: a text, null beside tool calls, or a list of parts of which only text counts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (part.get("text", "") for part in content if isinstance(part, Mapping))
        return "".join(part for part in parts if isinstance(part, str))
    raise Malformed(f"its message content is {type(content).__name__}, not text")


def _usage(usage: Any) -> Usage | None:
    if not isinstance(usage, Mapping) or not isinstance(usage.get("prompt_tokens"), int):
        return None
    prompt = usage.get("prompt_tokens_details") or {}
    completion = usage.get("completion_tokens_details") or {}
    return Usage(
        calls=1,
        input_tokens=usage["prompt_tokens"],
        cached_tokens=prompt.get("cached_tokens") or 0,
        output_tokens=usage.get("completion_tokens") or 0,
        reasoning_tokens=completion.get("reasoning_tokens") or 0,
    )
