"""`personae taxonomy`: a taxonomy of attributes for `personae generate deep`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(commands: typer.Typer) -> None:
    """`personae taxonomy`."""
    taxonomy = typer.Typer(help="A taxonomy of attributes, for `personae generate deep`.", no_args_is_help=True)
    taxonomy.callback()(_group)
    taxonomy.command()(build)
    commands.add_typer(taxonomy, name="taxonomy")


def _group() -> None:
    """A taxonomy of attributes, for `personae generate deep`."""


def build(
    attributes: Annotated[Path, typer.Argument(help="What `personae generate attributes` made (JSONL).")],
    out: Annotated[Path, typer.Option(help="The taxonomy (YAML).")] = Path("taxonomy.yaml"),
    threshold: Annotated[
        float, typer.Option(help="From which likeness two paths of a category are one.", min=0.05, max=1)
    ] = 0.85,
    least: Annotated[int, typer.Option(help="How often a path must have been named.", min=1)] = 1,
) -> None:
    """Put together paths that say the same, and write the taxonomy. No model is asked."""
    from personae.cli._taxonomy import run  # not needed for --help

    run(attributes, out, threshold=threshold, least=least)
