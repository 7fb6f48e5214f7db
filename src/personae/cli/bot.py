"""`personae bot check`: is the bot reached, is its reply found, and does it remember?"""

from __future__ import annotations

from typing import Annotated

import typer


def register(commands: typer.Typer) -> None:
    """`personae bot`."""
    bot = typer.Typer(help="Look at the bot under test.", no_args_is_help=True)
    bot.command()(check)
    bot.callback()(_group)
    commands.add_typer(bot, name="bot")


def _group() -> None:
    """Look at the bot under test."""


def check(
    spec: Annotated[str, typer.Argument(help="The bot: what you would write behind `personae simulate --bot`.")],
    bot_model: Annotated[str, typer.Option(help="The model's name at the bot's URL.")] = "",
    bot_system: Annotated[str, typer.Option(help="The bot's system prompt: a text, or a file that holds it.")] = "",
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one reply.")] = 60.0,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Send two turns; show requests, replies as sent and as read, and latency; find out whether the bot remembers."""
    from personae.cli._bot import check as run_check  # not needed for --help

    run_check(spec, model=bot_model, system=bot_system, timeout_s=timeout, as_json=json)
