"""`personae doctor`: is everything there that the server needs?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(commands: typer.Typer) -> None:
    """`personae doctor`."""
    commands.command()(doctor)


def doctor(
    database: Annotated[
        str | None, typer.Option(help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.", metavar="URL")
    ] = None,
    data_folder: Annotated[str | None, typer.Option(help="Where the database and the secret are kept.")] = None,
    host: Annotated[str | None, typer.Option(help="Address that the server would listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port that it would listen on.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings in TOML; see docs/server.md.", metavar="FILE")] = None,
    call: Annotated[
        bool, typer.Option("--call", help="Ask simulator and judge for a word: two tiny paid calls.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Check what the server needs: settings, folder, database, keys, models, port. Exits with 1 on problems."""
    # The server's parts are an extra, and heavy.
    from personae.cli._doctor import examine

    examine(config, call=call, as_json=json, database=database, data_folder=data_folder, host=host, port=port)
