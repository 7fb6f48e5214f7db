"""Connections and transactions, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from personae.errors import ConfigurationError
from personae.store.engine import (
    Database,
    insert_missing,
    insert_one,
    insert_returning_ids,
    is_duplicate,
    may_heal,
)
from personae.store.tables import organizations, projects

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 5, 4, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url)
    yield made
    await made.close()


async def organization(database: Database, name: str = "Ours") -> int:
    async with database.writing() as connection:
        return await insert_one(connection, organizations, name=name, domain="", created_at=NOW, updated_at=NOW)


async def project(database: Database, **values: Any) -> dict[str, Any]:
    """A project with these values, as it is read back."""
    usual = {"name": "One", "description": "", "settings": {}, "created_at": NOW, "updated_at": NOW}
    owner = await organization(database)
    async with database.writing() as connection:
        id_ = await insert_one(connection, projects, organization_id=owner, **usual | values)
    async with database.reading() as connection:
        row = (await connection.execute(select(projects).where(projects.c.id == id_))).mappings().one()
    return dict(row)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nonsense", "'nonsense' is no database address: write sqlite:///file.db or postgresql://"),
        ("mysql://host/name", "a database of the kind 'mysql' is not supported"),
        ("postgresql+asyncpg2x://host/name", ""),
        ("postgresql://ann:secret@host:port/name", "is no database address"),
    ],
)
def test_an_address_that_is_none_says_what_to_write(url: str, problem: str) -> None:
    if not problem:  # the driver is ours to choose
        assert Database(url).url.drivername == "postgresql+psycopg"
        return
    with pytest.raises(ConfigurationError) as raised:
        Database(url)
    assert problem in str(raised.value)
    assert "secret" not in str(raised.value)


def test_an_address_is_shown_without_its_password() -> None:
    assert Database("postgresql://ann:secret@host/name").shown == "postgresql+psycopg://ann:***@host/name"


@pytest.mark.parametrize(
    ("written", "read"),
    [("a\0b", "a\ufffdb"), ("a\ud800b", "a\ufffdb"), ("\ud83d\ude00", "😀"), ("\u2028 é 🙂", "\u2028 é 🙂"), ("", "")],
    ids=["NUL", "lone surrogate", "halves that fit", "separators", "blank"],
)
async def test_any_text_is_taken(written: str, read: str, database: Database) -> None:
    assert (await project(database, description=written))["description"] == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"a": "x\0y\u2028"}, {"a": "x\0y\u2028"}),
        ({"a\ud800": ["\udfff"]}, {"a\ufffd": ["\ufffd"]}),
        ({"big": 10**40, "small": -(2**63) - 1}, {"big": 10**40, "small": -(2**63) - 1}),
        ({"none": None, "float": 0.1, "nested": [[[{}]]]}, {"none": None, "float": 0.1, "nested": [[[{}]]]}),
        ({"b": 1, "a": 2}, {"b": 1, "a": 2}),
    ],
    ids=["NUL", "surrogates", "huge numbers", "plain", "order"],
)
async def test_any_json_is_taken(written: Any, read: Any, database: Database) -> None:
    settings = (await project(database, settings=written))["settings"]
    assert settings == read
    assert list(settings) == list(read)


async def test_a_moment_is_the_same_whatever_zone_it_was_written_in(database: Database) -> None:
    written = NOW.astimezone(timezone(timedelta(hours=5)))
    read = (await project(database, created_at=written))["created_at"]
    assert (read, read.tzinfo) == (NOW, UTC)


async def test_what_fails_leaves_nothing_behind(database: Database) -> None:
    async def fail() -> None:
        async with database.writing() as connection:
            await insert_one(connection, organizations, name="Gone", domain="", created_at=NOW, updated_at=NOW)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with database.reading() as connection:
        assert (await connection.execute(select(organizations))).all() == []


async def test_writers_at_once_wait_for_one_another(database: Database) -> None:
    id_ = await organization(database, "0")

    async def count_up() -> None:
        async with database.writing() as connection:
            chosen = organizations.c.id == id_
            name = await connection.scalar(select(organizations.c.name).where(chosen).with_for_update())
            await connection.execute(update(organizations).where(chosen).values(name=str(int(name or 0) + 1)))

    await asyncio.gather(*(count_up() for _ in range(30)))
    async with database.reading() as connection:
        assert await connection.scalar(select(organizations.c.name)) == "30"


async def test_a_second_row_of_a_unique_name_is_a_duplicate_and_a_lost_parent_is_not(database: Database) -> None:
    await organization(database)
    with pytest.raises(IntegrityError) as twice:
        await organization(database)
    with pytest.raises(IntegrityError) as orphan:
        async with database.writing() as connection:
            await insert_one(
                connection, projects, organization_id=77, name="x", settings={}, created_at=NOW, updated_at=NOW
            )
    assert (is_duplicate(twice.value), is_duplicate(orphan.value)) == (True, False)
    assert (may_heal(twice.value), may_heal(orphan.value)) == (False, False)


async def test_many_rows_get_their_ids_in_order_and_those_that_are_there_are_left_out(database: Database) -> None:
    rows = [{"name": f"n{number}", "domain": "", "created_at": NOW, "updated_at": NOW} for number in range(50)]
    async with database.writing() as connection:
        ids = await insert_returning_ids(connection, organizations, rows)
        await insert_missing(connection, organizations, [*rows[:10], rows[0] | {"name": "new"}], ["name"])
        names = dict((await connection.execute(select(organizations.c.id, organizations.c.name))).all())
    assert [names[id_] for id_ in ids] == [row["name"] for row in rows]
    assert len(names) == 51


LONG = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300000) SELECT count(*) FROM n"


async def test_connections_are_whole_after_whoever_asked_was_cancelled(database: Database) -> None:
    """While a statement was on its way, or before: each connection gives what was asked of it, and no other answer."""

    async def ask(statement: str) -> int:
        async with database.reading() as connection:
            return int(await connection.scalar(text(statement)) or 0)

    for turns in range(0, 60, 4):  # more often than there are connections
        asking = asyncio.create_task(ask(LONG))
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking
    assert await asyncio.gather(*(ask(f"SELECT {number}") for number in range(20))) == list(range(20))
    await project(database)  # and one can write
