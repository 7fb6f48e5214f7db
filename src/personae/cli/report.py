"""`personae report` and `personae view`: what a result file says, to read, to share and for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Results = Annotated[Path, typer.Argument(help="A result file of `personae simulate`.")]


def register(commands: typer.Typer) -> None:
    """`personae report` and `personae view`."""
    commands.command()(report)
    commands.command()(view)


def report(
    results: Results,
    html: Annotated[
        Path | None, typer.Option("--html", "--out", "-o", help="The HTML report. Default: beside the results.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here instead.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON instead.")] = False,
    judge_card: Annotated[
        Path | None, typer.Option(help="What `personae judge check --card` wrote: shown beside what the judge says.")
    ] = None,
) -> None:
    """Write the self-contained HTML report of a result file."""
    from personae.cli._report import write  # charts and templates: see the package's docstring

    write(results, html=html, junit=junit, json=json, card=judge_card)


def view(
    results: Results,
    browser: Annotated[bool, typer.Option(help="Open it in the browser.")] = True,
) -> None:
    """Write the HTML report of a result file and open it."""
    from personae.cli._report import view as show  # charts and templates: see the package's docstring

    show(results, browser=browser)
