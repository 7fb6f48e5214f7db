"""The real command in a real (pseudo) terminal: what it shows, and keys pressed."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.running import COMMAND, DEADLINE_S, environment


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
def terminal(*arguments: object, cwd: Path) -> Iterator[Screen]:
    """`personae ARGUMENTS` in a terminal. It is killed at the end if it still runs."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
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
