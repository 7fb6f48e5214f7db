"""`personae logs`: logs of real conversations, on this machine alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(commands: typer.Typer) -> None:
    """`personae logs`."""
    logs = typer.Typer(help="Logs of real conversations, on this machine alone.", no_args_is_help=True)
    logs.callback()(_group)
    logs.command()(redact)
    commands.add_typer(logs, name="logs")


def _group() -> None:
    """Logs of real conversations, on this machine alone."""


def redact(
    logs: Annotated[Path, typer.Argument(help="JSONL of OpenAI-style messages, or CSV with a row a message.")],
    out: Annotated[Path | None, typer.Option(help="Write the conversations without it (JSONL).")] = None,
    user_role: Annotated[str, typer.Option(help="What the log calls its users, where it is an unusual word.")] = "",
    show: Annotated[int, typer.Option(help="Examples of each kind.", min=0)] = 5,
) -> None:
    """Show which personal data would be removed before `personae generate conversations` sends anything."""
    from personae.cli._logs import run  # not needed for --help

    run(logs, out, user_role, show)
