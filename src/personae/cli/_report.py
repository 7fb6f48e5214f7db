"""What `personae report` and `personae view` do."""

from __future__ import annotations

import gc
import sys
import webbrowser
from dataclasses import replace
from pathlib import Path

import typer

from personae.errors import InputError
from personae.rating.card import JudgeCard
from personae.reports import ReportSource, reports
from personae.reports.json import JsonReport


def write(results: Path, *, html: Path | None, junit: Path | None, json: bool, card: Path | None = None) -> None:
    """Write what was asked for; the HTML report where nothing else is."""
    gc.disable()  # it ends soon, and to look through what is kept of very many rows takes half the time
    source = with_card(_source(results), card)
    if json:
        sys.stdout.write(JsonReport().render(source))
    if junit is not None:
        reports.get("junit")().write(source, junit)
        typer.echo(f"junit: {junit}", err=True)
    if html is not None or not (json or junit is not None):
        typer.echo(f"html: {_html(source, html or results.with_suffix('.html'))}", err=True)


def view(results: Path, *, browser: bool) -> None:
    """Write the HTML report beside the results and open it."""
    path = _html(_source(results), results.with_suffix(".html")).resolve()
    typer.echo(str(path))
    if browser and not webbrowser.open(path.as_uri()):
        typer.echo("no browser could be opened: open that file yourself", err=True)


def with_card(source: ReportSource, card: Path | None) -> ReportSource:
    """The source with what is known of the judge. Raises InputError."""
    return source if card is None else replace(source, card=JudgeCard.read(card))


def _source(results: Path) -> ReportSource:
    if not results.is_file():
        raise InputError("there is no such file: give a result file of `personae simulate`", file=results)
    return ReportSource.from_file(results)


def _html(source: ReportSource, path: Path) -> Path:
    reports.get("html")().write(source, path)
    return path
