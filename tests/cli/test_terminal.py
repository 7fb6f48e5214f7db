"""Live progress, on a real (pseudo) terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

from lab.fake_llm import FakeLLM
from tests.running import COMMAND, environment, personas_file


def seen_on_a_terminal(folder: Path, *arguments: object) -> tuple[int, str]:
    """Exit code and everything that was written to the terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=environment(TERM="xterm-256color", COLUMNS="80"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = bytearray()
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    return process.wait(), seen.decode()


def test_progress_shows_counts_money_and_time_and_then_makes_room_for_the_summary(tmp_path: Path) -> None:
    people = personas_file(tmp_path, 12)
    with people.open("a") as file:
        file.write('{"name": "[/red] \\u001b[2J", "profile": "x", "goal": "y", "success_criteria": "z"}\n')
    with FakeLLM.in_process(None, "--end-after", "3", "--latency-ms", "60") as fake:
        url = fake.url + "/v1"
        code, seen = seen_on_a_terminal(
            tmp_path, "simulate", "--bot", "mock", "--base-url", url, "--simulator-model", "sim", "--judge-model", "j",
            "--personas", people, "--concurrency", 3, "--price", "1/2",
        )  # fmt: skip
    assert code == 0, seen
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    assert re.search(r"\d+ of 13 done +\d running +0 errors +\$0\.\d{4} of \$1\.00", plain)
    assert re.search(r"\d+ s left", plain)
    bars = [line for line in plain.splitlines() if " running " in line]
    assert all(re.search(r"errors +\$0\.\d{4} of \$1\.00 +(time left: \?|\d+ s left) *$", line) for line in bars), bars
    assert "\x1b[2J" not in seen
    assert "Traceback" not in seen
    assert plain.index("13 conversations with") > plain.rindex("running")
    assert seen.count("\x1b[?25l") == seen.count("\x1b[?25h")
