"""`python -m bench`: measure, print the tables, write bench/RESULTS.md. Exit code 1 when a target is missed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.generation import generation_row
from bench.many import many
from bench.over_workers import cluster_rows
from bench.platform import server_rows
from bench.report import markdown, tables, verdict
from bench.rows import Row, rows
from bench.web import web_row

ALL = "abcdefghij"
RESULTS = Path(__file__).with_name("RESULTS.md")


def show(console: Console, row: Row) -> None:
    console.print(f"\n[bold]{row.title}[/bold]")
    for head, lines in tables(row):
        if len(head) > 8:  # the long table is turned: one column per program
            table = Table("", *(line[0] for line in lines))
            for index, name in enumerate(head[1:], 1):
                table.add_row(name, *(line[index] for line in lines))
        else:
            table = Table(*head)
            for line in lines:
                table.add_row(*line)
        console.print(table)
    for note in row.notes:
        console.print(f"- {note}", markup=False, highlight=False)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small, in under a minute; writes no file")
    parser.add_argument("--only", default=ALL, metavar="ROWS", help=f"some of {ALL}; writes no file")
    parser.add_argument("--out", type=Path, help="write the page here instead, whatever was run")
    options = parser.parse_args()
    chosen = {"quick": options.quick, "only": options.only}
    measured = [*rows(**chosen), *server_rows(**chosen), *cluster_rows(**chosen)]
    if "g" in options.only:
        measured.append(many(quick=options.quick))
    if "i" in options.only:
        measured.append(generation_row(quick=options.quick))
    if "j" in options.only:
        measured.append(web_row(quick=options.quick))
    console = Console()
    for row in measured:
        show(console, row)
    full = not options.quick and options.only == ALL
    out = options.out or (RESULTS if full else None)
    if out is not None:
        out.write_text(markdown(measured, quick=options.quick), encoding="utf-8")
        console.print(f"\nwritten: {out.name}")
    targets = [target for row in measured for target in row.targets]
    missed = [target.what for target in targets if not target.met]
    if targets:
        console.print(f"{len(targets)} targets: {verdict(not missed)} {', '.join(missed)}")
    else:
        console.print("nothing was held against a target")
    return 1 if missed or not targets else 0


if __name__ == "__main__":
    sys.exit(main())
