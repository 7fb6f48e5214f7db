"""`personae generate`: make personas, scenarios and queries, by one method per file of `generation/`.

Each method is a command of its own, whose options are the fields of its class; it is imported when it is asked for.
"""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup


class Methods(TyperGroup):
    """The commands of this group, and one for each method. Its types are Typer's own."""

    def list_commands(self, ctx: Any) -> list[str]:
        from personae.generation import generators  # only where the group is asked

        return sorted({*super().list_commands(ctx), *(name.replace("_", "-") for name in generators.names())})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        from personae.cli._generate import command  # only where a method is asked for

        return command(cmd_name)


def register(commands: typer.Typer) -> None:
    """`personae generate`."""
    generate = typer.Typer(cls=Methods, no_args_is_help=True)
    generate.callback()(_group)
    commands.add_typer(generate, name="generate")


def _group() -> None:
    """Make personas, scenarios and queries: one method per command."""
