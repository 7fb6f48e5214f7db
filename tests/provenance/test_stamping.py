"""Bindings are proposed from what was seen, written on demand, and change nothing else in the file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from personae.errors import InputError
from personae.provenance import Binding, apply, describe, fingerprint, merge_recordings, propose
from tests.provenance.samples import SEEN

OTHER = fingerprint("You help, Ann.")
ROWS = (
    b'{"persona": "Ann",  "cost_usd": 1.0e-3, "huge": 123456789012345678901234567890,'
    b' "metadata": {"note": "a } in a text", "provenance": {"git": null, "case_uid": "case-1" } } }\r\n'
    b"\n"
    b'{"persona":"\\u00c9va","metadata":{"provenance":{"case_uid":"case-2"}}}\n'
    b'{"persona":"Bob","metadata":{}}'
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    path = tmp_path / "results.jsonl"
    path.write_bytes(ROWS)
    return path


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    path = tmp_path / "prompt_recordings.jsonl"
    user = replace(SEEN, role="user", case_uids=("case-1", "case-of-another-run"))
    merge_recordings(path, [SEEN, replace(SEEN, fingerprint=OTHER), user])
    return path


BINDINGS = {
    "case-1": [
        Binding("bot.py", "answer", 3, SEEN.sdk, SEEN.call, "system", tuple(sorted({SEEN.fingerprint, OTHER}))),
        Binding("bot.py", "answer", 3, SEEN.sdk, SEEN.call, "user", (SEEN.fingerprint,)),
    ]
}


def test_what_was_seen_is_proposed_for_the_cases_of_the_results(results: Path, recordings: Path) -> None:
    assert propose(results, recordings) == BINDINGS


def test_proposing_writes_nothing(results: Path, recordings: Path) -> None:
    propose(results, recordings)
    assert results.read_bytes() == ROWS


def test_a_stamped_row_holds_the_bindings_of_its_case(results: Path) -> None:
    apply(results, BINDINGS)
    row = json.loads(results.read_bytes().splitlines()[0])
    assert [(b["file"], b["function"], b["role"]) for b in row["metadata"]["provenance"]["bindings"]] == [
        ("bot.py", "answer", "system"),
        ("bot.py", "answer", "user"),
    ]


def test_everything_but_the_bindings_stays_byte_for_byte(results: Path) -> None:
    apply(results, BINDINGS)
    stamped = results.read_bytes()
    start = stamped.index(b', "bindings": ')
    end = stamped.index(b" } } }\r\n")
    assert stamped[:start] + stamped[end:] == ROWS


def test_the_number_of_changed_rows_is_returned(results: Path) -> None:
    assert apply(results, BINDINGS) == 1


def test_stamping_twice_changes_nothing(results: Path) -> None:
    apply(results, BINDINGS)
    once = results.read_bytes()
    assert (apply(results, BINDINGS), results.read_bytes()) == (0, once)


def test_a_later_stamp_adds_to_an_earlier_one(results: Path) -> None:
    apply(results, BINDINGS)
    apply(results, {"case-1": [replace(BINDINGS["case-1"][1], fingerprints=(OTHER,))]})
    bindings = json.loads(results.read_bytes().splitlines()[0])["metadata"]["provenance"]["bindings"]
    assert [set(binding["fingerprints"]) for binding in bindings] == [{SEEN.fingerprint, OTHER}] * 2


def test_a_binding_made_by_hand_stays(results: Path) -> None:
    results.write_text('{"metadata": {"provenance": {"bindings": ["mine"], "case_uid": "case-1"}}}\n')
    apply(results, BINDINGS)
    assert json.loads(results.read_text())["metadata"]["provenance"]["bindings"][0] == "mine"


def test_a_byte_order_mark_does_not_hide_the_first_row(results: Path) -> None:
    results.write_bytes(b"\xef\xbb\xbf" + ROWS)
    assert apply(results, BINDINGS) == 1


def test_a_broken_row_is_an_error_with_file_and_line(results: Path) -> None:
    results.write_bytes(ROWS + b"\n{\n")
    with pytest.raises(InputError, match=r"results\.jsonl:5: not valid JSON"):
        apply(results, BINDINGS)


def test_a_broken_row_leaves_the_file_as_it_is(results: Path) -> None:
    results.write_bytes(ROWS + b"\n{\n")
    with pytest.raises(InputError):
        apply(results, BINDINGS)
    assert results.read_bytes() == ROWS + b"\n{\n"


def test_bindings_that_are_no_list_are_an_error_with_the_field(results: Path) -> None:
    results.write_text('{"metadata": {"provenance": {"bindings": {}, "case_uid": "case-1"}}}\n')
    with pytest.raises(InputError, match=r"metadata\.provenance\.bindings: is not a list"):
        apply(results, BINDINGS)


def test_bindings_are_described_case_by_case() -> None:
    assert describe(BINDINGS) == [
        "case-1",
        "  bot.py:3 answer: openai chat.completions.create, system, 2 prompts",
        "  bot.py:3 answer: openai chat.completions.create, user, 1 prompt",
    ]
