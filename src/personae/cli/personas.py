"""`personae personas`: what can be done with a file of personas, without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_File = Annotated[Path, typer.Argument(help="A file of personas (JSONL, JSON, YAML or CSV).")]
_Seed = Annotated[int, typer.Option(help="Seed of the draw.")]


def register(commands: typer.Typer) -> None:
    """`personae personas`."""
    personas = typer.Typer(
        help="Judge sets of personas, choose from them and match them, without a model.", no_args_is_help=True
    )
    personas.callback()(_group)
    for command in (match, report, sample, scenarios):
        personas.command()(command)
    commands.add_typer(personas, name="personas")


def _group() -> None:
    """Judge sets of personas, choose from them and match them, without a model."""


def match(
    file: _File,
    population: Annotated[Path, typer.Option(help="People to stand for: CSV, a column per trait.", metavar="FILE")],
    traits: Annotated[str, typer.Option(help="Which columns, separated by commas. Default: all of them.")] = "",
    method: Annotated[
        str, typer.Option(help="hungarian (one story a person), or greedy (the best one, again and again).")
    ] = ("hungarian"),
    out: Annotated[Path, typer.Option(help="The matched personas.")] = Path("matched.jsonl"),
) -> None:
    """Match surveyed stories of `personae generate backstory` to the people of a population."""
    from personae.cli._personas import run_match  # not needed for --help

    run_match(file, population, traits, method, out)


def sample(
    file: _File,
    n: Annotated[int, typer.Option("-n", help="How many.", min=1)],
    users: Annotated[str, typer.Option(help="any, common (rather those with many of their like), or rare.")] = "any",
    seed: _Seed = 0,
    out: Annotated[Path, typer.Option(help="The chosen personas.")] = Path("sample.jsonl"),
) -> None:
    """Choose personas at random, by how many of their like there are."""
    from personae.cli._personas import run_sample  # not needed for --help

    run_sample(file, n, users, seed, out)


def scenarios(
    file: _File,
    out: Annotated[Path, typer.Option(help="The scenarios, each with its own persona.")] = Path("scenarios.jsonl"),
) -> None:
    """Write the goals that users of `personae generate conversations` really had as scenarios."""
    from personae.cli._personas import run_scenarios  # not needed for --help

    run_scenarios(file, out)


def report(
    file: _File,
    targets: Annotated[
        Path | None,
        typer.Option(
            help="Shares that values should have (YAML): `age: {18-30: 0.4, 31-90: 0.6}`, a plan, or a schema."
        ),
    ] = None,
    topics: Annotated[Path | None, typer.Option(help="The topics' file, to see which nobody comes with.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page here.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Coverage, collapse, near-copies, quotas, diversity against size, readability and contradictions of a set."""
    from personae.cli._personas_report import report as run_report  # not needed for --help

    run_report(file, targets, topics, html, as_json=json)
