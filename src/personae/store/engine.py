"""Connections and transactions, and all that differs between SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Integer, Table, event, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.sql.functions import FunctionElement

from personae.core.text import loads, whole_values
from personae.errors import ConfigurationError
from personae.store.columns import Record
from personae.store.sqlite import inline_connection, one_trip_connection

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
}
_SQLITE_MODES = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",  # survives the death of the process; a power failure may cost the last commits
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-32000",
    "PRAGMA temp_store=MEMORY",
)
_LOCK_WAIT_S = 10
_CONNECTIONS = 8

Connection = AsyncConnection
"""What functions of the store take, for those who call them."""


class Database:
    """One database. Reading takes any connection; writing on SQLite waits for its turn, since it has one writer."""

    def __init__(self, url: str) -> None:
        self.url = _async_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and (file := self.url.database) and file != ":memory:":
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        self._is_file = self.is_sqlite and self.url.database not in (None, "", ":memory:")
        self.engine = _file_engine(self.url) if self._is_file else _engine(self.url, is_sqlite=self.is_sqlite)
        self._writes = self.engine.execution_options(is_writing=True)
        self.records = _inline_engine(self.url).execution_options(is_writing=True) if self._is_file else self._writes
        self._one_writer = asyncio.Lock()

    @property
    def shown(self) -> str:
        """The address without its password, for people."""
        return self.url.render_as_string(hide_password=True)

    @property
    def address(self) -> str:
        """The same with it, for another process of ours."""
        return self.url.render_as_string(hide_password=False)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements all see the same moment."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, taken back where the block raises."""
        async with self._transaction(self._writes) as connection:
            yield connection

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[AsyncConnection]:
        """A transaction of small writes that are many. On SQLite they are made in place, so no large ones here."""
        async with self._transaction(self.records) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        if not self.is_sqlite:
            async with engine.begin() as connection:
                yield connection
            return
        async with self._one_writer, engine.begin() as connection:
            yield connection

    def connections(self) -> dict[str, int]:
        """How many connections are in use and idle, and how many there can be."""
        pool = self.engine.pool
        if not isinstance(pool, QueuePool):
            return {}
        most = _CONNECTIONS if self.is_sqlite else 2 * _CONNECTIONS
        return {"in_use": pool.checkedout(), "idle": pool.checkedin(), "most": most}

    async def close(self) -> None:
        await self.records.dispose()
        await self.engine.dispose()


def _async_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        shown = f"{url.partition('://')[0]}://..." if "@" in url else url  # there may be a password in it
        raise ConfigurationError(
            f"{shown!r} is no database address: write sqlite:///file.db or postgresql://user@host/name"
        ) from None
    driver = _DRIVERS.get(parsed.drivername.partition("+")[0])
    if driver is None:
        raise ConfigurationError(
            f"a database of the kind {parsed.drivername!r} is not supported: use sqlite:/// or postgresql://"
        )
    return parsed.set(drivername=driver)


def _engine(url: URL, *, is_sqlite: bool) -> AsyncEngine:
    options: dict[str, Any] = {**_OPTIONS, "pool_pre_ping": not is_sqlite}
    if is_sqlite:
        return _listened(create_async_engine(url, **options))  # in memory: one connection, whoever asks
    return create_async_engine(
        url, pool_size=_CONNECTIONS, max_overflow=_CONNECTIONS, connect_args={"connect_timeout": 10}, **options
    )


def _file_engine(url: URL) -> AsyncEngine:
    """Connections to a file of SQLite. The one that was used last is taken first: it has read what is asked for."""
    options: dict[str, Any] = {**_OPTIONS, "pool_size": _CONNECTIONS, "max_overflow": 0, "pool_use_lifo": True}
    creator = partial(one_trip_connection, str(url.database), _LOCK_WAIT_S)
    return _listened(create_async_engine(url, async_creator=creator, **options))


def _inline_engine(url: URL) -> AsyncEngine:
    """One connection to the same file, without a thread."""
    options: dict[str, Any] = {**_OPTIONS, "pool_size": 1, "max_overflow": 0}
    return _listened(create_async_engine(url, async_creator=partial(inline_connection, str(url.database)), **options))


