"""What `personae serve` does."""

from __future__ import annotations

import asyncio
import gc
import socket
from pathlib import Path
from typing import Any

import typer

from personae.errors import ConfigurationError
from personae.experiments import traces

try:
    import uvicorn

    from personae.server import logs
    from personae.server.app import create_app
    from personae.server.services import Services, open_services
    from personae.server.settings import ServerSettings
    from personae.server.setup import prepare
except ModuleNotFoundError as error:
    raise ConfigurationError(
        f"the server needs {error.name!r}, which is not installed: pip install 'personae[server]'"
    ) from error


def run(config: Path | None, **options: Any) -> None:
    """Serve until interrupted."""
    settings = ServerSettings.load(config).with_(**options)
    with traces.exported("personae-server", wanted=settings.otel or traces.are_wanted()):
        asyncio.run(_serve(settings))


async def _serve(settings: ServerSettings) -> None:
    logs.configure(settings.log_format)
    services = open_services(settings)
    listener = _listener(settings)
    key = await prepare(services)
    _welcome(services, listener, key)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(services),
            log_config=None,
            log_level="warning",
            lifespan="on",
            access_log=False,
            timeout_graceful_shutdown=5,
        )
    )
    gc.collect()
    gc.freeze()  # the application stays: to look through it again and again takes a tenth of a second each time
    await server.serve(sockets=[listener])


def _listener(settings: ServerSettings) -> socket.socket:
    """Bound before anything else is done, so that an address in use is known at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # As TCP by name: else asyncio does not set TCP_NODELAY, and whoever asks twice waits 40 ms for a delayed ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(2048)  # from now on: who reads the address and asks at once waits instead of being refused
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}. Choose another --port"
        ) from error
    return listener


def _welcome(services: Services, listener: socket.socket, key: str | None) -> None:
    host, port = listener.getsockname()[:2]
    settings = services.settings
    typer.echo(f"personae serves at http://{f'[{host}]' if ':' in host else host}:{port}  (API: /docs)")
    typer.echo(f"database: {services.database.shown}")
    typer.echo(f"simulator and judge: {settings.simulator_provider} {settings.simulator_model}".rstrip())
    if key is not None:
        typer.echo(f"API key of the project 'Default project', shown this once: {key}")
