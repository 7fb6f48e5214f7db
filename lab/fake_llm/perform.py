"""Carry out one step on one connection."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Any

from aiohttp import web

from lab.fake_llm.auto import answer
from lab.fake_llm.request import ChatRequest
from lab.fake_llm.state import Lab
from lab.fake_llm.steps import (
    Auto,
    CutBody,
    Delay,
    Empty,
    Garbage,
    Huge,
    Reply,
    Reset,
    Stall,
    Status,
    Step,
    Usage,
)
from lab.fake_llm.wires import Wire
from lab.fake_llm.wires.encode import arguments_text, encode

MESSAGES = {
    401: "Incorrect API key provided.",
    404: "Not found.",
    429: "Rate limit reached for requests. Please try again later.",
    500: "The server had an error while processing your request. Sorry about that!",
    503: "The engine is currently overloaded, please try again later.",
    529: "Overloaded",
}
RST_ON_CLOSE = struct.pack("ii", 1, 0)
WORDS = "lorem ipsum dolor sit amet "


def json_response(data: Any, status: int) -> web.Response:
    return web.Response(body=encode(data), status=status, content_type="application/json")


async def perform(lab: Lab, request: web.BaseRequest, wire: Wire, chat: ChatRequest, step: Step) -> web.StreamResponse:
    """Answer, or fail to answer, as the step says, and enter how it ended in the ledger."""
    while isinstance(step, Delay):
        await asyncio.sleep(step.ms / 1000)
        step = step.then or Auto()
    match step:
        case Status():
            lab.ended(chat, str(step.status))
            return _status(wire, step)
        case Reset():
            lab.ended(chat, "reset")
            return _cut(request, reset=True)
        case Stall():
            lab.ended(chat, "stall")
            await _wait(lab, step.seconds)
            return _cut(request)
        case Garbage():
            lab.ended(chat, "200")
            return web.Response(text=step.body, content_type=step.content_type)
        case CutBody():
            lab.ended(chat, "cut")
            return await _cut_body(lab, request, wire, chat, step.wait_s)
    return await _reply(lab, request, wire, chat, step)


async def _reply(lab: Lab, request: web.BaseRequest, wire: Wire, chat: ChatRequest, step: Step) -> web.StreamResponse:
    match step:
        case Reply():
            reply = step
        case Empty():
            reply = Reply("")
        case Huge():
            reply = Reply((WORDS * (step.bytes // len(WORDS) + 1))[: step.bytes])
        case _:
            reply = answer(chat, lab.settings.end_after)
    usage = _usage(reply, chat)
    lab.ended(chat, "200", usage.completion)
    sent = usage if lab.settings.limits.usage else None
    if chat.stream:
        return await _stream(request, wire, chat, reply, sent)
    body = wire.whole(chat, reply, sent)
    if isinstance(step, Empty) and not step.choices:
        body |= {key: [] for key in ("choices", "content", "output") if key in body}
    return json_response(body, 200)


async def _wait(lab: Lab, seconds: float) -> None:
    """Wait, but no longer than the server lives."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(lab.closing.wait(), seconds)


async def _cut_body(
    lab: Lab, request: web.BaseRequest, wire: Wire, chat: ChatRequest, wait_s: float
) -> web.StreamResponse:
    reply = answer(chat, lab.settings.end_after)
    usage = _usage(reply, chat)
    response = web.StreamResponse(headers={"Content-Type": _content_type(chat)})
    if chat.stream:
        whole = "".join(wire.stream(chat, reply, usage)).encode()
    else:
        whole = encode(wire.whole(chat, reply, usage))
        response.content_length = len(whole)
    await response.prepare(request)
    await response.write(whole[: len(whole) // 2])
    await _wait(lab, wait_s)
    if request.transport is not None:
        request.transport.close()
    return response


def _status(wire: Wire, step: Status) -> web.Response:
    headers = {} if step.retry_after is None else {"Retry-After": str(step.retry_after)}
    if step.body is not None:
        return web.Response(text=step.body, status=step.status, headers=headers, content_type=step.content_type)
    message = step.message or MESSAGES.get(step.status, f"Error {step.status}")
    body = encode(wire.error(step, message))
    return web.Response(body=body, status=step.status, headers=headers, content_type="application/json")


def _cut(request: web.BaseRequest, *, reset: bool = False) -> web.Response:
    transport = request.transport
    if transport is not None:
        if reset:
            plug: socket.socket = transport.get_extra_info("socket")
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
        transport.abort()
    return web.Response()


def _usage(reply: Reply, chat: ChatRequest) -> Usage:
    if reply.usage is not None:
        return reply.usage
    length = len(reply.text or "")
    for call in reply.tool_calls:
        length += len(call.name) + len(arguments_text(call.arguments))
    return Usage(chat.prompt_chars // 4, max(1, length // 4), chat.cached_chars // 4)


def _content_type(chat: ChatRequest) -> str:
    return "text/event-stream; charset=utf-8" if chat.stream else "application/json"


async def _stream(
    request: web.BaseRequest, wire: Wire, chat: ChatRequest, reply: Reply, usage: Usage | None
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": _content_type(chat), "Cache-Control": "no-cache"})
    await response.prepare(request)
    events = wire.stream(chat, reply, usage)
    if not reply.chunk_ms:
        await response.write("".join(events).encode())
    else:
        for event in events:
            await response.write(event.encode())
            await asyncio.sleep(reply.chunk_ms / 1000)
    await response.write_eof()
    return response
