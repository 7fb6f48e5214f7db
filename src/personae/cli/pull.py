"""`personae pull`: an experiment of a server as a result file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personae.cli.push import Key, Project


def register(commands: typer.Typer) -> None:
    """`personae pull`."""
    commands.command()(pull)


def pull(
    experiment: Annotated[str, typer.Argument(help="Its id or name.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The result file to write.")],
    from_: Annotated[
        str | None, typer.Option("--from", envvar="PERSONAE_URL", help="Address of the server.", metavar="URL")
    ] = None,
    key: Key = None,
    project: Project = None,
    force: Annotated[bool, typer.Option(help="Replace a file that is there.")] = False,
) -> None:
    """Get an experiment's results from a server, as `personae simulate` writes them."""
    from personae.cli._pull import pull as fetch  # the SDK's client is an extra

    fetch(experiment, out, url=from_, key=key, project=project, force=force)
