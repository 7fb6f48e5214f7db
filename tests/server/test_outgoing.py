"""Where requests of users' bots may go."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

import pytest

from personae.errors import InputError
from personae.server import outgoing
from personae.server.settings import ServerSettings
from personae.transport import Pool, TransportError

REACHABLE = ServerSettings(host="0.0.0.0")
LOOPBACK = ServerSettings()
OPEN = ServerSettings(host="0.0.0.0", allow_private_addresses=True)


@dataclass(frozen=True)
class Case:
    address: str
    is_public: bool = False
    is_own: bool = False
    """The machine itself."""


CASES = [
    Case("93.184.216.34", is_public=True),
    Case("2606:2800:220:1::1", is_public=True),
    Case("::ffff:93.184.216.34", is_public=True),
    Case("64:ff9b::5db8:d822", is_public=True),
    Case("127.0.0.1", is_own=True),
    Case("127.9.9.9", is_own=True),
    Case("::1", is_own=True),
    Case("::ffff:127.0.0.1", is_own=True),
    Case("0.0.0.0"),
    Case("::"),
    Case("10.0.0.1"),
    Case("172.16.0.1"),
    Case("192.168.0.1"),
    Case("100.64.0.1"),
    Case("169.254.169.254"),
    Case("168.63.129.16"),
    Case("::ffff:169.254.169.254"),
    Case("64:ff9b::a9fe:a9fe"),
    Case("2002:a9fe:a9fe::1"),
    Case("fe80::1%eth0"),
    Case("fd00:ec2::254"),
    Case("fec0::1"),
    Case("224.0.1.1"),
    Case("ff0e::1"),
    Case("240.0.0.1"),
    Case("255.255.255.255"),
    Case("192.0.2.1"),
    Case("::127.0.0.1"),
    Case("no address"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.address)
def test_only_public_addresses_are_connected_to_and_loopback_where_the_server_is_there(case: Case) -> None:
    assert outgoing.is_allowed(case.address) == case.is_public
    assert outgoing.is_allowed(case.address, loopback=True) == (case.is_public or case.is_own)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://10.0.0.1/x", "private or reserved"),
        ("http://[::ffff:10.0.0.1]/x", "private or reserved"),
        ("http://localhost:8000", "private or reserved"),
        ("file:///etc/passwd", "http or https"),
        ("gopher://example.com", "http or https"),
        ("http://", "http or https"),
        ("https://user:secret@example.com", "user or password"),
        ("https://example.com:port", "no address"),
        ("http://[::1", "no address"),
    ],
)
def test_an_address_that_cannot_be_reached_is_refused_when_it_is_stored(url: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        outgoing.check_url(url, REACHABLE, field="url")
    assert "secret" not in str(caught.value)


def test_an_address_that_can_be_reached_is_taken() -> None:
    outgoing.check_url("https://example.com/v1", REACHABLE)
    outgoing.check_url("http://localhost:8000", LOOPBACK)
    outgoing.check_url("http://10.0.0.1", OPEN)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "localhost", "2130706433", "127.1", "0.0.0.0"])
def test_no_spelling_of_a_private_address_gets_a_connection(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)

        async def ask() -> TransportError:
            async with outgoing.pool(REACHABLE) as pool:
                with pytest.raises(TransportError) as caught:
                    await _get(pool, f"http://{host}:{listener.getsockname()[1]}/")
                return caught.value

        error = asyncio.run(ask())
        with pytest.raises(TimeoutError):
            listener.accept()
    assert "private or reserved" in str(error) or "is not an http or https address" in str(error)
    assert error.unreachable
    assert not error.sent


def test_each_connection_is_judged_anew_and_a_kept_one_not_again() -> None:
    judged: list[str] = []
    is_open = True

    def allowed(address: str) -> bool:
        judged.append(address)
        return is_open

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (head := await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /keep"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.write(
            b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        assert head.startswith(b"GET /away")
        writer.close()

    async def ask() -> list[int]:
        nonlocal is_open
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, Pool(allowed=allowed) as pool:
            statuses = [await _get(pool, f"http://localhost:{port}{path}") for path in ("/keep", "/keep", "/away")]
            is_open = False
            with pytest.raises(TransportError, match="private or reserved"):
                await _get(pool, f"http://localhost:{port}/keep")
        return statuses

    assert asyncio.run(ask()) == [200, 200, 302]
    assert judged.count("127.0.0.1") == 2


def test_a_server_on_loopback_reaches_bots_beside_it() -> None:
    async def ask() -> int:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server, outgoing.pool(LOOPBACK) as pool:
            return await _get(pool, f"http://localhost:{server.sockets[0].getsockname()[1]}/")

    assert asyncio.run(ask()) == 204


async def _get(pool: Pool, url: str) -> int:
    return (await pool.request("GET", url, headers={}, body=None, timeout_s=10)).status
