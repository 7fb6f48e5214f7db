"""`personae judge` on a real result file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.running import Done, rows

Command = Callable[..., Done]


def label_all(folder: Path, name: str, rater: str, label: str = "YES") -> None:
    lines = [
        {"key": row["key"], "criterion": "goal", "rater": rater, "label": label} for row in rows(folder / "r.jsonl")
    ]
    (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_check_prints_agreement_and_writes_the_card(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    label_all(folder, "l.jsonl", "ann")
    done = command("judge", "check", "r.jsonl", "--labels", "l.jsonl", "--card", "card.json")
    assert done.code == 0, done.said
    assert "share of YES, corrected by people" in done.out
    (entry,) = json.loads((folder / "card.json").read_text())["criteria"]
    assert (entry["criterion"], entry["judge"]["model"], entry["n"]) == ("goal", "openai/judge", 2)


def test_check_as_json_has_no_nan(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    label_all(folder, "l.jsonl", "ann")
    done = command("judge", "check", "r.jsonl", "--labels", "l.jsonl", "--json")
    (found,) = json.loads(done.out, parse_constant=lambda name: 1 / 0)["criteria"]
    assert found["kappa"]["value"] is None
    assert found["kappa"]["reason"]


def test_check_of_labels_for_another_file_measures_nothing(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    (folder / "l.jsonl").write_text('{"key": "x", "criterion": "goal", "rater": "ann", "label": "NO"}\n')
    done = command("judge", "check", "r.jsonl", "--labels", "l.jsonl")
    assert done.code == 3
    assert "is not in the result file" in done.out


def test_merge_puts_two_peoples_labels_together(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    label_all(folder, "a.jsonl", "ann")
    label_all(folder, "b.jsonl", "bob")
    assert command("judge", "merge", "a.jsonl", "b.jsonl", "--out", "all.jsonl").code == 0
    assert {row["rater"] for row in rows(folder / "all.jsonl")} == {"ann", "bob"}
    assert command("judge", "merge", "a.jsonl", "--out", "all.jsonl").code == 2


def test_merge_refuses_one_name_for_two_people(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    label_all(folder, "a.jsonl", "ann")
    label_all(folder, "b.jsonl", "ann", "NO")
    done = command("judge", "merge", "a.jsonl", "b.jsonl", "--out", "all.jsonl")
    assert done.code == 2
    assert "ann says YES and NO of 'goal'" in done.err