def _listened(engine: AsyncEngine) -> AsyncEngine:
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # else Python's driver begins transactions by itself, and too late
    cursor = connection.cursor()
    for mode in _SQLITE_MODES:
        cursor.execute(mode)
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    """A transaction that will write says so at once: one that finds out later could no longer wait for its turn."""
    is_writing = connection.get_execution_options().get("is_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def dumped(value: Any) -> str:
    """JSON text of whatever JSON can say, also what orjson refuses: lone surrogates, and very large numbers."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(whole_values(value), ensure_ascii=False)


_EXACT = " "
"""Begins the JSON of a column that the quick parser would read inexactly: it takes large whole numbers for floats."""


def _written(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return _EXACT + dumped(value)


def _read(data: str | bytes) -> Any:
    return json.loads(data) if data[0] in (_EXACT, ord(_EXACT)) else loads(data)


_OPTIONS = {
    "json_serializer": _written,
    "json_deserializer": _read,
    "hide_parameters": True,  # errors go into the log, and what people wrote does not
}


async def insert_missing(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], conflict: Sequence[str]
) -> None:
    """Insert `rows`, leaving out those that are there already by the columns in `conflict`."""
    if rows:
        await connection.execute(_missing(connection.dialect.name, table, tuple(conflict)), list(rows))


@cache  # to make a statement takes longer than to insert a row by it
def _missing(dialect: str, table: Table, conflict: tuple[str, ...]) -> sqlite.Insert | postgresql.Insert:
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return make(table).on_conflict_do_nothing(index_elements=conflict)


async def insert_one(connection: AsyncConnection, table: Table, **values: Any) -> int:
    """Insert one row and give its new id."""
    made = (await connection.execute(table.insert().values(**values))).inserted_primary_key
    assert made is not None
    return int(made[0])


async def insert_returning_ids(connection: AsyncConnection, table: Table, rows: Sequence[Record]) -> list[int]:
    """Insert `rows` and give their new ids, in the same order."""
    if not rows:
        return []
    if connection.dialect.name == "sqlite":  # cannot tell which id is whose, so each row would be a statement
        first = await insert_one(connection, table, **rows[0])
        ids = range(first, first + len(rows))  # nobody else inserts until this transaction ends
        if len(rows) > 1:
            rest = zip(ids[1:], rows[1:], strict=True)
            await connection.execute(table.insert(), [{"id": id_, **row} for id_, row in rest])
        return list(ids)
    statement = table.insert().returning(table.c.id, sort_by_parameter_order=True)
    return list((await connection.execute(statement, list(rows))).scalars())


async def insert_new(
    connection: AsyncConnection, table: Table, rows: Sequence[Record], conflict: Sequence[str], by: str
) -> dict[Any, int]:
    """Like `insert_missing`, giving the ids of those that were inserted by their column `by`."""
    if not rows:
        return {}
    found = await connection.execute(_new(connection.dialect.name, table, tuple(conflict), by), list(rows))
    return {row[0]: row[1] for row in found}


@cache
def _new(dialect: str, table: Table, conflict: tuple[str, ...], by: str) -> ReturningInsert[Any]:
    return _missing(dialect, table, conflict).returning(table.c[by], table.c.id)


class place_in(FunctionElement[int]):  # noqa: N801 - written like a function of SQL
    """Where in a text another one begins, from 1; 0: nowhere. On SQLite it takes a third of the time of LIKE."""

    type = Integer()
    inherit_cache = True


@compiles(place_in, "sqlite")
def _place_in_on_sqlite(element: place_in, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(func.instr(*element.clauses), **options)


@compiles(place_in, "postgresql")
def _place_in_on_postgresql(element: place_in, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(func.strpos(*element.clauses), **options)


def is_duplicate(error: IntegrityError) -> bool:
    """Whether the row is there already, in the sense of a unique column."""
    if isinstance(error.orig, sqlite3.IntegrityError):
        return "UNIQUE" in str(error.orig)
    return getattr(error.orig, "sqlstate", "") == "23505"


def may_heal(error: Exception) -> bool:
    """Whether the same statement may succeed later: the connection is lost, the disk is full, somebody has the lock."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, (OSError, TimeoutError))
    if error.connection_invalidated or isinstance(error, OperationalError):
        return True
    state = getattr(error.orig, "sqlstate", None) or ""
    return state[:2] in ("08", "40", "53", "55", "57")
