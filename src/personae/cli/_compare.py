"""What `personae compare` does."""

from __future__ import annotations

import gc
import json as json_text
import sys
from pathlib import Path

import typer
from rich.console import Console

from personae.decisions import compare
from personae.reports import _compare_text


def run(before: Path, after: Path, *, correction: str, html: Path | None, json: bool, force: bool) -> None:
    """Compare, print, and write the page where one is asked for."""
    gc.disable()  # it ends soon, and to look through what is kept of very many rows takes half the time
    found = compare(before, after, correction=correction, force=force)
    if json:
        sys.stdout.write(json_text.dumps(found.as_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    else:
        _compare_text.show(found, Console(highlight=False))
    if html is not None:
        from personae.reports._compare_html import write  # templates, which nothing else here needs

        write(found, before, after, html)
        typer.echo(f"html: {html}", err=True)
