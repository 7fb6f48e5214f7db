"""Keys from a terminal, one by one, without Enter. None is lost that is pressed while the screen is drawn."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import click

with suppress(ImportError):  # Windows has neither; there click reads each key by itself
    import termios
    import tty

END = "\x04"
"""What is read at the end of the input."""


@dataclass(slots=True)
class Keys:
    """The keyboard, while it is ours."""

    waiting: deque[str] = field(default_factory=deque)

    def next(self) -> str:
        """The next key, lower case. Arrows and the like are no keys here."""
        if "termios" not in globals():
            return click.getchar().lower()
        while not self.waiting:
            raw = os.read(sys.stdin.fileno(), 64)
            if not raw:
                return END
            if not raw.startswith(b"\x1b"):
                self.waiting.extend(raw.decode(errors="ignore").lower())
        return self.waiting.popleft()


@contextmanager
def keyboard() -> Iterator[Keys]:
    """Keys come as they are pressed and are not shown, until this is left."""
    with _mode(cooked=False):
        yield Keys()


@contextmanager
def whole_lines() -> Iterator[None]:
    """In between, a line is written as usual."""
    with _mode(cooked=True):
        yield


@contextmanager
def _mode(*, cooked: bool) -> Iterator[None]:
    if "termios" not in globals():
        yield
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        if cooked:
            usual = list(before)
            usual[3] |= termios.ICANON | termios.ECHO
            termios.tcsetattr(terminal, termios.TCSADRAIN, usual)
        else:
            tty.setcbreak(terminal, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
