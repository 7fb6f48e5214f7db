"""`personae push`: a run of the command line into a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Url = Annotated[str | None, typer.Option(envvar="PERSONAE_URL", help="Address of the server.", metavar="URL")]
Key = Annotated[
    str | None,
    typer.Option(envvar="PERSONAE_API_KEY", help="API key; none for a server on loopback.", show_envvar=True),
]
Project = Annotated[
    str | None, typer.Option(envvar="PERSONAE_PROJECT", help="Id or name. A key knows its own.", metavar="PROJECT")
]


def register(commands: typer.Typer) -> None:
    """`personae push`."""
    commands.command()(push)


def push(
    results: Annotated[Path, typer.Argument(help="A result file of `personae simulate`.")],
    to: Url = None,
    key: Key = None,
    project: Project = None,
    name: Annotated[str | None, typer.Option(help="Of the experiment. Default: the file's.")] = None,
) -> None:
    """Put a result file into a server, as a finished experiment: all of it or nothing."""
    from personae.cli._push import push as send  # the SDK's client is an extra

    send(results, to=to, key=key, project=project, name=name)
