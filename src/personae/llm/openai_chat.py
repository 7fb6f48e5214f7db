"""The chat completions protocol of OpenAI, which most endpoints speak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from personae.core.model import Capabilities, Request, Tool, ToolCall
from personae.core.usage import Usage
from personae.llm.wire import Answer, Malformed, count


@dataclass(frozen=True, slots=True)
class OpenAIChat:
    """Chat completions."""

    key_header: str = "Authorization"

    def headers(self, api_key: str) -> dict[str, str]:
        """The key's header; none where there is no key."""
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

    def decode(self, body: Any) -> Answer:
        try:
            choice = body["choices"][0]
            message = choice["message"]
        except (KeyError, IndexError, TypeError):
            raise Malformed("it holds no choices[0].message") from None
        if not isinstance(message, dict):
            raise Malformed("its choices[0].message is not an object")
        text = _text(message.get("content"))
        if not text and isinstance(refusal := message.get("refusal"), str):
            text = refusal
        calls = message.get("tool_calls") or ()
        if not isinstance(calls, (list, tuple)):
            raise Malformed("its tool_calls are not a list")
        return Answer(
            text,
            tuple([_call(call) for call in calls]),
            _usage(body.get("usage")),
            str(choice.get("finish_reason") or ""),
        )


def _tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _call(call: Any) -> ToolCall:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise Malformed("a tool call in it has no function.name")
    arguments = function.get("arguments")
    if not isinstance(arguments, str):  # some servers send the arguments as an object
        arguments = orjson.dumps(arguments or {}).decode()
    return ToolCall(function["name"], arguments)


def _text(content: Any) -> str:
    """Content as text: a text, null beside tool calls, or a list of parts of which only text counts."""
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if isinstance(content, list):
        parts = (part.get("text", "") for part in content if isinstance(part, dict))
        return "".join(part for part in parts if isinstance(part, str))
    raise Malformed(f"its message content is {type(content).__name__}, not text")


def _usage(usage: Any) -> Usage | None:
    """The tokens, or None where either count is missing."""
    if not isinstance(usage, dict):
        return None
    given, made = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if type(given) is not int or type(made) is not int:
        return None
    return Usage(
        1,
        given,
        _detail(usage.get("prompt_tokens_details"), "cached_tokens"),
        0,
        made,
        _detail(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )


def _detail(details: Any, name: str) -> int:
    return count(details.get(name)) if details and isinstance(details, dict) else 0
