"""The rows of a result file: half a last line is left out, any other broken one is an error with its place."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from personae.core.usage import Usage
from personae.core.validity import Attempt, Finding, Validity
from personae.errors import InputError
from personae.experiments import at_once
from personae.experiments.result_file import read_rows
from personae.experiments.tally import tally
from tests.reports.samples import make, sample_rows, write_rows


def test_a_half_written_last_line_is_left_out_and_counted(tmp_path: Path) -> None:
    path = write_rows([make().as_row(), make(persona="Bo").as_row()], tmp_path / "r.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole + '{"key": "x", "persona": {"name": "Zoë'.encode()[:-1])
    data = tally(read_rows(path))
    assert (data.conversations, data.half_lines) == (2, 1)


BROKEN: list[tuple[str, str]] = [
    ("not json", "is not JSON"),
    ("[1]", "not a JSON object"),
    ('{"key": "a"}', "it has no 'persona'"),
    ('{"key": NaN}', "NaN is not a number of JSON"),
]


@pytest.mark.parametrize(("line", "problem"), BROKEN)
def test_any_other_broken_line_is_an_error_with_its_place(tmp_path: Path, line: str, problem: str) -> None:
    path = write_rows([make().as_row()], tmp_path / "r.jsonl")
    path.write_text(path.read_text() + line + "\n" + json.dumps(make(persona="Bo").as_row()) + "\n")
    with pytest.raises(InputError, match=r"r\.jsonl:2: ") as caught:
        tally(read_rows(path))
    assert problem in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        tally(read_rows(tmp_path / "none.jsonl"))


def test_a_conversation_that_was_gone_on_with_counts_once(tmp_path: Path) -> None:
    cut, done = make(termination="cancelled", goal=None), make()
    path = write_rows([cut.as_row(), make(persona="Bo").as_row(), done.as_row()], tmp_path / "r.jsonl")
    data = tally(read_rows(path))
    assert (data.conversations, data.measured, data.superseded) == (2, 2, 1)


FINDING = Finding("role_leak", 1, "How can I help", "it offers help", "invalid")


def rows_of_all_kinds() -> list[dict[str, Any]]:
    """Repeats of one pair far apart, and of everything that is counted more than once."""
    rows: list[dict[str, Any]] = []
    for number, sample in enumerate(sorted(sample_rows(), key=lambda row: (row["epoch"], row["key"]))):
        row = json.loads(json.dumps(sample))
        for score in row["metrics"]:  # so that they add up to the same in any order
            score["value"] = None if score["value"] is None else round(score["value"] * 4) / 4
        row["persona"]["facts"] = [{"name": "order", "value": "7731"}]
        row["metadata"] |= {"behaviours": [{"name": "typos", "probability": 0.5, "intensity": 1 + number % 2}]}
        row["metadata"]["shard"] = f"shard {number % 20}"
        for place, turn in enumerate(row["transcript"]):
            shown = {"planned": place % 3 == 0, "delivered": (None, True, False)[number % 3]}
            turn["metadata"] = {**(turn.get("metadata") or {}), "behaviours": {"typos": shown}}
        if number % 5 == 0 and row["goal"]:
            row["goal"]["votes"] = [{"judge": name, "verdict": name != "b"} for name in "abc"]
        if number % 7 == 0:
            attempt = Attempt((), "stuck", (FINDING,), {"simulator": Usage(2, priced_usd=0.25)})
            row["validity"] = Validity("invalid", "simulator", (FINDING,), (attempt,)).as_dict()
        rows.append(row)
    return rows


def test_a_long_file_is_counted_by_two_processes_or_by_one_and_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = rows_of_all_kinds()
    gone_on = {**rows[0], "termination": "cancelled", "goal": None}
    path = write_rows([gone_on, *rows[1:], rows[0]], tmp_path / "r.jsonl")
    path.write_text(path.read_text() + '{"key": "half')
    short = tally(read_rows(path))
    assert (short.superseded, short.half_lines, short.conversations) == (1, 1, len(rows))
    assert short.variance
    assert short.behaviours
    assert short.facts_told
    assert short.fairness.attempts
    monkeypatch.setattr(at_once, "_LONG", 0)
    long = tally(read_rows(path))
    assert long.as_dict() == short.as_dict()
    assert (long.excluded, long.latency, long.facts) == (short.excluded, short.latency, short.facts)
    path.write_text(path.read_text() + "\n")
    with pytest.raises(InputError, match=rf"r\.jsonl:{len(rows) + 2}: is not JSON"):
        tally(read_rows(path))


def test_where_no_other_process_can_be_had_one_counts_it_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_rows(sample_rows(), tmp_path / "r.jsonl")
    monkeypatch.setattr(at_once, "_LONG", 0)
    both = tally(read_rows(path))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert tally(read_rows(path)) == both
