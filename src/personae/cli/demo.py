"""`personae demo`: the whole way in a minute, without a key: personas talk with a bot that has flaws on purpose."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(commands: typer.Typer) -> None:
    """`personae demo`."""
    commands.command()(demo)


def demo(
    into: Annotated[Path, typer.Option(help="Folder for the demo's files and its results.")] = Path("personae-demo"),
    mended: Annotated[bool, typer.Option("--mended", help="Test the bot's mended twin instead.")] = False,
) -> None:
    """Let personas talk with a flawed support bot, offline, and report what they find."""
    from personae.cli._demo import run  # not needed for --help

    run(into, mended=mended)
