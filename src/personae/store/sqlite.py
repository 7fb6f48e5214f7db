"""SQLite with few trips to a thread, and without any for many small writes.

Each call of the usual connection travels to its thread and back, and a statement is four of them: make a cursor,
execute, fetch, close. A page asks some thirty statements, most of which SQLite answers in less time than a trip takes;
and where another thread works, each trip waits up to 5 ms for the interpreter's lock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, ParamSpec, TypeVar

import aiosqlite
from aiosqlite.context import contextmanager

P = ParamSpec("P")
R = TypeVar("R")

_LOCK_WAIT_S = 0.02
"""How long another process's write is waited for in place. Whoever writes tries again later; see `store.writer`."""


class InlineConnection(aiosqlite.Connection):
    """A connection whose calls are made where they stand. Its thread only opens and closes it.

    A group of records is some ten calls that SQLite itself answers in less than one millisecond together: made in place
    they cost a third.
    """

    async def _execute(self, fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._connection is None:
            raise ValueError("no active connection")  # in the words by which SQLAlchemy knows it
        return fn(*args, **kwargs)


class OneTripConnection(aiosqlite.Connection):
    """A connection whose statements are each executed, with all that they give, in one trip to its thread."""

    @contextmanager
    async def cursor(self) -> aiosqlite.Cursor:
        """A cursor, made in place."""
        return _OneTripCursor(self, self._conn.cursor())


class _OneTripCursor(aiosqlite.Cursor):
    """Fetches all that there is with the execution. SQLAlchemy asks for nothing less where nobody streams."""

    _rows: Sequence[Any] = ()
    _is_under_way = False
    """Whoever waited for the thread may have been cancelled: it works on, and the cursor is its own."""

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        self._is_under_way = True
        found = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        self._is_under_way = False
        return found

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> aiosqlite.Cursor:
        if sql == "BEGIN":  # touches nothing yet, so it need not travel
            self._cursor.execute(sql)
            return self
        self._rows = await self._execute(_all, self._cursor, sql, parameters or ())
        return self

    async def fetchall(self) -> Iterable[sqlite3.Row]:
        rows, self._rows = self._rows, ()
        return rows

    async def close(self) -> None:
        if self._is_under_way:
            await super().close()  # behind what the thread does
        else:
            self._cursor.close()


def _all(cursor: sqlite3.Cursor, sql: str, parameters: Any) -> Sequence[Any]:
    cursor.execute(sql, parameters)
    return cursor.fetchall() if cursor.description else ()


async def inline_connection(file: str) -> aiosqlite.Connection:
    """An open connection to a database file, for small writes."""
    return await InlineConnection(_opener(file, _LOCK_WAIT_S), iter_chunk_size=64)


async def one_trip_connection(file: str, lock_wait_s: float) -> aiosqlite.Connection:
    """An open connection to a database file, for everything else."""
    connection = OneTripConnection(_opener(file, lock_wait_s), iter_chunk_size=64)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does for those that it opens
    return await connection


def _opener(file: str, lock_wait_s: float) -> Callable[[], sqlite3.Connection]:
    return partial(sqlite3.connect, file, timeout=lock_wait_s, check_same_thread=False)
