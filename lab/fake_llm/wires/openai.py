"""OpenAI chat completions, as OpenAI, Azure, vLLM, Ollama and most others speak it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.fake_llm.request import ANY_TOOL, ChatRequest
from lab.fake_llm.steps import Reply, Status, ToolCall, Usage
from lab.fake_llm.wires import pieces
from lab.fake_llm.wires.encode import arguments_text, encode

CREATED = 1767225600
ERROR_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class OpenAI:
    def read(self, body: dict[str, Any]) -> ChatRequest:
        messages = body["messages"]
        if not isinstance(messages, list) or not messages:
            raise ValueError("'messages' must be a non-empty array")
        response_format = body.get("response_format") or {}
        kind = response_format.get("type")
        functions = [tool["function"] for tool in body.get("tools") or ()]
        stream_options = body.get("stream_options") or {}
        return ChatRequest(
            wire="openai",
            model=body.get("model", ""),
            messages=messages,
            tools={tool["name"]: tool.get("parameters", {}) for tool in functions},
            forced=_forced(body.get("tool_choice")),
            schema=response_format["json_schema"]["schema"] if kind == "json_schema" else None,
            json_object=kind == "json_object",
            stream=bool(body.get("stream")),
            include_usage=bool(stream_options.get("include_usage")),
            body=body,
        )

    def whole(self, request: ChatRequest, reply: Reply, usage: Usage | None) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": None}
        if reply.tool_calls:
            calls = [_call(request, call, index) for index, call in enumerate(reply.tool_calls)]
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(reply)}
        out = {
            "id": f"chatcmpl-{request.number}",
            "object": "chat.completion",
            "created": CREATED,
            "model": request.model,
            "choices": [choice],
        }
        if usage is not None:
            out["usage"] = _usage(usage)
        return out

    def stream(self, request: ChatRequest, reply: Reply, usage: Usage | None) -> Iterator[str]:
        head = {
            "id": f"chatcmpl-{request.number}",
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": request.model,
        }
        last = {"usage": None} if request.include_usage else {}

        def chunk(delta: dict[str, Any], finish: str | None = None) -> str:
            return _event(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} | last)

        yield chunk({"role": "assistant", "content": None if reply.text is None else ""})
        for piece in pieces(reply.text or ""):
            yield chunk({"content": piece})
        for index, call in enumerate(reply.tool_calls):
            whole = _call(request, call, index)
            arguments = whole["function"]["arguments"]
            whole["function"]["arguments"] = ""
            yield chunk({"tool_calls": [{"index": index, **whole}]})
            for piece in pieces(arguments, 3):
                yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        yield chunk({}, _finish(reply))
        if usage is not None and request.include_usage:
            yield _event(head | {"choices": [], "usage": _usage(usage)})
        yield "data: [DONE]\n\n"

    def error(self, step: Status, message: str) -> Mapping[str, Any]:
        kind = ERROR_TYPES.get(step.status, "invalid_request_error" if step.status < 500 else "server_error")
        return {"error": {"message": message, "type": kind, "param": step.param, "code": step.code}}


def _forced(choice: Any) -> str | None:
    if isinstance(choice, dict):
        name = choice["function"]["name"]
        return str(name)
    return ANY_TOOL if choice == "required" else None


def _finish(reply: Reply) -> str:
    return reply.finish_reason or ("tool_calls" if reply.tool_calls else "stop")


def _call(request: ChatRequest, call: ToolCall, index: int) -> dict[str, Any]:
    function = {"name": call.name, "arguments": arguments_text(call.arguments)}
    return {"id": call.id or f"call_{request.number}_{index}", "type": "function", "function": function}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0},
    }


def _event(data: Mapping[str, Any]) -> str:
    return f"data: {encode(data).decode()}\n\n"
