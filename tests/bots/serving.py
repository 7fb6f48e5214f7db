"""A loopback server that does what a test tells it to, and the answers it can give."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from personae.core.conversation import Turn


@dataclass
class Seen:
    """One request as the server got it."""

    method: str
    raw_path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


Answer = Callable[[web.Request, Seen], Any]


@dataclass
class Server:
    """Answers in order; the last one again and again. An answer is JSON data, a response, or a function of both."""

    url: str = ""
    answers: list[Any] = field(default_factory=lambda: [{"reply": "hello"}])
    seen: list[Seen] = field(default_factory=list)
    stop: Callable[[], Awaitable[None]] = field(init=False)
    """Close the port."""

    def then(self, *answers: Any) -> None:
        self.answers = list(answers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(request.method, request.raw_path, dict(request.headers), await request.read())
        self.seen.append(seen)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer(request, seen)
            if hasattr(answer, "__await__"):
                answer = await answer
        if isinstance(answer, web.StreamResponse):
            return answer
        return web.Response(body=orjson.dumps(answer), content_type="application/json")


def user(*contents: str) -> tuple[Turn, ...]:
    """Turns that alternate, the user first."""
    return tuple(Turn("assistant" if index % 2 else "user", text) for index, text in enumerate(contents))


def status(code: int, data: Any = None, **headers: str) -> Answer:
    """An answer with this status."""

    def answer(request: web.Request, seen: Seen) -> web.Response:
        body = data if isinstance(data, bytes) else orjson.dumps(data if data is not None else {"error": f"no {code}"})
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=code, body=body, headers=names)

    return answer


def text(body: str | bytes, content_type: str = "text/plain") -> Answer:
    """An answer with this body, as it is."""
    content = body.encode() if isinstance(body, str) else body
    return lambda request, seen: web.Response(body=content, headers={"Content-Type": content_type})


def cut(request: web.Request, seen: Seen) -> web.Response:
    """The connection breaks before an answer."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def events(*data: str, end: bool = True) -> Answer:
    """An answer of server-sent events."""
    body = "".join(f"data: {each}\n\n" for each in data) + ("data: [DONE]\n\n" if end else "")
    return text(body, "text/event-stream")
