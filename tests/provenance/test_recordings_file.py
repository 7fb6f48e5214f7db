"""The file of recordings: merged whole, by several processes, and strict about what is in it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from personae.errors import InputError
from personae.provenance import fingerprint, merge_recordings, read_recordings
from tests.provenance.samples import EARLY, SEEN


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prompt_recordings.jsonl"


def test_a_recording_comes_back_as_it_was_written(path: Path) -> None:
    merge_recordings(path, [SEEN])
    assert list(read_recordings(path)) == [SEEN]


def test_the_same_prompt_is_merged_into_one_line(path: Path) -> None:
    merge_recordings(path, [SEEN])
    merge_recordings(path, [replace(SEEN, line=9, case_uids=("case-0",), first_seen=EARLY, last_seen=EARLY, text="T")])
    merged = replace(SEEN, case_uids=("case-0", "case-1"), count=4, first_seen=EARLY, text="T")
    assert list(read_recordings(path)) == [merged]


def test_lines_stay_where_they_are(path: Path) -> None:
    merge_recordings(path, [replace(SEEN, file="z.py")])
    merge_recordings(path, [SEEN, replace(SEEN, file="z.py")])
    assert [recording.file for recording in read_recordings(path)] == ["z.py", "bot.py"]


def test_merging_leaves_no_other_file_behind(path: Path) -> None:
    merge_recordings(path, [SEEN])
    assert [file.name for file in path.parent.iterdir()] == [path.name]


WRONG: dict[str, tuple[str, Any]] = {
    "is 0, not a number from 1": ("count", 0),
    "is True, not a number from 1": ("line", True),
    "is 'case-1', not a list of texts": ("case_uids", "case-1"),
    "is 7, not a text": ("role", 7),
    "is 'yesterday', not a time": ("last_seen", "yesterday"),
    "is '2026-01-01T08:00:00', not a time": ("first_seen", "2026-01-01T08:00:00"),
    "is 99, this version of personae reads 1": ("schema_version", 99),
    "is no field of a recording": ("colour", "red"),
}


@pytest.mark.parametrize(("problem", "change"), WRONG.items(), ids=WRONG)
def test_a_wrong_field_is_an_error_with_line_and_field(path: Path, problem: str, change: tuple[str, Any]) -> None:
    good = SEEN.to_json()
    field, value = change
    path.write_bytes(good + b"\n" + json.dumps({**json.loads(good), field: value}).encode() + b"\n")
    with pytest.raises(InputError) as raised:
        list(read_recordings(path))
    assert (raised.value.line, raised.value.field, problem in str(raised.value)) == (2, field, True)


def test_a_cut_off_line_is_an_error_with_its_number(path: Path) -> None:
    path.write_bytes(SEEN.to_json() + b"\n" + SEEN.to_json()[:40])
    with pytest.raises(InputError, match=r"jsonl:2: not valid JSON"):
        list(read_recordings(path))


def test_merging_into_a_broken_file_leaves_it_as_it_is(path: Path) -> None:
    path.write_text("broken\n")
    with pytest.raises(InputError):
        merge_recordings(path, [SEEN])
    assert path.read_text() == "broken\n"


PROCESS = """
import sys
from pathlib import Path
from personae.provenance import merge_recordings, read_recordings
seen = list(read_recordings(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(40):
    merge_recordings(sys.argv[2], seen)
"""


def test_two_processes_that_merge_at_once_lose_nothing(path: Path, tmp_path: Path) -> None:
    merge_recordings(tmp_path / "one.jsonl", [replace(SEEN, count=1)])
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, tmp_path / "one.jsonl", path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate(timeout=60)
    assert [recording.count for recording in read_recordings(path)] == [80]


SAME = [("a\r\nb", "a\nb"), ("a  \nb", "a\nb"), ("\n a \n", "a"), ("e\u0301", "\u00e9")]


@pytest.mark.parametrize(("one", "other"), SAME, ids=["line end", "trailing blanks", "around", "NFC"])
def test_a_fingerprint_is_the_same_for_the_same_words(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)


def test_a_fingerprint_differs_with_the_words() -> None:
    assert fingerprint("a b") != fingerprint("a  b")
