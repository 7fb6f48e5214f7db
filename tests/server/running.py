"""A real server on loopback, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import uvicorn

from personae.server.app import create_app
from personae.server.services import Services, open_services
from personae.server.settings import ServerSettings
from personae.server.setup import prepare


@dataclass(frozen=True)
class Server:
    """A running server and its first API key."""

    url: str
    key: str
    services: Services

    def client(self, key: str | None = None) -> httpx2.Client:
        """A client of the first project, with an admin's key or with another."""
        headers = {"X-API-Key": self.key if key is None else key}
        return httpx2.Client(base_url=f"{self.url}/api/v0/projects/1", headers=headers, timeout=30, trust_env=False)


@contextmanager
def running(database_url: str, **settings: Any) -> Iterator[Server]:
    """A server on `database_url`, stopped at the end."""
    chosen = ServerSettings(database=database_url, secret_key="a secret of the tests", **settings)
    ready: dict[str, Any] = {}
    started = threading.Event()

    def serve() -> None:
        try:
            asyncio.run(_serve(chosen, ready, started))
        except BaseException as error:
            ready["error"] = error
        finally:
            started.set()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert started.wait(60)
    if "error" in ready:
        raise ready["error"]
    try:
        yield Server(ready["url"], ready["key"] or "", ready["services"])
    finally:
        ready["server"].should_exit = True
        thread.join(30)
        assert not thread.is_alive()
    if "error" in ready:
        raise ready["error"]


async def _serve(settings: ServerSettings, ready: dict[str, Any], started: threading.Event) -> None:
    listener = socket.create_server(("127.0.0.1", 0))  # whatever the settings take the server for
    services = open_services(settings)
    ready["key"] = await prepare(services)
    ready["services"] = services
    ready["url"] = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = ready["server"] = uvicorn.Server(
        uvicorn.Config(create_app(services), log_level="warning", access_log=False, lifespan="on")
    )
    startup = server.startup

    async def then_say_so(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = then_say_so  # type: ignore[method-assign]  # uvicorn has no other sign of being ready
    await server.serve(sockets=[listener])
