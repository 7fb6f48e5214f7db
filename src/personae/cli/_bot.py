"""What `personae bot check` does and prints."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from personae.bots import BotWiring
from personae.bots._probe import Check, CheckedTurn, Exchange, Recorder
from personae.bots._probe import check as probe
from personae.cli import NOTHING_MEASURED
from personae.cli._bot_spec import bot_spec
from personae.core.model import Model
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.providers import connect
from personae.transport import Pool

_MOST_SHOWN = 1500


def check(target: str, *, model: str, system: str, timeout_s: float, as_json: bool) -> None:
    """Probe the bot and print what was seen. Exits with 3 where it cannot be simulated with."""
    spec = bot_spec(target, model=model, system=system)

    async def run() -> Check:
        async with Pool() as pool:
            seen = Recorder(pool)
            wiring = Wiring(seen, Limits(1), attempts=2)

            def connect_model(**config: Any) -> Model:
                return connect(LLMConfig(**config), wiring)

            return await probe(spec, BotWiring(seen, connect_model, timeout_s, concurrency=1, attempts=2))

    found = asyncio.run(run())
    if as_json:
        sys.stdout.write(orjson.dumps(found.as_dict(), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        _show(found, Console(highlight=False))
    if not found.passed:
        sys.exit(NOTHING_MEASURED)


def _show(found: Check, console: Console) -> None:
    console.print(Text(f"bot: {found.label}", style="bold"))
    for number, turn in enumerate(found.turns, 1):
        console.print()
        where = "a fresh session" if turn.session == "fresh" else "the first session"
        console.print(Text(f"{number}. in {where}", style="bold cyan"))
        console.print(_turn(turn))
    console.print()
    style = "bold green" if found.passed else "bold red"
    console.print(Text(found.explanation, style=style))
    for name, paths in (("reply_path", found.reply_paths), ("session_path", found.session_paths)):
        if paths:
            console.print(Text(f"{name} may be: {', '.join(paths)}"))
    if found.error and found.error not in found.explanation:
        console.print(Text(found.error, style="red"))


def _turn(turn: CheckedTurn) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("message", Text(turn.message))
    for exchange in turn.exchanges:
        table.add_row("request", Text(_request(exchange)))
        table.add_row("raw reply", Text(_answer(exchange)))
    if turn.reply is None:
        table.add_row("no reply", Text(turn.error or "", style="red"))
    else:
        table.add_row("mapped reply", Text(turn.reply))
    if turn.received:
        table.add_row("received", Text(turn.received[:_MOST_SHOWN]))
    table.add_row("session", Text(turn.session_id or "none"))
    table.add_row("latency", Text("unknown" if turn.latency_ms is None else f"{turn.latency_ms:.0f} ms"))
    return table


def _request(exchange: Exchange) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in exchange.headers.items())
    return f"{exchange.method} {exchange.url}\n{headers}\n{exchange.body[:_MOST_SHOWN]}".strip()


def _answer(exchange: Exchange) -> str:
    if exchange.error:
        return exchange.error
    return f"{exchange.status}\n{exchange.answer[:_MOST_SHOWN]}"
