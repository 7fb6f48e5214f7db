"""What `personae judge check` and `personae judge merge` do and print."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from personae.cli import NOTHING_MEASURED
from personae.cli._say import say
from personae.errors import InputError
from personae.judges import check_judge
from personae.rating.card import JudgeCard
from personae.rating.checked import Check, CriterionCheck, Disagreement
from personae.rating.labels import GOAL, append_label, read_labels
from personae.rating.labels import merge as merge_labels
from personae.reports._text import decimal, figure, interval, one_line, plural, visible
from personae.stats.intervals import Estimate

MOST_DISAGREEMENTS = 10
"""Of each criterion, on the terminal. JSON has all."""


def check(path: Path, label_files: Sequence[Path], *, card: Path | None, as_json: bool) -> None:
    """Print what labels say of the judge, and write its card. Exits with 3 where nothing could be compared."""
    found = check_judge(path, label_files)
    if card is not None:
        known = JudgeCard.read(card) if card.exists() else JudgeCard(date="")
        checked = tuple(one.checked for one in found.criteria if one.table.n)
        known.with_(date=today(), source=path.name, criteria=checked).write(card)
    if as_json:
        sys.stdout.write(json.dumps(found.as_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    else:
        _show(found, Console(highlight=False))
        if card is not None:
            say(f"judge card: {card}")
    if not any(one.table.n for one in found.criteria):
        sys.exit(NOTHING_MEASURED)


def merge(files: Sequence[Path], out: Path) -> None:
    """Write all labels into one file. Raises InputError where a rater says different things of the same."""
    labels, conflicts = merge_labels(map(read_labels, files))
    if conflicts:
        first, second = conflicts[0]
        raise InputError(
            f"{first.rater} says {first.label} and {second.label} of {first.criterion!r} in conversation {first.key}: "
            f"give each person a name of their own ({plural(len(conflicts), 'such label')})"
        )
    if out.exists():
        raise InputError("is there already: name another file", file=out)
    for label in labels:
        append_label(out, label)
    raters = sorted({label.rater for label in labels})
    say(f"{out}: {plural(len(labels), 'label')} of {', '.join(raters) or 'nobody'}")


def existing(path: Path) -> Path:
    """`path`, which must be a file. Raises InputError."""
    if not path.is_file():
        raise InputError("there is no such file: give a result file of `personae simulate`", file=path)
    return path


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def _show(found: Check, console: Console) -> None:
    for one in found.criteria:
        console.print(Text(f"{_title(one)}", style="bold"))
        console.print(Text(f"judge {visible(one.version.model) or 'not recorded'}", style="dim"))
        console.print(_numbers(one))
        for pair in one.pairs:
            names = visible(" and ".join(pair.raters))
            console.print(Text(f"{names} agree on {pair.same} of {pair.both}, kappa {_number(pair.kappa)}"))
        for place, other in enumerate(one.disagreements[:MOST_DISAGREEMENTS], 1):
            _show_disagreement(place, other, console)
        if (left := len(one.disagreements) - MOST_DISAGREEMENTS) > 0:
            console.print(Text(f"… and {plural(left, 'more disagreement')}: see --json", style="dim"))
        console.print()
    for problem in found.problems:
        console.print(Text(visible(problem), style="yellow"), soft_wrap=True)


def _title(one: CriterionCheck) -> str:
    return "Goal achieved" if one.criterion == GOAL else one_line(one.criterion)


def _numbers(one: CriterionCheck) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    rows: list[tuple[str, Estimate, str]] = [
        ("kappa, judge and people", one.kappa, "metric"),
        ("alpha, people among themselves", one.alpha, "metric"),
        ("sensitivity: YES of people's YES", one.sensitivity, "criterion"),
        ("specificity: NO of people's NO", one.specificity, "criterion"),
        ("share of YES, by the judge", one.judge_rate, "criterion"),
        ("share of YES, corrected by people", one.corrected, "criterion"),
    ]
    for name, estimate, kind in rows:
        table.add_row(Text(f"  {name}"), Text(figure(estimate, kind)), Text(interval(estimate, kind), style="dim"))
    table.add_row(Text("  compared"), Text(str(one.table.n)), Text(_compared(one), style="dim"))
    return table


def _compared(one: CriterionCheck) -> str:
    table = one.table
    return (
        f"both YES {table.both:.0f}, both NO {table.neither:.0f}, only the judge YES {table.judge_only:.0f}, "
        f"only people YES {table.people_only:.0f}; of {one.rated:,} rated"
    )


def _show_disagreement(place: int, one: Disagreement, console: Console) -> None:
    verdict = "YES" if one.rating.verdict else "NO"
    people = ", ".join(f"{label.rater} {label.label}" for label in one.labels)
    who = f"{one_line(one.persona, 30)}, {one_line(one.scenario, 50)} [{one.key}]"
    console.print(Text(visible(f"  {place}. judge {verdict}, {people}: {who}")), soft_wrap=True)
    if one.rating.is_split:
        console.print(Text(f"     judges: {visible(one.rating.parting_votes)}", style="dim"), soft_wrap=True)
    if one.rating.reasoning:
        console.print(Text(f"     judge: {one_line(one.rating.reasoning, 300)}", style="dim"), soft_wrap=True)
    for quote in one.rating.quotes:
        where = f"turn {quote.turn}" if quote.found else "not in the transcript"
        console.print(Text(f"     “{one_line(quote.text)}” ({where})", style="dim"), soft_wrap=True)
    for label in one.labels:
        if label.note:
            console.print(
                Text(f"     {visible(label.rater)}: {one_line(label.note, 300)}", style="dim"), soft_wrap=True
            )


def _number(estimate: Estimate) -> str:
    if estimate.value is None:
        return f"undefined ({estimate.reason})"
    return f"{decimal(estimate.value)} ({interval(estimate, 'metric')})"
