"""What happens around every request: an id, a line in the log, the counts, and an answer even to our own defects."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from personae.server.failures import defect
from personae.server.metrics import Metrics

log = logging.getLogger(__name__)

HEADER = "X-Request-Id"
Shown = Callable[[Request, Response], Awaitable[Response]]
"""Makes a page of the answer to an error, where a person looks at it."""
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET = {"/healthz", "/readyz", "/metrics"}
"""Asked every few seconds by machines."""
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Requests:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, metrics: Metrics, prefix: str, shown: Shown) -> None:
        self.app = app
        self._metrics = metrics
        self._prefix = prefix
        self._shown = shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        seen = _Seen(request_id(scope), send)
        scope.setdefault("state", {})["request_id"] = seen.id
        try:
            await self.app(scope, receive, seen.send)
        except Exception as error:  # the one boundary where a defect becomes an answer
            answer = await self._shown(Request(scope), await defect(Request(scope), error))
            if seen.status is None:
                await answer(scope, receive, seen.send)
        finally:
            self._tell(scope, seen)

    def _tell(self, scope: Scope, seen: _Seen) -> None:
        """Neither path nor query: they may hold names and secrets. The template says which route it was."""
        seconds = time.perf_counter() - seen.began
        route = template(scope, self._prefix)
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        status = 499 if seen.status is None else seen.status  # the caller went away before there was an answer
        self._metrics.answered(method, route, status, None if seen.is_stream else seconds)
        principal = scope["state"].get("principal")
        log.log(
            logging.DEBUG if route in _QUIET else logging.INFO,
            "request",
            extra={
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "actor": getattr(principal, "actor", ""),
                "request_id": seen.id,
            },
        )


class _Seen:
    """What is seen of one answer."""

    def __init__(self, id_: str, send: Send) -> None:
        self.id = id_
        self.began = time.perf_counter()
        self.status: int | None = None
        self.is_stream = False
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers[HEADER] = self.id
            self.is_stream = headers.get("content-type", "").startswith("text/event-stream")
        await self._send(message)


def request_id(scope: Scope) -> str:
    """The one that the caller or a proxy gave, if it is plain; else a new one."""
    given = Headers(scope=scope).get(HEADER, "")
    return given if _GIVEN.fullmatch(given) else uuid4().hex


def template(scope: Scope, prefix: str) -> str:
    """The route's path with its placeholders, so that there are as many as there are routes."""
    found: str = getattr(scope.get("route"), "path", "")
    if not found:
        return "unknown"
    is_ours = scope["path"].startswith(prefix) and not found.startswith(prefix)  # FastAPI tells it without
    return prefix + found if is_ours else found
