"""What `personae pull` does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import track

from personae.cli._server import client_of
from personae.errors import InputError, NotFound, RecordingError
from personae.sdk import Client
from personae.sdk.experiments import Experiment


def pull(named: str, out: Path, *, url: str | None, key: str | None, project: str | None, force: bool) -> None:
    """Write the file beside its place, and put it there when it is whole."""
    if out.exists() and not force:
        raise InputError("is there already: give another --out, or --force", file=out)
    with client_of(url, key, project) as client:
        experiment = _found(client, named)
        if experiment.is_under_way or experiment.status == "paused":
            typer.echo(f"the experiment is {experiment.status}: these are its results so far", err=True)
        draft = out.with_name(f"{out.name}.new")
        try:
            with draft.open("wb") as file:
                count = _write(client, experiment, file.write)
            if not count:
                raise InputError(f"the experiment {experiment.name!r} is {experiment.status} and has no results")
            draft.replace(out)
        except OSError as error:
            raise RecordingError(f"cannot write {str(out)!r}: {error.strerror or error}") from error
        finally:
            draft.unlink(missing_ok=True)
    typer.echo(f"{out}: {count:,} conversations of experiment {experiment.id} {experiment.name!r}")
    typer.echo(f"to read it: personae view {out}", err=True)


def _write(client: Client, experiment: Experiment, write: Callable[[bytes], object]) -> int:
    count = 0
    lines = client.experiments.result_lines(experiment.id)
    console = Console(stderr=True)
    for line in track(
        lines, "results", experiment.finished, console=console, transient=True, disable=not console.is_terminal
    ):
        write(line + b"\n")
        count += 1
    return count


def _found(client: Client, named: str) -> Experiment:
    """By id; or by name, which may be a number too."""
    if named.isdecimal():
        with suppress(NotFound, InputError):
            return client.experiments.get(int(named))
    return client.experiments.by_name(named)
