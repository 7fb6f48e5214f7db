"""The command in this process: as fast as a function, as real as the program."""

from __future__ import annotations

import gc
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.fake_llm import FakeLLM
from personae.cli import main
from tests.running import Done, environment, personas_file

Command = Callable[..., Done]


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM.in_thread(end_after=2) as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a file of two personas in it."""
    monkeypatch.chdir(tmp_path)
    personas_file(tmp_path)
    return tmp_path


@pytest.fixture
def command(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """`command("report", "r.jsonl")` runs `personae report r.jsonl` to its end."""
    terminate, thresholds = signal.getsignal(signal.SIGTERM), gc.get_threshold()
    handlers = {name: list(logging.getLogger(name).handlers) for name in ("stamina", "personae")}
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["personae", *map(str, arguments)])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 0 if exit_.code is None else 1
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err, out + err
        return Done(code, out, err)

    yield run
    signal.signal(signal.SIGTERM, terminate)
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    for name, before in handlers.items():
        logging.getLogger(name).handlers[:] = before


@pytest.fixture
def simulate(command: Command, fake: FakeLLM) -> Command:
    """`personae simulate` of the two personas with the mock bot, everything at the fake server."""
    url = fake.url + "/v1"
    usual: dict[str, object] = {
        "--bot": "mock",
        "--personas": "personas.jsonl",
        "--base-url": url,
        "--simulator-model": "sim",
        "--judge-model": "judge",
        "--out": "r.jsonl",
    }

    def run(*arguments: object, without: tuple[str, ...] = ()) -> Done:
        given = {name: value for name, value in usual.items() if name not in arguments and name not in without}
        return command("simulate", *(word for pair in given.items() for word in pair), *arguments)

    return run
