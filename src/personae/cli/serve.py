"""`personae serve`: the server with its API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(commands: typer.Typer) -> None:
    """`personae serve`."""
    commands.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. On loopback nobody needs to sign in.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = None,
    database: Annotated[
        str | None, typer.Option(help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.", metavar="URL")
    ] = None,
    data_folder: Annotated[str | None, typer.Option(help="Where the database and the secret are kept.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings in TOML; see docs/server.md.", metavar="FILE")] = None,
) -> None:
    """Serve the persona library, experiments and results: an API, with interactive docs at /docs."""
    # The server's parts are an extra, and heavy.
    from personae.cli._serve import run

    run(config, host=host, port=port, database=database, data_folder=data_folder)
