"""What `personae gate` does."""

from __future__ import annotations

import gc
import json as json_text
import sys
from pathlib import Path

import typer

from personae.cli import NOTHING_MEASURED
from personae.decisions import gate
from personae.errors import PersonaeError
from personae.experiments.gate import Verdict
from personae.reports import _gate_text
from personae.reports._text import visible

EXIT_CODES: dict[Verdict, int] = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 2}


def run(
    results: Path, policy: Path, *, baseline: Path | None, junit: Path | None, markdown: Path | None, json: bool
) -> None:
    """Decide, write what was asked for, and end with the verdict's exit code."""
    gc.disable()  # it ends soon, and to look through what is kept of very many rows takes half the time
    try:
        found = gate(results, policy, baseline)
        for path, write in ((junit, _gate_text.write_junit), (markdown, _gate_text.write_markdown)):
            if path is not None:
                write(found, path)
    except PersonaeError as error:  # 2, which bad input has elsewhere, is INCONCLUSIVE here
        typer.echo(visible(f"error: {error}"), err=True)
        raise typer.Exit(NOTHING_MEASURED) from None
    if json:
        sys.stdout.write(json_text.dumps(found.as_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    else:
        for line in _gate_text.lines(found):
            typer.echo(line)
    raise typer.Exit(EXIT_CODES[found.verdict])
