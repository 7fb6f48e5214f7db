"""What `personae push` does."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from pathlib import Path

import typer
from rich.console import Console

from personae.cli._server import client_of
from personae.errors import InputError
from personae.experiments.result_file import read_rows, results


def push(file: Path, *, to: str | None, key: str | None, project: str | None, name: str | None) -> None:
    """Check the file here, where its lines can be named at once, and send it packed."""
    rows = read_rows(file)
    count = sum(1 for _ in results(rows))
    if not count:
        raise InputError("holds no results", file=file)
    if file.with_name(f"{file.name}.part").exists():
        typer.echo("the run is not finished: conversations without a row are left out", err=True)
    with tempfile.TemporaryDirectory(prefix="personae-push-") as folder, client_of(to, key, project) as client:
        packed = Path(folder, f"{file.name}.gz")
        with file.open("rb") as plain, gzip.open(packed, "wb", compresslevel=6) as target:
            shutil.copyfileobj(plain, target)
        size = f"{packed.stat().st_size / 1e6:.1f} MB"
        with Console(stderr=True).status(f"sending {count:,} conversations ({size}) to {client.base_url}"):
            experiment = client.experiments.import_file(packed, name=name)
    typer.echo(f"experiment {experiment.id} {experiment.name!r}: {experiment.finished:,} conversations")
    typer.echo(f"to get them back: personae pull {experiment.id} --from {client.base_url} --out FILE", err=True)
