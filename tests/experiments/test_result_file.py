"""The rows of a result file: half a last line is left out, any other broken one is an error with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from personae.errors import InputError
from personae.experiments.result_file import read_rows
from personae.experiments.tally import tally
from tests.reports.samples import make, write_rows


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
