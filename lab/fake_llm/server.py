"""The server: reads a request, enters it in the ledger, asks the script for a step and has it carried out.

It is aiohttp's low-level server without router or middleware, because it stands on the other end of speed
measurements and must not be their bottleneck.
"""

from __future__ import annotations

import asyncio
import time
import zlib

import orjson
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from lab.fake_llm.auto import role_of
from lab.fake_llm.control import Control
from lab.fake_llm.embeddings import embeddings
from lab.fake_llm.perform import json_response, perform
from lab.fake_llm.request import ChatRequest
from lab.fake_llm.state import Lab
from lab.fake_llm.steps import Auto, Status
from lab.fake_llm.wires import Wire
from lab.fake_llm.wires.anthropic import Anthropic
from lab.fake_llm.wires.openai import OpenAI
from lab.fake_llm.wires.responses import Responses

MAX_BODY = 1 << 30
AZURE = "/openai/deployments/"
OPENAI = OpenAI()
WIRES: dict[str, Wire] = {
    "/v1/chat/completions": OPENAI,
    "/chat/completions": OPENAI,
    "/v1/messages": Anthropic(),
    "/v1/responses": Responses(),
}


def _any_size(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    return web.BaseRequest(
        message, payload, protocol, writer, task, asyncio.get_running_loop(), client_max_size=MAX_BODY
    )


class LabServer(web.Server):
    """One per event loop; `loop.create_server(LabServer(lab), host)` serves it."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(
            self.handle,
            request_factory=_any_size,
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=600,
        )
        self._lab = lab
        self._control = Control(lab)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        self._lab.connections.discard(handler)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.startswith("/_lab/"):
            return await self._control.handle(request)
        lab = self._lab
        lab.connected(request.protocol)
        wire = WIRES.get(path)
        if wire is None:
            if not path.startswith(AZURE):
                return await self._other(request, path)
            wire = OPENAI
        ledger = lab.ledger
        ledger.in_flight += 1
        if ledger.in_flight > ledger.max_in_flight:
            ledger.max_in_flight = ledger.in_flight
        try:
            return await self._chat(request, wire, path)
        finally:
            lab.ledger.in_flight -= 1

    async def _chat(self, request: web.BaseRequest, wire: Wire, path: str) -> web.StreamResponse:
        raw = await request.read()
        try:
            chat = wire.read(orjson.loads(raw))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            message = f"We could not parse the body of your request: {type(error).__name__}: {error}"
            self._lab.ledger.tally("", "unreadable").statuses["400"] += 1
            return json_response(wire.error(Status(400), message), 400)
        if path.startswith(AZURE):
            chat.model = path[len(AZURE) :].partition("/")[0]
        chat.path, chat.headers = path, request.headers
        chat.checksum = zlib.crc32(raw)
        chat.at = time.monotonic()
        chat.role = role_of(chat)
        self._lab.arrived(chat)
        try:
            return await self._answer(request, wire, chat)
        except asyncio.CancelledError:
            self._lab.ended(chat, "gone")
            raise

    async def _answer(self, request: web.BaseRequest, wire: Wire, chat: ChatRequest) -> web.StreamResponse:
        settings = self._lab.settings
        step = settings.limits.refusal(chat) or self._lab.director.next_step(chat)
        if settings.latency_ms or settings.jitter_ms:
            jitter = settings.jitter_ms * (chat.checksum % 1024) / 1024
            await asyncio.sleep((settings.latency_ms + jitter) / 1000)
        return await perform(self._lab, request, wire, chat, step)

    async def _other(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        if path == "/v1/embeddings":
            return await self._embed(request, path)
        if path == "/v1/models":
            names = self._lab.settings.limits.models or ("sim", "bot", "judge")
            rows = [{"id": name, "object": "model", "created": 0, "owned_by": "lab"} for name in names]
            return json_response({"object": "list", "data": rows}, 200)
        return json_response(OPENAI.error(Status(404), f"Invalid URL ({request.method} {path})"), 404)

    async def _embed(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        chat = ChatRequest("openai", body.get("model", ""), [], {}, None, None, False, False, False, body)
        chat.path, chat.headers, chat.role = path, request.headers, "embeddings"
        tally = self._lab.ledger.tally(chat.model, chat.role)
        tally.calls += 1
        step = self._lab.settings.limits.refusal(chat) or self._lab.director.next_step(chat)
        if not isinstance(step, Auto):
            return await perform(self._lab, request, OPENAI, chat, step)
        out = embeddings(body)
        tally.prompt_tokens += out["usage"]["prompt_tokens"]
        self._lab.ended(chat, "200")
        return json_response(out, 200)
