"""One pool of connections for all calls of a run."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import aiohttp

MAX_BODY = 64 * 1024 * 1024
"""Bytes. A longer answer is an error: no reply of a chat is that long."""


class TransportError(Exception):
    """No whole answer came: the connection failed, was cut, or took too long.

    `sent` is False where the request surely did not reach the other side, so that repeating it is always safe.
    """

    def __init__(self, problem: str, *, sent: bool, timed_out: bool = False) -> None:
        super().__init__(problem)
        self.sent = sent
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    latency_ms: float


class Transport(Protocol):
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
    """The real transport. Opens its session at the first request; close it, or use it as a context manager."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

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

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Reading proxy settings costs at every request, so it is done only where the environment names a proxy.
            proxied = any(name.lower().endswith("_proxy") for name in os.environ)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300, keepalive_timeout=60),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=proxied,
                read_bufsize=2**17,
            )
        return self._session

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
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(timeout_s, 30.0))
        try:
            async with session.request(
                method, url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                content = await _read(response, until)
                names = {name.lower(): value for name, value in response.headers.items()}
                return Response(response.status, names, content, (time.perf_counter() - began) * 1000)
        except aiohttp.ConnectionTimeoutError as error:
            raise TransportError(f"no connection to {_host(url)} in time", sent=False, timed_out=True) from error
        except TimeoutError as error:
            raise TransportError(f"no answer within {timeout_s:g} s", sent=True, timed_out=True) from error
        except aiohttp.ClientConnectorError as error:
            raise TransportError(f"no connection to {_host(url)}: {_reason(error)}", sent=False) from error
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise TransportError(f"{url!r} is not an http or https address", sent=False) from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise TransportError(f"the connection was cut: {_reason(error)}", sent=True) from error


async def _read(response: aiohttp.ClientResponse, until: bytes | None) -> bytes:
    length = response.content_length
    if until is None and length is not None and length <= MAX_BODY:
        return await response.read()
    content = bytearray()
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
