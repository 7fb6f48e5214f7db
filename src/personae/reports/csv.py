"""CSV report: one row per conversation, for a spreadsheet.

Idea: who, what, how it ended, each criterion and metric in a column of its own, usage and cost. The honesty line is the
      first line. Texts that a spreadsheet would take for a formula are made plain by an apostrophe.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from personae.core.conversation import DISCLAIMER
from personae.core.result import SimulationResult
from personae.reports import ReportSource, reports, whole_file

_FIXED = (
    "key", "persona", "scenario", "goal", "epoch", "turns", "stop_reason", "explanation", "goal_achieved",
    "verdict_reason", "error", "validity", "fault", "cost_usd", "input_tokens", "output_tokens",
)  # fmt: skip
_VERDICTS = {True: "YES", False: "NO", None: ""}


@dataclass(frozen=True)
class _Columns:
    """The columns that differ from run to run, in the order in which they first appear."""

    criteria: tuple[str, ...]
    metrics: tuple[str, ...]
    fields: tuple[str, ...]


@reports.method("csv")
@dataclass(frozen=True)
class CsvReport:
    """One row per conversation, for a spreadsheet."""

    suffix: ClassVar[str] = ".csv"

    def write(self, source: ReportSource, out: Path) -> None:
        columns = _columns(source)
        with whole_file(out) as file:
            file.write(f"# {DISCLAIMER}\n")
            table = csv.writer(file)
            table.writerow([*_FIXED, *columns.fields, *columns.criteria, *columns.metrics])
            for result in source.results():
                table.writerow([_plain(value) for value in _row(result, columns)])


def _columns(source: ReportSource) -> _Columns:
    criteria: dict[str, None] = {}
    metrics: dict[str, None] = {}
    fields: dict[str, None] = {}
    for result in source.results():
        criteria |= dict.fromkeys(rating.criterion for rating in result.ratings)
        metrics |= dict.fromkeys(score.metric for score in result.scores)
        fields |= dict.fromkeys(result.scenario.fields)
    return _Columns(tuple(criteria), tuple(metrics), tuple(fields))


def _row(result: SimulationResult, columns: _Columns) -> Iterator[Any]:
    usage, row = result.total_usage, result.as_row()
    yield from (result.key, result.persona.name, result.scenario.label, result.scenario.goal, result.epoch)
    yield from (result.turns, result.stop_reason, result.conversation.explanation, _VERDICTS[result.goal_achieved])
    yield from (row["verdict_reason"], row["error"])
    yield from ("", "") if (fair := result.validity) is None else (fair.verdict, fair.fault or "")
    yield from (row["cost_usd"], usage.input_tokens, usage.output_tokens)
    verdicts: Mapping[str, bool | None] = {rating.criterion: rating.verdict for rating in result.ratings}
    scores = {score.metric: score.value for score in result.scores}
    yield from (result.scenario.fields.get(name, "") for name in columns.fields)
    yield from (_VERDICTS[verdicts.get(name)] for name in columns.criteria)
    yield from (scores.get(name) for name in columns.metrics)


def _plain(value: Any) -> Any:
    """A text that begins like a formula would be run by the program that opens the file."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
