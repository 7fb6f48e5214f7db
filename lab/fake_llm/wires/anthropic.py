"""Anthropic messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lab.fake_llm.request import ANY_TOOL, ChatRequest
from lab.fake_llm.steps import Reply, Status, ToolCall, Usage
from lab.fake_llm.wires import pieces
from lab.fake_llm.wires.encode import arguments_text, encode

FINISH = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class Anthropic:
    def read(self, body: dict[str, Any]) -> ChatRequest:
        messages = body["messages"]
        if not isinstance(messages, list) or not messages:
            raise ValueError("messages: at least one message is required")
        if "max_tokens" not in body:
            raise ValueError("max_tokens: Field required")
        if any(message["role"] == "system" for message in messages):
            raise ValueError('messages: Unexpected role "system". Use the top-level `system` parameter')
        if body.get("system"):
            messages = [{"role": "system", "content": body["system"]}, *messages]
        response_format = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
        return ChatRequest(
            wire="anthropic",
            model=body["model"],
            messages=messages,
            tools={tool["name"]: tool.get("input_schema", {}) for tool in body.get("tools") or ()},
            forced=_forced(body.get("tool_choice") or {}),
            schema=response_format.get("schema"),
            json_object=False,
            stream=bool(body.get("stream")),
            include_usage=True,
            body=body,
        )

    def whole(self, request: ChatRequest, reply: Reply, usage: Usage | None) -> dict[str, Any]:
        content: list[dict[str, Any]] = []
        if reply.text is not None:
            content.append({"type": "text", "text": reply.text})
        for index, call in enumerate(reply.tool_calls):
            content.append({**_call(request, call, index), "input": _input(call)})
        out = _head(request) | {"content": content, "stop_reason": _finish(reply), "stop_sequence": None}
        if usage is not None:
            out["usage"] = _usage(usage)
        return out

    def stream(self, request: ChatRequest, reply: Reply, usage: Usage | None) -> Iterator[str]:
        usage = usage or Usage()
        start = _head(request) | {"content": [], "stop_reason": None, "stop_sequence": None}
        yield _event("message_start", {"message": start | {"usage": _usage(usage) | {"output_tokens": 1}}})
        index = 0
        if reply.text is not None:
            block: dict[str, Any] = {"type": "text", "text": ""}
            yield from _block(index, block, "text_delta", "text", pieces(reply.text))
            index += 1
        for number, call in enumerate(reply.tool_calls):
            block = {**_call(request, call, number), "input": {}}
            parts = pieces(arguments_text(call.arguments), 3)
            yield from _block(index, block, "input_json_delta", "partial_json", parts)
            index += 1
        delta = {"stop_reason": _finish(reply), "stop_sequence": None}
        yield _event("message_delta", {"delta": delta, "usage": {"output_tokens": usage.completion}})
        yield _event("message_stop", {})

    def error(self, step: Status, message: str) -> Mapping[str, Any]:
        kind = step.code or ERROR_TYPES.get(step.status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_lab"}


def _forced(choice: Mapping[str, Any]) -> str | None:
    if choice.get("type") == "tool":
        return str(choice["name"])
    return ANY_TOOL if choice.get("type") == "any" else None


def _head(request: ChatRequest) -> dict[str, Any]:
    return {"id": f"msg_{request.number}", "type": "message", "role": "assistant", "model": request.model}


def _finish(reply: Reply) -> str:
    if reply.finish_reason:
        return FINISH.get(reply.finish_reason, reply.finish_reason)
    return "tool_use" if reply.tool_calls else "end_turn"


def _call(request: ChatRequest, call: ToolCall, index: int) -> dict[str, Any]:
    return {"type": "tool_use", "id": call.id or f"toolu_{request.number}_{index}", "name": call.name}


def _input(call: ToolCall) -> Any:
    if not isinstance(call.arguments, str):
        return call.arguments
    try:
        return json.loads(call.arguments)
    except ValueError:
        return call.arguments


def _usage(usage: Usage) -> dict[str, Any]:
    """Input tokens are counted here without the cached ones, unlike in OpenAI's usage."""
    return {
        "input_tokens": usage.prompt - usage.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.completion,
    }


def _block(index: int, block: Mapping[str, Any], kind: str, key: str, parts: list[str]) -> Iterator[str]:
    yield _event("content_block_start", {"index": index, "content_block": block})
    for part in parts:
        yield _event("content_block_delta", {"index": index, "delta": {"type": kind, key: part}})
    yield _event("content_block_stop", {"index": index})


def _event(name: str, data: Mapping[str, Any]) -> str:
    return f"event: {name}\ndata: {encode({'type': name, **data}).decode()}\n\n"
