"""The pool: one answer per request, or an error that says whether it was sent."""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from personae.transport import Pool, TransportError
from personae.transport import pool as pools

pytestmark = pytest.mark.anyio
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


@asynccontextmanager
async def serving(*parts: bytes, stay: bool = False) -> AsyncIterator[str]:
    """A server that answers whatever comes with these bytes."""
    leave = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
        if stay:
            await leave.wait()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/path?key=hidden"
    finally:
        leave.set()
        server.close()


def http(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", *headers])
    return head.encode() + b"\r\n\r\n" + body


async def get(url: str, timeout_s: float = 5.0, until: bytes | None = None) -> bytes:
    async with Pool() as pool:
        return (await pool.request("GET", url, headers={}, body=None, timeout_s=timeout_s, until=until)).body


async def failure(url: str, timeout_s: float = 5.0) -> TransportError:
    with pytest.raises(TransportError) as raised:
        await get(url, timeout_s)
    return raised.value


async def test_any_status_is_an_answer_and_headers_are_found_in_any_case() -> None:
    async with serving(http(b"no", "Content-Length: 2", "Retry-After: 7", status="503 Busy")) as url, Pool() as pool:
        response = await pool.request("GET", url, headers={}, body=None, timeout_s=5)
    assert (response.status, response.body, response.headers["retry-after"]) == (503, b"no", "7")
    assert response.latency_ms > 0


async def test_a_redirect_is_not_followed() -> None:
    async with serving(http(b"", "Content-Length: 0", "Location: /else", status="302 Found")) as url, Pool() as pool:
        response = await pool.request("GET", url, headers={}, body=None, timeout_s=5)
    assert (response.status, response.headers["location"]) == (302, "/else")


async def test_no_listener_is_unreachable_and_surely_not_sent() -> None:
    error = await failure("http://127.0.0.1:9/")
    assert (error.sent, error.unreachable, error.timed_out) == (False, True, False)


async def test_an_unknown_host_is_unreachable() -> None:
    error = await failure("http://no-such-host.invalid/v1")
    assert (error.sent, error.unreachable) == (False, True)
    assert "no-such-host.invalid" in str(error)


@pytest.mark.parametrize("url", ["ftp://host/", "http://", "nothing"])
async def test_an_address_that_is_none_is_unreachable(url: str) -> None:
    error = await failure(url)
    assert (error.sent, error.unreachable) == (False, True)
    assert "is not an http or https address" in str(error)


async def test_a_silent_server_times_out_after_it_was_sent() -> None:
    async with serving(stay=True) as url:
        error = await failure(url, 0.1)
    assert (error.sent, error.timed_out, str(error)) == (True, True, "no answer within 0.1 s")


async def test_a_body_that_stops_half_way_times_out() -> None:
    async with serving(http(b"half", "Content-Length: 100"), stay=True) as url:
        assert (await failure(url, 0.1)).timed_out


async def test_a_cut_connection_may_have_been_sent() -> None:
    async with serving(http(b"half", "Content-Length: 100")) as url:
        error = await failure(url)
    assert (error.sent, error.timed_out, error.unreachable) == (True, False, False)
    assert str(error).startswith("the connection was cut")


async def test_garbage_instead_of_http_is_a_cut_connection() -> None:
    async with serving(b"SSH-2.0-OpenSSH\r\n\r\n") as url:
        assert (await failure(url)).sent


async def test_a_body_without_a_length_is_read_to_its_end() -> None:
    async with serving(http(b"one", "Content-Type: text/plain"), b"two") as url:
        assert await get(url) == b"onetwo"


async def test_reading_stops_at_the_mark_of_the_end_across_chunks() -> None:
    async with serving(http(b"data: a\n\ndata: [DO", "Content-Type: text/event-stream"), b"NE]\n\n", stay=True) as url:
        assert b"[DONE]" in await get(url, until=b"[DONE]")


async def test_an_answer_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "MAX_BODY", 1000)
    async with serving(http(b"x" * 600, "Content-Type: text/plain"), b"x" * 600, stay=True) as url:
        assert "the answer is longer than" in str(await failure(url))


async def test_a_packed_answer_is_refused_by_its_unpacked_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "MAX_BODY", 100_000)
    bomb = zlib.compress(b"\0" * 10_000_000)
    async with serving(http(bomb, f"Content-Length: {len(bomb)}", "Content-Encoding: deflate")) as url:
        assert "the answer is longer than" in str(await failure(url))


async def test_no_error_shows_the_query_or_the_password_of_an_address() -> None:
    for url in ("http://me:pw@127.0.0.1:9/v1?key=hidden", "http://me:pw@no-such-host.invalid/?key=hidden"):
        text = str(await failure(url))
        assert "pw" not in text
        assert "hidden" not in text


async def test_closing_twice_is_fine_and_a_closed_pool_opens_again() -> None:
    async with serving(http(b"ok", "Content-Length: 2")) as url:
        pool = Pool()
        for _ in range(2):
            assert (await pool.request("GET", url, headers={}, body=None, timeout_s=5)).body == b"ok"
            await pool.close()
            await pool.close()


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_body_that_the_other_side_is_slow_to_take_arrives_whole() -> None:
    body = b"x" * 10_000_000
    got = bytearray()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        while len(got) < len(body):
            got.extend(await reader.read(2**16))
        writer.write(http(b"ok", "Content-Length: 2"))
        writer.close()

    taking = socket.socket()
    taking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    taking.bind(("127.0.0.1", 0))
    server = await asyncio.start_server(talk, sock=taking)
    url = f"http://127.0.0.1:{taking.getsockname()[1]}/"
    async with server, Pool() as pool:
        assert (await pool.request("POST", url, headers={}, body=body, timeout_s=30)).body == b"ok"
    assert bytes(got) == body


async def test_each_request_has_its_own_time_however_many_share_it() -> None:
    last = http(b"ok", "Content-Length: 2", "Connection: close")
    async with serving(stay=True) as silent, serving(last) as quick, Pool() as pool:
        first = asyncio.create_task(pool.request("POST", silent, headers={}, body=b"{}", timeout_s=0.2))
        for _ in range(3):
            assert (await pool.request("POST", quick, headers={}, body=b"{}", timeout_s=0.2)).body == b"ok"
        second = asyncio.create_task(pool.request("POST", silent, headers={}, body=b"{}", timeout_s=0.2))
        for late in (first, second):
            with pytest.raises(TransportError, match="no answer within 0") as raised:
                await late
            assert raised.value.timed_out


async def test_a_cancelled_request_is_cancelled_and_not_late() -> None:
    async with serving(stay=True) as silent, Pool() as pool:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await pool.request("POST", silent, headers={}, body=b"{}", timeout_s=5)
