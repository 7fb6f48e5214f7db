"""`personae stamp`: which prompts of your code each simulated conversation was seen to run through."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(commands: typer.Typer) -> None:
    """`personae stamp`."""
    commands.command()(stamp)


def stamp(
    results: Annotated[Path, typer.Argument(help="A result file of `personae simulate`.")],
    from_recordings: Annotated[
        Path, typer.Option(help="What `pytest --record-prompts` or `record_prompts()` wrote.")
    ] = Path("prompt_recordings.jsonl"),
    apply: Annotated[bool, typer.Option("--apply", help="Write the bindings into the result file.")] = False,
) -> None:
    """Print the bindings observed between conversations and prompts; write them only with --apply."""
    from personae import provenance  # not needed for --help

    bindings = provenance.propose(results, from_recordings)
    for line in provenance.describe(bindings):
        typer.echo(line)
    if not bindings:
        return
    if apply:
        changed = provenance.apply(results, bindings)
        typer.echo(f"wrote the bindings into {changed} row{'' if changed == 1 else 's'} of {results}")
    else:
        typer.echo("nothing was written: add --apply to write these bindings into the result file")
