"""Ctrl-C and a polite end by the system."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.fake_llm import FakeLLM
from tests.faults.test_killed import CONVERSATIONS, arguments
from tests.running import SIGINT, SIGTERM, Done, ended, lines, personae, rows, started, until


@pytest.fixture(scope="module", params=[SIGINT, SIGTERM], ids=["ctrl-c", "sigterm"])
def stopped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Done, Path]:
    """What the stopped command said, what the same command said after it, and the folder."""
    folder = tmp_path_factory.mktemp("stopped")
    out = folder / "results.jsonl"
    with FakeLLM.in_process(None, "--end-after", "3", "--latency-ms", "15") as fake:
        same = arguments(fake, folder, "--out", out)
        with started(*same, cwd=folder) as process:
            until(lambda: lines(out) >= 5, "five conversations were done")
            first = ended(process, request.param)
        (folder / "first.txt").write_text(str(len(rows(out))))
        second = personae(*same, cwd=folder)
    return first, second, folder


def test_the_exit_code_says_that_it_was_stopped(stopped: tuple[Done, Done, Path]) -> None:
    assert stopped[0].code == 130


def test_it_says_how_to_go_on(stopped: tuple[Done, Done, Path]) -> None:
    assert "Run the same command again to go on." in stopped[0].err
    assert "results.jsonl" in stopped[0].err


def test_there_is_no_traceback(stopped: tuple[Done, Done, Path]) -> None:
    assert "Traceback" not in stopped[0].said


def test_what_was_done_is_kept(stopped: tuple[Done, Done, Path]) -> None:
    assert int((stopped[2] / "first.txt").read_text()) >= 5


def test_the_same_command_completes_it(stopped: tuple[Done, Done, Path]) -> None:
    _, second, folder = stopped
    assert second.code == 0, second.err
    found = rows(folder / "results.jsonl")
    assert len({row["key"] for row in found}) == len(found) == CONVERSATIONS
    assert {row["stop_reason"] for row in found} == {"goal_reached"}
