"""`personae review`: people look at drafted queries, accept, edit or reject them, and use what is accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(commands: typer.Typer) -> None:
    """`personae review`."""
    commands.command()(review)


def review(
    queries: Annotated[Path, typer.Argument(help="A file of `personae generate queries`.")],
    by: Annotated[str, typer.Option(envvar="USER", help="Who reviews: a name that stands beside each decision.")] = "",
    topics: Annotated[Path | None, typer.Option(help="The topics' file, to tell what is off its topic.")] = None,
    decisions: Annotated[
        Path | None, typer.Option(help="Where decisions are kept. Default: QUERIES.review.jsonl beside the queries.")
    ] = None,
    merge: Annotated[
        list[Path] | None, typer.Option(help="Take in another person's decisions; may be given several times.")
    ] = None,
    accepted: Annotated[
        Path | None, typer.Option(help="Write what is accepted as scenarios (JSONL) for `personae simulate`.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="URL", help="Push what is accepted to this server, as a collection.")
    ] = None,
    key: Annotated[str | None, typer.Option(envvar="PERSONAE_API_KEY", help="API key of the server.")] = None,
    project: Annotated[str | None, typer.Option(envvar="PERSONAE_PROJECT", help="Id or name of the project.")] = None,
    name: Annotated[str, typer.Option(help="Of the collection. Default: the file's.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print what is decided as JSON.")] = False,
) -> None:
    """Review queries by the keyboard, flagged ones first; or merge, export and push what was decided."""
    from personae.cli._review import Session, run  # not needed for --help

    run(Session(queries, by, topics, decisions), merge or [], accepted, to, key, project, name, as_json=json)
