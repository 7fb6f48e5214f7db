"""Run the real command, and personas to run it with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personae.core.persona import Persona

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-c", "from personae.cli import main; main()"]
DEADLINE_S = 180.0
"""Far more than anything takes: CI runs four tests at once on two cores."""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


def environment(**variables: str) -> dict[str, str]:
    """A plain terminal's, without keys of the developer, and with short waits between tries."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "_BASE_URL"))}
    return (
        kept
        | {
            "COLUMNS": "140",
            "NO_COLOR": "1",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}",
            "OPENAI_API_KEY": "sk-x",
        }
        | variables
    )


def personae(*arguments: object, cwd: Path, **variables: str) -> Done:
    """`personae ARGUMENTS` as a process of its own, to its end."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def started(*arguments: object, cwd: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """The same while it runs. It is killed at the end if it still does."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:  # at its end it waits for the process: whatever happened, that must be told to end first
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def ended(process: subprocess.Popen[str], number: int | None = None) -> Done:
    """Wait for its end, after a signal if one is named."""
    if number is not None:
        process.send_signal(number)
    out, err = process.communicate(timeout=DEADLINE_S)
    return Done(process.returncode, out, err)


def until(is_so: Callable[[], bool], what: str) -> None:
    """Wait until something is so. A test that waits in vain fails by what it waited for."""
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain until {what}")
        time.sleep(0.005)


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def personas(count: int = 2, *, success: str = "The bot says what happens next.") -> list[Persona]:
    return [
        Persona(name=f"persona {number}", description="Short of time.", goal=f"Cancel order {number}.",
                success_criteria=success)
        for number in range(1, count + 1)
    ]  # fmt: skip


def personas_file(folder: Path, count: int = 2, name: str = "personas.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(persona.as_dict()) + "\n" for persona in personas(count)), encoding="utf-8")
    return path


SIGINT, SIGTERM = signal.SIGINT, signal.SIGTERM
