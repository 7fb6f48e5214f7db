"""Labelling on a real (pseudo) terminal: keys in, labels in the file, and never the judge's answer on the screen."""

from __future__ import annotations

import json
import re
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from personae.core.conversation import Conversation, Turn
from personae.core.persona import Persona, Scenario
from personae.core.rating import Quote, Rating
from personae.core.result import SimulationResult
from tests.running import personae, rows
from tests.terminal import Screen, terminal

SECRET = "THE JUDGE THINKS SO"
KEYS = "q quit"


def result(number: int) -> SimulationResult:
    turns = (Turn("user", f"Cancel order {number}."), Turn("assistant", "It is [bold]cancelled\x1b[2J."))
    return SimulationResult(
        f"k{number}",
        Persona(name="Ann", description="x"),
        Scenario(goal="Cancel it.", expected_outcome="The order is cancelled."),
        1,
        Conversation(turns, "goal_met", explanation=SECRET),
        goal=Rating("The order is cancelled.", number % 2 == 0, SECRET, (Quote(2, SECRET, found=False),)),
        metadata={"judge_model": "lab/judge"},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = (json.dumps(result(number).as_row()) + "\n" for number in range(4))
    (tmp_path / "r.jsonl").write_text("".join(lines))
    return tmp_path


def labelling(folder: Path, *arguments: str) -> AbstractContextManager[Screen]:
    return terminal("judge", "label", "r.jsonl", "--rater", "ann", "--out", "l.jsonl", *arguments, cwd=folder)


def test_keys_become_labels_at_once_and_the_judge_is_not_seen(folder: Path) -> None:
    with labelling(folder) as screen:
        shown = ""
        for key in "ynuy":
            shown += screen.until(KEYS)
            screen.press(key)
        shown += screen.until("personae judge check")
    assert [row["label"] for row in rows(folder / "l.jsonl")] == ["YES", "NO", "unsure", "YES"]
    assert {row["key"] for row in rows(folder / "l.jsonl")} == {"k0", "k1", "k2", "k3"}
    assert "The order is cancelled." in shown
    assert SECRET not in shown
    assert "goal_met" not in shown
    assert "\x1b[2J." not in shown
    assert not re.search(r"\b(YES|NO)\b", shown)


def test_a_killed_session_goes_on_where_it_was(folder: Path) -> None:
    with labelling(folder) as screen:
        screen.until(KEYS)
        screen.press("y")
        screen.until("2 of 4")
    with labelling(folder) as screen:
        assert "2 of 4" in screen.until(KEYS)
        screen.press("q")
        screen.until("the same command goes on")
    assert len(rows(folder / "l.jsonl")) == 1


def test_back_changes_the_answer_before_and_a_note_goes_with_it(folder: Path) -> None:
    with labelling(folder) as screen:
        screen.until(KEYS)
        screen.press("y")
        screen.until(KEYS)
        screen.press("b")
        assert "you said YES" in screen.until(KEYS)
        screen.press("t")
        screen.until("note: ")
        screen.press("it was late\n")
        screen.until(KEYS)
        screen.press("n")
        assert "2 of 4" in screen.until(KEYS)
    first, last = rows(folder / "l.jsonl")
    assert first["key"] == last["key"]
    assert (last["label"], last["note"]) == ("NO", "it was late")


def test_without_a_terminal_it_says_so(folder: Path) -> None:
    done = personae("judge", "label", "r.jsonl", "--rater", "ann", "--out", "l.jsonl", cwd=folder)
    assert done.code == 2
    assert "labelling is done by keys in a terminal" in done.err
