"""What browsers need to be told, and kept from."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from personae.server.failures import failure
from personae.server.settings import ServerSettings

_READING = {"GET", "HEAD", "OPTIONS"}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_PAGE_POLICY = "sandbox allow-scripts allow-popups allow-downloads; frame-ancestors 'none'"
"""For pages that bring no policy of their own, such as reports: scripts may run, but not as this server's."""


class SafeHeaders:
    """Headers with which a browser trusts an answer less. A route's own headers stand."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def safer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_page = headers.get("content-type", "").startswith("text/html")
                headers.setdefault("Content-Security-Policy", _PAGE_POLICY if is_page else _DATA_POLICY)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return await self.app(scope, receive, safer)


class SameOrigin:
    """Refuses what pages of other sites make a browser send, where the browser itself would vouch for its user.

    That is every change without an API key or a bearer token: those no other site can add.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self.app = app
        self._public = _origin(settings.public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _READING and self._is_foreign(Headers(scope=scope)):
            answer = failure(403, "a page of another site sent this: use the server's own pages, or an API key")
            return await answer(scope, receive, send)
        return await self.app(scope, receive, send)

    def _is_foreign(self, headers: Headers) -> bool:
        if headers.get("x-api-key") or headers.get("authorization", "").lower().startswith("bearer "):
            return False
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None:
            return site not in ("same-origin", "none")
        if origin is None:  # no browser
            return False
        host = _host(origin)
        return not host or (origin.lower() != self._public and host != headers.get("host", "").lower())


def is_own_path(page: str) -> bool:
    """Whether it is a path of this server: no other site can have itself opened after a form or a sign-in here."""
    return page.startswith("/") and not page.startswith("//") and "\\" not in page and page.isprintable()


def _origin(url: str) -> str:
    parts = urlsplit(url.lower())
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _host(origin: str) -> str:
    """The host and port of an origin; blank for `null` and what is none."""
    try:
        return urlsplit(origin.lower()).netloc
    except ValueError:
        return ""
