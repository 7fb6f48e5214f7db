"""The end of `personae simulate`: its reports, its summary, and what can be done about what failed.

Imported where somebody reads them: a quiet run that is asked for no report needs none of it.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator

from rich.console import Console

from personae.cli._report import with_card
from personae.cli._say import say
from personae.cli._simulate_options import Options
from personae.experiments.report_data import ReportData
from personae.reports import ReportSource, reports
from personae.reports.json import JsonReport
from personae.reports.terminal import TerminalReport


def summed_up(options: Options) -> ReportData:
    """Write the reports that were asked for and print the summary: all of it from the result file."""
    source = with_card(ReportSource.from_file(options.out), options.judge_card)
    if options.json:
        sys.stdout.write(JsonReport().render(source))
    elif not options.quiet:
        TerminalReport().show(source, Console(highlight=False))
    written = [("results", options.out)]
    for name, path in (("html", options.html), ("junit", options.junit), ("cases", options.export_cases)):
        if path is not None:
            reports.get(name)().write(source, path)
            written.append((name, path))
    if not options.quiet:
        for name, path in written:
            say(f"{name}: {path}")
        for advice in _advice(source.data):
            say(advice, "yellow")
        if options.html is None:
            say(f"to read it: personae view {shlex.quote(str(options.out))}")
    return source.data


def _advice(data: ReportData) -> Iterator[str]:
    """What can be done about conversations that have no rating."""
    if data.failed:
        yield f"{data.failed} failed or could not be rated: run the same command with --retry-errors to try again"
    if cut := data.terminations.get("budget_exceeded"):
        yield f"{cut} cut short by a ceiling: raise it and run the same command, and they go on"
