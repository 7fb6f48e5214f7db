"""A disk that is full, and two runs that want one file, through the real command."""

from __future__ import annotations

import resource
import signal
import subprocess
from pathlib import Path

from lab.fake_llm import FakeLLM, FakeLLMProcess
from tests.faults.test_killed import arguments
from tests.running import COMMAND, DEADLINE_S, environment, lines, personae, rows, started, until


def options(fake: FakeLLMProcess, folder: Path) -> list[object]:
    return [*arguments(fake, folder, "--out", "r.jsonl"), "--html", "r.html"]


def test_a_full_disk_stops_the_run_keeps_what_was_recorded_and_can_go_on(tmp_path: Path) -> None:
    with FakeLLM.in_process(None, "--end-after", "3", "--latency-ms", "10") as fake:
        full = subprocess.run(
            [*COMMAND, *map(str, options(fake, tmp_path))],
            cwd=tmp_path,
            env=environment(PYTHONDONTWRITEBYTECODE="1"),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)),
        )
        found = rows(tmp_path / "r.jsonl")
        again = personae(*options(fake, tmp_path), cwd=tmp_path)
    assert full.returncode != 0
    assert "make room and run the same command again to go on" in full.stderr
    assert "Traceback" not in full.stderr
    assert 0 < len(found) < 50
    assert again.code == 0, again.err
    assert len({row["key"] for row in rows(tmp_path / "r.jsonl")}) == len(rows(tmp_path / "r.jsonl")) == 50
    assert {row["key"] for row in found} < {row["key"] for row in rows(tmp_path / "r.jsonl")}


def test_a_second_run_on_the_same_file_is_told_so_and_does_no_harm(tmp_path: Path) -> None:
    with (
        FakeLLM.in_process(None, "--end-after", "3", "--latency-ms", "10") as fake,
        started(*options(fake, tmp_path), cwd=tmp_path) as first,
    ):
        until(lambda: lines(tmp_path / "r.jsonl") >= 1, "one conversation was done")
        first.send_signal(signal.SIGSTOP)  # it shall not end before the second has begun
        second = personae(*options(fake, tmp_path), cwd=tmp_path)
        first.send_signal(signal.SIGCONT)
        first.communicate(timeout=DEADLINE_S)
    assert second.code == 2
    assert second.err == "error: another run is writing 'r.jsonl': wait for it, or give another --out\n"
    assert first.returncode == 0
    assert len(rows(tmp_path / "r.jsonl")) == 50


def test_a_request_that_asks_for_a_column_which_no_row_has_is_refused_before_the_first_call(tmp_path: Path) -> None:
    (tmp_path / "bot.yaml").write_text(
        "bot: custom_api\nurl: http://127.0.0.1:9/{{tenant}}\nbody: {text: '{{message}}'}\nreply_path: text\n"
    )
    with FakeLLM.in_process() as fake:
        usual = arguments(fake, tmp_path)
        at = usual.index("--bot")
        done = personae(*usual[:at], "--bot", "bot.yaml", *usual[at + 4 :], cwd=tmp_path)
        calls = fake.ledger.calls()
    assert done.code == 2
    assert "the bot's requests ask for 'tenant'" in done.err
    assert calls == 0
