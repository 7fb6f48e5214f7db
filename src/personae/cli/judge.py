"""`personae judge`: how far can the judge be trusted? Hold its ratings against people, and against itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Results = Annotated[Path, typer.Argument(help="A result file of `personae simulate`.")]
Json = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]


def register(commands: typer.Typer) -> None:
    """`personae judge`."""
    judge = typer.Typer(help="Check the judge: against people, and against itself.", no_args_is_help=True)
    judge.callback()(_group)
    for command in (check, merge):
        judge.command()(command)
    commands.add_typer(judge, name="judge")


def _group() -> None:
    """Check the judge: against people, and against itself."""


def check(
    results: Results,
    labels: Annotated[list[Path], typer.Option(help="Labels of people (JSONL); may be given several times.")],
    card: Annotated[Path | None, typer.Option(help="Write the judge card here.")] = None,
    json: Json = False,
) -> None:
    """Hold the judge's verdicts against labels of people: agreement, errors, and the corrected pass rate."""
    from personae.cli._judge import check as run_check  # not needed for --help

    run_check(results, labels, card=card, as_json=json)


def merge(
    labels: Annotated[list[Path], typer.Argument(help="Files of labels (JSONL).")],
    out: Annotated[Path, typer.Option(help="The file with all of them.")],
) -> None:
    """Put several people's label files together."""
    from personae.cli._judge import merge as run_merge  # not needed for --help

    run_merge(labels, out)
