"""A loopback server per test, and what bots may use of their surroundings."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import stamina
from aiohttp import web

from personae.bots import BotWiring
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.providers import connect
from personae.transport import Pool
from tests.bots.serving import Server


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def no_waiting_between_tries() -> Iterator[None]:
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture
async def server(anyio_backend: str) -> AsyncIterator[Server]:
    served = Server()
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{tail:.*}", served.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    served.url = f"http://127.0.0.1:{port}"
    served.stop = site.stop
    yield served
    await runner.cleanup()


@pytest.fixture
def closed_port() -> str:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
async def wiring(anyio_backend: str) -> AsyncIterator[BotWiring]:
    async with Pool() as pool:

        def connect_model(**settings: Any) -> Any:
            return connect(LLMConfig(**settings), Wiring(pool, Limits(8), attempts=1))

        yield BotWiring(pool, connect_model, timeout_s=20.0, concurrency=4)
