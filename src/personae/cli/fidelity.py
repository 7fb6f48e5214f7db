"""`personae fidelity`: do the simulated users talk like real ones?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(commands: typer.Typer) -> None:
    """`personae fidelity`."""
    commands.command()(fidelity)


def fidelity(
    simulated: Annotated[Path, typer.Argument(help="A result file of `personae simulate`, or messages as below.")],
    human: Annotated[
        Path,
        typer.Option(help="Logs of real users: JSONL, a line per conversation, of messages {role, content}."),
    ],
    seed: Annotated[int, typer.Option(help="Of folds, samples and intervals.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON instead.")] = False,
) -> None:
    """Hold the user turns of simulated conversations against those of real ones.

    Nineteen features of how users talk: how alike their means are, how well the simulated conversations cover the real
    ones, and how well the two can be told apart. No model is asked.
    """
    from personae.cli._fidelity import run  # not needed for --help

    run(simulated, human, seed=seed, json=json)
