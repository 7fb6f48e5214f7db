"""`personae convert`: personas from one kind of file to another, with fragments added on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


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
) -> None:
    """Read personas and write them elsewhere: agents of TinyTroupe to a persona file, and back. Nothing is lost."""
    from personae.sources import add_fragment, read_fragment, read_personas, write_personas  # not needed for --help

    personas = read_personas(source, goal_required=False)
    for fragment in map(read_fragment, add or ()):
        personas = [add_fragment(persona, fragment, overwrite=overwrite) for persona in personas]
    write_personas(target, personas)
    typer.echo(f"{len(personas)} personas in {target}", err=True)
