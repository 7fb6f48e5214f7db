"""Chatbots on loopback, each with an interface of its own, to test a bot that is reached over plain HTTP.

/json     stateless: {"message"} -> {"reply": {"text"}, "session"}
/session  remembers: {"message", "session"?} -> {"reply": {"text"}, "session"}; a new session knows nothing
/sse      streams:   {"message"} -> data: {"delta": "..."} ... data: [DONE]
/secret   as /json, and 401 without `Authorization: Bearer lab-secret`
/botario  stateful:  {"sessionId", "message"} -> {"sessionId", "answer"}; 400 without a session id
/hang     never answers
/broken   answers 500 with a page of HTML
/tells    answers 400 with all that it was sent, keys included
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web

from lab.fake_llm.phrases import bot_text
from lab.serving import in_thread

HOST = "127.0.0.1"
SECRET = "lab-secret"
REMEMBER = re.compile(r"\bremember\b\D*(\d+)", re.IGNORECASE)
RECALL = re.compile(r"\b(what|which|recall|repeat)\b.*\bnumber\b|\bwhat did i\b", re.IGNORECASE | re.DOTALL)
BROKEN = "<html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Session:
    number: str | None = None
    messages: list[str] = field(default_factory=list)

    def answer(self, message: str) -> str:
        """A support bot that keeps one number in mind."""
        self.messages.append(message)
        if told := REMEMBER.search(message):
            self.number = told[1]
            return "All right, I will keep that number in mind."
        if RECALL.search(message):
            return f"You told me {self.number}." if self.number else "I do not know any number of yours."
        return bot_text(zlib.crc32(message.encode("utf-8", "replace")))


@dataclass(frozen=True)
class Seen:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class FakeBots:
    """`async with FakeBots() as bots: bots.url + "/json"`, or `with FakeBots.in_thread() as bots`."""

    def __init__(self, *, latency_ms: float = 0) -> None:
        self._latency_ms = latency_ms
        self.sessions: dict[str, Session] = {}
        self.requests: list[Seen] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @classmethod
    def in_thread(cls, *, latency_ms: float = 0) -> AbstractContextManager[FakeBots]:
        """Served by an event loop in a thread of its own."""
        return in_thread(cls(latency_ms=latency_ms))

    async def __aenter__(self) -> Self:
        application = web.Application()
        doors: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
            "/json": self._json,
            "/session": self._session,
            "/sse": self._sse,
            "/secret": self._secret,
            "/botario": self._botario,
            "/hang": self._hang,
            "/broken": self._broken,
            "/tells": self._tells,
        }
        for path, door in doors.items():
            application.router.add_post(path, door)
        self._closing = asyncio.Event()
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        await self._runner.cleanup()

    async def _read(self, request: web.Request) -> dict[str, Any]:
        body: dict[str, Any] = orjson.loads(await request.read())
        self.requests.append(Seen(request.path, dict(request.headers), body))
        if self._latency_ms:
            await asyncio.sleep(self._latency_ms / 1000)
        return body

    async def _json(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request)
        text = Session().answer(body["message"])
        return _response({"reply": {"text": text}, "session": body.get("session")})

    async def _session(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request)
        name = body.get("session") or f"s-{len(self.sessions) + 1}"
        text = self.sessions.setdefault(name, Session()).answer(body["message"])
        return _response({"reply": {"text": text}, "session": name})

    async def _sse(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for word in Session().answer(body["message"]).split(" "):
            await response.write(b"data: " + orjson.dumps({"delta": f"{word} "}) + b"\n\n")
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _secret(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {SECRET}":
            return _response({"error": "missing or wrong token"}, 401)
        return await self._json(request)

    async def _botario(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request)
        name = body.get("sessionId")
        if not name:
            return _response({"error": "sessionId is required"}, 400)
        text = self.sessions.setdefault(name, Session()).answer(body["message"])
        return _response({"sessionId": name, "answer": text})

    async def _hang(self, request: web.Request) -> web.StreamResponse:
        await self._read(request)
        await self._closing.wait()
        return _response({}, 503)

    async def _tells(self, request: web.Request) -> web.StreamResponse:
        text = f"{request.path_qs} {dict(request.headers)} {(await request.read()).decode()}"
        return _response({"error": text}, 400)

    async def _broken(self, request: web.Request) -> web.StreamResponse:
        await self._read(request)
        return web.Response(text=BROKEN, status=500, content_type="text/html")


def _response(data: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(data), status=status, content_type="application/json")
