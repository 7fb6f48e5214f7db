"""`personae gate`: may this bot go out? A result file held against a policy, for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(commands: typer.Typer) -> None:
    """`personae gate`."""
    commands.command()(gate)


def gate(
    results: Annotated[Path, typer.Argument(help="A result file of `personae simulate`.")],
    policy: Annotated[Path, typer.Option(help="What must hold (YAML).")],
    baseline: Annotated[
        Path | None, typer.Option(help="The result file of the bot before, for rules with drop_at_most.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here: one test case per rule.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a comment for a pull request here.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Decide by intervals: PASS (exit code 0), FAIL (1), or INCONCLUSIVE (2) with how many more conversations it takes.

    A file that is wrong, or missing, ends with 3.
    """
    from personae.cli._gate import run  # not needed for --help

    run(results, policy, baseline=baseline, junit=junit, markdown=markdown, json=json)
