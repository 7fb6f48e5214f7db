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
    for command in (label, check, merge):
        judge.command()(command)
    commands.add_typer(judge, name="judge")


def _group() -> None:
    """Check the judge: against people, and against itself."""


def label(
    results: Results,
    rater: Annotated[str, typer.Option(help="Who labels: a name that stands in the file.")],
    out: Annotated[Path, typer.Option(help="The labels (JSONL). Where it is there already, you go on.")],
    n: Annotated[int, typer.Option(min=1, help="Labels of each criterion.")] = 60,
    criterion: Annotated[
        list[str] | None, typer.Option(help="Only this one, `goal` for the goal; may be given several times.")
    ] = None,
    criteria: Annotated[
        Path | None, typer.Option(help="The file of criteria, to show the questions behind their names.")
    ] = None,
    overlap: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the queue that all raters get; the rest is yours alone.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Raters with the same seed get the same conversations.")] = 0,
) -> None:
    """Label conversations in the terminal, by the keyboard, without seeing what the judge said."""
    from personae.cli._judge_label import Session  # not needed for --help
    from personae.cli._judge_label import label as run_label

    run_label(results, Session(rater, out), criteria, n=n, only=criterion or [], overlap=overlap, seed=seed)


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
