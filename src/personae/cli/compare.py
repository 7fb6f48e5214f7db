"""`personae compare`: what did a change of the bot change? Two result files, pair by pair."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Correction(StrEnum):
    """How p-values of several questions are corrected."""

    holm = "holm"
    bh = "bh"


def register(commands: typer.Typer) -> None:
    """`personae compare`."""
    commands.command()(compare)


def compare(
    before: Annotated[Path, typer.Argument(help="The result file to compare with, such as last week's.")],
    after: Annotated[Path, typer.Argument(help="The result file of the changed bot.")],
    correction: Annotated[
        Correction,
        typer.Option(help="Over criteria and metrics: Holm, or Benjamini-Hochberg (more finds, some of them false)."),
    ] = Correction.holm,
    html: Annotated[Path | None, typer.Option(help="Write the comparison as a page, with the transcripts.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON instead.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Compare what is not comparable; the result says what differs.")
    ] = False,
) -> None:
    """Compare two runs: which conversations went better or worse, and is it more than chance?

    Pairs are conversations of the same persona, scenario and epoch. Runs that differ in more than the bot are refused.
    """
    from personae.cli._compare import run  # not needed for --help

    run(before, after, correction=correction.value, html=html, json=json, force=force)
