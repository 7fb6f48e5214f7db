"""SQLite without a thread in between, for many small writes.

Each call of the usual connection travels to a thread and back, and a thread that wants the interpreter's lock while the
event loop is busy waits milliseconds for it. A group of records is some ten calls that SQLite itself answers in less
than one millisecond together: made in place they cost a third.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

import aiosqlite

P = ParamSpec("P")
R = TypeVar("R")

_LOCK_WAIT_S = 0.02
"""How long another process's write is waited for in place. Whoever writes tries again later; see `store.writer`."""


class InlineConnection(aiosqlite.Connection):
    """A connection whose calls are made where they stand. Its thread only opens and closes it."""

    async def _execute(self, fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._connection is None:
            raise ValueError("no active connection")  # in the words by which SQLAlchemy knows it
        return fn(*args, **kwargs)


async def inline_connection(file: str) -> aiosqlite.Connection:
    """An open connection to a database file."""
    options: dict[str, Any] = {"timeout": _LOCK_WAIT_S, "check_same_thread": False}
    return await InlineConnection(partial(sqlite3.connect, file, **options), iter_chunk_size=64)
