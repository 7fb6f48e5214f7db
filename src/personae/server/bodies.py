"""The limit of request bodies, also for those that do not say how long they are."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MIB = 2**20


class BodyLimit:
    """Answers 413 where a body is longer than the limit, and reads no more of it into memory."""

    def __init__(self, app: ASGIApp, max_body_mib: int) -> None:
        self.app = app
        self._limit = max_body_mib * _MIB
        self._problem = (
            f"the request is longer than {max_body_mib} MiB: send it in parts, or raise PERSONAE_MAX_BODY_MIB"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        declared = Headers(scope=scope).get("content-length", "")
        is_too_long = declared.isascii() and declared.isdigit() and int(declared) > self._limit
        read = 0

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limit or (is_too_long and message["type"] == "http.request"):
                await self._drop(message, receive)
                raise HTTPException(413, self._problem)
            return message

        return await self.app(scope, limited, send)

    async def _drop(self, message: Message, receive: Receive) -> None:
        """Read some more and forget it: most clients listen for an answer only when they have sent all."""
        dropped = 0
        while message.get("more_body", False) and dropped <= self._limit:
            message = await receive()
            dropped += len(message.get("body", b""))
