"""OpenAI responses, the part of it that a chat needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.fake_llm.request import ANY_TOOL, ChatRequest
from lab.fake_llm.steps import Reply, Status, Usage
from lab.fake_llm.wires import pieces
from lab.fake_llm.wires.encode import arguments_text, encode
from lab.fake_llm.wires.openai import CREATED, OpenAI


class Responses:
    def read(self, body: dict[str, Any]) -> ChatRequest:
        given = body["input"]
        messages = [{"role": "user", "content": given}] if isinstance(given, str) else list(given)
        if body.get("instructions"):
            messages.insert(0, {"role": "system", "content": body["instructions"]})
        text_format = (body.get("text") or {}).get("format") or {}
        kind = text_format.get("type")
        tools = [tool for tool in body.get("tools") or () if tool["type"] == "function"]
        return ChatRequest(
            wire="responses",
            model=body.get("model", ""),
            messages=messages,
            tools={tool["name"]: tool.get("parameters") or {} for tool in tools},
            forced=_forced(body.get("tool_choice")),
            schema=text_format["schema"] if kind == "json_schema" else None,
            json_object=kind == "json_object",
            stream=bool(body.get("stream")),
            include_usage=True,
            body=body,
        )

    def whole(self, request: ChatRequest, reply: Reply, usage: Usage | None) -> dict[str, Any]:
        return _response(request, "completed", _output(request, reply), usage)

    def stream(self, request: ChatRequest, reply: Reply, usage: Usage | None) -> Iterator[str]:
        number = 0

        def event(name: str, data: Mapping[str, Any]) -> str:
            nonlocal number
            number += 1
            body = encode({"type": name, "sequence_number": number - 1, **data}).decode()
            return f"event: {name}\ndata: {body}\n\n"

        items = _output(request, reply)
        yield event("response.created", {"response": _response(request, "in_progress", [], None)})
        for index, item in enumerate(items):
            started = {**item, "status": "in_progress"}
            yield event("response.output_item.added", {"output_index": index, "item": started})
            where = {"item_id": item["id"], "output_index": index}
            if item["type"] == "message":
                where["content_index"] = 0
                text = item["content"][0]["text"]
                for piece in pieces(text):
                    yield event("response.output_text.delta", where | {"delta": piece, "logprobs": []})
                yield event("response.output_text.done", where | {"text": text, "logprobs": []})
            else:
                for piece in pieces(item["arguments"], 3):
                    yield event("response.function_call_arguments.delta", where | {"delta": piece})
            yield event("response.output_item.done", {"output_index": index, "item": item})
        yield event("response.completed", {"response": _response(request, "completed", items, usage)})

    def error(self, step: Status, message: str) -> Mapping[str, Any]:
        return OpenAI().error(step, message)


def _forced(choice: Any) -> str | None:
    if isinstance(choice, dict):
        return str(choice["name"])
    return ANY_TOOL if choice == "required" else None


def _output(request: ChatRequest, reply: Reply) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if reply.text is not None:
        text = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        identity = {"id": f"msg_{request.number}", "type": "message", "role": "assistant"}
        items.append({**identity, "status": "completed", "content": [text]})
    for index, call in enumerate(reply.tool_calls):
        identity = {"id": f"fc_{request.number}_{index}", "type": "function_call", "name": call.name}
        call_id = call.id or f"call_{request.number}_{index}"
        arguments = arguments_text(call.arguments)
        items.append({**identity, "call_id": call_id, "status": "completed", "arguments": arguments})
    return items


def _response(request: ChatRequest, status: str, output: list[dict[str, Any]], usage: Usage | None) -> dict[str, Any]:
    out: dict[str, Any] = {
        "id": f"resp_{request.number}",
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "model": request.model,
        "output": output,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": None,
    }
    if usage is not None:
        out["usage"] = {
            "input_tokens": usage.prompt,
            "input_tokens_details": {"cached_tokens": usage.cached},
            "output_tokens": usage.completion,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.prompt + usage.completion,
        }
    return out
