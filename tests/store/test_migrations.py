"""From any schema to this version's, on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, Table, func, inspect, select, text, update

from personae.errors import ConfigurationError
from personae.store.columns import Json
from personae.store.engine import Database
from personae.store.migrate import config, head, migrate, revision
from personae.store.tables import metadata
from tests.databases import KINDS
from tests.postgres import Postgres

pytestmark = pytest.mark.anyio
FIRST = next(iter(ScriptDirectory.from_config(config()).get_bases()))
STORED = Table("responses", MetaData(), Column("validity", Json))
CHECKED = {"verdict": "invalid", "fault": "bot", "findings": [{"words": "\0"}]}
MIGRATE = """
import asyncio, sys
from personae.store.engine import Database
from personae.store.migrate import migrate

async def work():
    database = Database(sys.argv[1])
    await migrate(database)
    await database.close()

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(work())
"""


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    url = server.create()
    yield url
    server.drop(url)


async def test_an_empty_database_gets_the_tables_that_the_code_describes(empty_url: str) -> None:
    database = Database(empty_url)
    await migrate(database)
    async with database.reading() as connection:
        differences = await connection.run_sync(differences_of)
    assert differences == []
    assert await revision(database) == head()
    await database.close()


async def test_what_the_first_version_wrote_is_there_after_all_migrations(empty_url: str) -> None:
    database = Database(empty_url)
    async with database.writing() as connection:
        await connection.run_sync(lambda one: command.upgrade(config(one), FIRST))
        before = await connection.run_sync(fill)
        await connection.execute(update(STORED).values(validity=CHECKED))
    await migrate(database)
    async with database.reading() as connection:
        after = await connection.run_sync(counted)
        found = await connection.execute(text("SELECT validity_verdict, validity_fault FROM responses"))
    assert {name: after.get(name) for name in before} == before
    assert set(before.values()) == {1}
    assert after["response_words"] == 1  # what was said is worked out for what was there
    assert found.all() == [("invalid", "bot")]
    await database.close()


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    database = Database(database_url)
    await migrate(database)
    assert await revision(database) == head()
    await database.close()


async def test_processes_that_migrate_at_once_do_no_harm(empty_url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, empty_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    ends = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        ends.append((process.communicate(timeout=60)[1], process.returncode))
    assert ends == [("", 0)] * 3
    database = Database(empty_url)
    assert await revision(database) == head()
    await database.close()


async def test_a_database_of_a_later_version_is_refused_and_left_alone(database_url: str) -> None:
    database = Database(database_url)
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999_later'"))
    with pytest.raises(ConfigurationError, match="at revision 9999_later, which this version"):
        await migrate(database)
    assert await revision(database) == "9999_later"
    await database.close()


def differences_of(connection: Connection) -> Any:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": metadata})
    return compare_metadata(context, metadata)


def fill(connection: Connection) -> dict[str, int]:
    """One row in each table that there is, whatever the tables are."""
    found = MetaData()
    found.reflect(connection)
    for table in found.sorted_tables:
        if table.name != "alembic_version":
            connection.execute(table.insert().values({column.name: some(column) for column in table.columns}))
    return counted(connection)


def some(column: Column[Any]) -> Any:
    kind = column.type.python_type
    if column.foreign_keys or (column.primary_key and kind is int):
        return 1
    if kind is str:
        return "text"[: getattr(column.type, "length", None)]
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    values: dict[type, Any] = {int: 1, float: 0.5, bool: True, datetime: moment}
    return values.get(kind, {"a": ["\u2028", 1]})


def counted(connection: Connection) -> dict[str, int]:
    found = MetaData()
    found.reflect(connection, only=sorted(set(inspect(connection).get_table_names()) - {"alembic_version"}))
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in found.sorted_tables
    }
