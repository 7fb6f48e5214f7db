"""`personae convert`: personas from one kind of file to another, with fragments added on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personae.errors import ConfigurationError


def register(commands: typer.Typer) -> None:
    """`personae convert`."""
    commands.command()(convert)


def convert(
    source: Annotated[str, typer.Argument(help="Personas: a file, or NAME:PATH such as tinytroupe:agents/.")],
    target: Annotated[str, typer.Argument(help="Where to: a .jsonl, .json, .yaml or .csv file, or tinytroupe:FOLDER.")],
    add: Annotated[
        list[Path] | None,
        typer.Option(help="A fragment that is added to each of them; repeat for more.", metavar="FILE"),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Where persona and fragment differ, the fragment's value is taken.")
    ] = False,
    share: Annotated[
        str, typer.Option(help="Add each fragment to such a share of them alone, drawn by the seed: 20% or 0.2.")
    ] = "100%",
    seed: Annotated[int, typer.Option(help="Seed of who gets a fragment.")] = 0,
) -> None:
    """Read personas and write them elsewhere: agents of TinyTroupe to a persona file, and back. Nothing is lost."""
    from personae.sources import add_to_share, read_fragment, read_personas, write_personas  # not needed for --help

    personas, part = read_personas(source, goal_required=False), _share(share)
    for fragment in map(read_fragment, add or ()):
        personas = add_to_share(personas, fragment, part, seed=seed, overwrite=overwrite)
    write_personas(target, personas)
    typer.echo(f"{len(personas)} personas in {target}", err=True)


def _share(text: str) -> float:
    """0 to 1. Raises ConfigurationError."""
    try:
        share = float(text.strip().removesuffix("%")) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        share = -1
    if not 0 <= share <= 1:
        raise ConfigurationError(f"--share must be a share such as 20% or 0.2, not {text!r}")
    return share
