"""Bots that hang, end the program, raise, or answer what is no text: each is one conversation's bot_error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.fake_llm import FakeLLM
from tests.running import Done, personae, personas_file, rows

BODIES = {
    "hangs": "import time; time.sleep(3600)",
    "calls sys.exit": "import sys; sys.exit(0)",
    "raises": "raise RuntimeError('out of order')",
    "raises what is no Exception": "raise KeyboardInterrupt",
    "returns None": "return None",
    "returns a number": "return 7",
    "returns blanks": "return '  '",
}
NEXT = "\n    if 'order 1' not in prompt: return 'All right.'\n    "


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeLLM]:
    with FakeLLM.in_thread(end_after=1) as served:
        yield served


def simulate(fake: FakeLLM, folder: Path, *bot: object) -> Done:
    return personae(
        "simulate", *bot, "--base-url", fake.url + "/v1", "--simulator-model", "sim", "--judge-model", "j",
        "--personas", personas_file(folder, 2), "--metrics", "none", "--turn-timeout", 0.5, "--out", "r.jsonl",
        cwd=folder,
    )  # fmt: skip


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_bad_function_is_a_bot_error_of_each_conversation(fake: FakeLLM, tmp_path: Path, body: str) -> None:
    (tmp_path / "bot.py").write_text(f"def model_fn(prompt):\n    {body}\n")
    done = simulate(fake, tmp_path, "--model-cmd", "bot.py")
    found = rows(tmp_path / "r.jsonl")
    assert [row["termination"] for row in found] == ["bot_error"] * 2
    assert all("bot.py" in row["error"] for row in found)
    assert done.code == 3
    assert "nothing was measured" in done.err
    assert "Traceback" not in done.said


def test_a_program_that_ends_itself_is_a_bot_error(fake: FakeLLM, tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text("import os, sys\nsys.stdin.readline()\nos._exit(9)\n")
    done = simulate(fake, tmp_path, "--bot", f"command:{sys.executable} bot.py")
    found = rows(tmp_path / "r.jsonl")
    assert [row["termination"] for row in found] == ["bot_error"] * 2
    assert "exit status 9" in found[0]["error"]
    assert done.code == 3


def test_a_function_that_ends_the_process_loses_no_earlier_conversation(fake: FakeLLM, tmp_path: Path) -> None:
    bot = "import os, pathlib\ndef model_fn(prompt):\n    here = pathlib.Path('asked')\n"
    bot += "    if here.exists(): os._exit(9)\n    here.touch()\n    return 'All right.'\n"
    (tmp_path / "bot.py").write_text(bot)
    arguments = [
        "simulate", "--model-cmd", "bot.py", "--base-url", fake.url + "/v1", "--simulator-model", "sim",
        "--judge-model", "j", "--personas", personas_file(tmp_path, 2), "--metrics", "none", "--concurrency", 1,
        "--max-turns", 1, "--out", "r.jsonl",
    ]  # fmt: skip
    assert personae(*arguments, cwd=tmp_path).code == 9
    assert [row["persona"]["name"] for row in rows(tmp_path / "r.jsonl")] == ["persona 1"]
    (tmp_path / "asked").unlink()
    assert personae(*arguments, cwd=tmp_path).code == 0
    assert [row["persona"]["name"] for row in rows(tmp_path / "r.jsonl")] == ["persona 1", "persona 2"]
