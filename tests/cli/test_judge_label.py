"""Labelling on a real (pseudo) terminal: keys in, labels in the file, and never the judge's answer on the screen."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from personae.core.conversation import Conversation, Turn
from personae.core.persona import Persona, Scenario
from personae.core.rating import Quote, Rating
from personae.core.result import SimulationResult
from tests.running import COMMAND, DEADLINE_S, environment, personae, rows

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


@dataclass
class Screen:
    """A terminal that somebody sits at."""

    ours: int
    process: subprocess.Popen[bytes]
    seen: str = ""
    read: int = field(default=0)

    def until(self, words: str) -> str:
        """What came since the last time, up to `words`."""
        deadline = time.monotonic() + DEADLINE_S
        while words not in self.seen[self.read :]:
            if time.monotonic() > deadline or not select.select([self.ours], [], [], DEADLINE_S)[0]:
                raise AssertionError(f"waited in vain for {words!r}: {self.seen[self.read :]}")
            try:
                self.seen += os.read(self.ours, 65536).decode(errors="replace")
            except OSError:
                raise AssertionError(f"it ended before {words!r}: {self.seen[self.read :]}") from None
        end = self.seen.index(words, self.read) + len(words)
        part, self.read = self.seen[self.read : end], end
        return part

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())


@contextmanager
def labelling(folder: Path, *arguments: str) -> Iterator[Screen]:
    ours, theirs = pty.openpty()
    command = [*COMMAND, "judge", "label", "r.jsonl", "--rater", "ann", "--out", "l.jsonl", *arguments]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(TERM="xterm-256color", COLUMNS="100"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        yield Screen(ours, process)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


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
