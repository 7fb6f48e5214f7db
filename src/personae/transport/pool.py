"""One pool of connections for all calls of a run."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import aiohttp

from personae.transport.deadlines import Deadlines
from personae.transport.request import Request

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
MAX_BODY = 64 * 1024 * 1024
"""Bytes. A longer answer is an error: no reply of a chat is that long."""
_NOBODY_THERE = (
    aiohttp.ClientConnectorDNSError,
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ClientConnectorSSLError,
)


class TransportError(Exception):
    """No whole answer came: the connection failed, was cut, or took too long.

    `sent` is False where the request surely did not reach the other side, so that repeating it is always safe.
    """

    def __init__(self, problem: str, *, sent: bool, timed_out: bool = False, unreachable: bool = False) -> None:
        super().__init__(problem)
        self.sent = sent
        self.timed_out = timed_out
        self.unreachable = unreachable
        """Nobody answers at that address: no such host, nothing listens, no such address, a wrong certificate."""


@dataclass(slots=True)
class Response:
    """One whole answer. Never changed once made."""

    status: int
    headers: Mapping[str, str]
    """By name, in any case."""
    body: bytes
    latency_ms: float


class _NotAllowed(PermissionError):
    """No connection is made to that address."""


_NOT_LISTENING = (ConnectionRefusedError, _NotAllowed)


class Transport(Protocol):
    """What carries requests: a pool of connections, or a cassette before one."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
        until: bytes | None = None,
    ) -> Response:
        """Send one request and read the whole answer, or up to `until` where it is given.

        Raises TransportError. Any status is an answer, not an error; redirects are not followed.
        """
        ...


class Pool:
    """The real transport. Opens its session at the first request; close it, or use it as a context manager.

    With `allowed`, only IP addresses that it accepts are connected to: it is asked about each, when the connection is
    made. Proxies of the environment are then not used, since they would connect in our place.
    """

    def __init__(self, *, allowed: Callable[[str], bool] | None = None) -> None:
        self.allowed = allowed
        self._session: aiohttp.ClientSession | None = None
        self._limits: dict[float, tuple[aiohttp.ClientTimeout, Deadlines]] = {}
        """By the seconds that a request may take: for connecting, and for all of it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        for _, deadlines in self._limits.values():
            deadlines.close()
        self._limits.clear()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Looking for a proxy costs at every request, so it is done only where the environment names one.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,
                    ttl_dns_cache=300,
                    keepalive_timeout=60,
                    socket_factory=self._socket if self.allowed is not None else None,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=self.allowed is None and is_proxied(),
                read_bufsize=2**17,
                request_class=Request,
            )
        return self._session

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        """The socket for one resolved address: the last moment before a connection, and the only one to judge it."""
        family, kind, protocol, _, where = address
        if self.allowed is not None and not self.allowed(where[0]):
            raise _NotAllowed(errno.EACCES, "it is at a private or reserved address, where no connection is allowed")
        return socket.socket(family, kind, protocol)

    def _limit(self, total_s: float) -> tuple[aiohttp.ClientTimeout, Deadlines]:
        connecting = aiohttp.ClientTimeout(total=None, sock_connect=min(total_s, 30.0))
        self._limits[total_s] = connecting, Deadlines(total_s)
        return self._limits[total_s]

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
        until: bytes | None = None,
    ) -> Response:
        session = self._session or self._open()
        began = time.perf_counter()
        connecting, deadlines = self._limits.get(timeout_s) or self._limit(timeout_s)
        try:
            with deadlines.begin():
                # not as a context manager: `_read` gives the connection back
                response = await session.request(
                    method, url, data=body, headers=headers, timeout=connecting, allow_redirects=False
                )
                content = await _read(response, until)
            return Response(response.status, response.headers, content, (time.perf_counter() - began) * 1000)
        except aiohttp.ConnectionTimeoutError as error:
            raise TransportError(f"no connection to {_host(url)} in time", sent=False, timed_out=True) from error
        except TimeoutError as error:
            raise TransportError(f"no answer within {timeout_s:g} s", sent=True, timed_out=True) from error
        except aiohttp.ClientConnectorError as error:
            nobody = isinstance(error, _NOBODY_THERE) or isinstance(error.os_error, _NOT_LISTENING)
            problem = f"no connection to {_host(url)}: {_reason(error)}"
            raise TransportError(problem, sent=False, unreachable=nobody) from error
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            problem = f"{_host(url)!r} is not an http or https address"
            raise TransportError(problem, sent=False, unreachable=True) from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise TransportError(f"the connection was cut: {_reason(error)}", sent=True) from error


def is_proxied() -> bool:
    """Whether the environment names a proxy."""
    return any(os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXIES)


async def _read(response: aiohttp.ClientResponse, until: bytes | None) -> bytes:
    """The answer's body, or its beginning up to `until`. The response is done with after that."""
    length = response.content_length
    packed = "Content-Encoding" in response.headers  # the length is then that of the packed body: it may be a bomb
    if until is None and length is not None and length <= MAX_BODY and not packed:
        if response.content.is_eof():  # it came with the headers, as short ones do, and the connection is free already
            return response.content.read_nowait()
        return await response.read()  # this releases the response at its end, and closes it where there is none
    content = bytearray()
    async with response:
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > MAX_BODY:
                raise TransportError(f"the answer is longer than {MAX_BODY // 2**20} MiB", sent=True)
            if until is not None and until in content[-len(chunk) - len(until) :]:
                break
    return bytes(content)


def _host(url: str) -> str:
    """The address without what a person may have hidden in it (user, password, query)."""
    return url.split("?", 1)[0].rsplit("@", 1)[-1]


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__
