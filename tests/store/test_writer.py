"""Group commit: fast where all is well, patient where the database is not there, fair where an item is bad."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.engine import Database
from personae.store.migrate import migrate
from personae.store.tables import organizations
from personae.store.writer import Writer
from tests.postgres import postgres

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Troubles:
    """What a writer tells of its troubles, and a way to wait for it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.came = asyncio.Event()

    def __call__(self, problem: str) -> None:
        self.told.append(problem)
        self.came.set()


class Groups:
    """Writes organizations, and remembers how many came at once."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    async def __call__(self, connection: AsyncConnection, names: Sequence[str]) -> None:
        self.sizes.append(len(names))
        if "bad" in names:
            raise ValueError("a bad name")
        rows = [{"name": name, "domain": "", "created_at": NOW, "updated_at": NOW} for name in names]
        await connection.execute(organizations.insert(), rows)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url)
    yield made
    await made.close()


async def kept(database: Database) -> int:
    async with database.reading() as connection:
        return await connection.scalar(select(func.count()).select_from(organizations)) or 0


async def test_many_writes_are_few_transactions_and_each_is_committed_when_it_returns(database: Database) -> None:
    groups = Groups()
    writer = Writer(database, groups)
    await asyncio.gather(*(writer.write(f"n{number}") for number in range(500)))
    assert await kept(database) == 500
    assert len(groups.sizes) <= 5
    await writer.close()


async def test_an_error_goes_to_who_handed_in_the_bad_item_and_to_nobody_else(database: Database) -> None:
    writer = Writer(database, Groups())
    one, bad, other = await asyncio.gather(*map(writer.write, ("one", "bad", "other")), return_exceptions=True)
    assert (one, other) == (None, None)
    assert isinstance(bad, ValueError)
    await writer.write("later")
    assert await kept(database) == 3
    await writer.close()


async def test_who_gives_up_waiting_stops_nobody_else(database: Database) -> None:
    writer = Writer(database, Groups())
    impatient = asyncio.ensure_future(writer.write("one"))
    await asyncio.sleep(0)
    impatient.cancel()
    await writer.write("other")
    assert impatient.cancelled()
    assert await kept(database) >= 1
    await writer.close()


async def test_a_writer_that_is_closed_commits_what_was_handed_in(database: Database) -> None:
    writer = Writer(database, Groups())
    waiting = asyncio.gather(writer.write("one"), writer.write("other"))
    await asyncio.sleep(0)
    await writer.close()
    await waiting
    assert await kept(database) == 2


async def test_a_full_disk_is_waited_for_and_nothing_is_lost(tmp_path: Path) -> None:
    """SQLite's own limit of pages gives the error of a full disk."""
    database = Database(f"sqlite:///{tmp_path}/full.db")
    await migrate(database)
    pages = await setting(database, "PRAGMA page_count")
    await database.close()
    limit_pages(database, pages + 2)
    troubles = Troubles()
    writer = Writer(database, Groups(), on_trouble=troubles)
    names = ["n" * 190 + str(number) for number in range(300)]
    writing = asyncio.gather(*map(writer.write, names))
    await asyncio.wait_for(troubles.came.wait(), 30)
    assert "full" in troubles.told[0]
    assert await kept(database) == 0
    await setting(database, f"PRAGMA max_page_count = {pages + 10_000}")
    await asyncio.wait_for(writing, 30)
    assert await kept(database) == 300
    assert troubles.told[-1] == ""
    await writer.close()
    await database.close()


async def test_a_lost_postgresql_is_waited_for_and_nothing_is_lost() -> None:
    with postgres() as server:
        database = Database(server.create())
        await migrate(database)
        troubles = Troubles()
        writer = Writer(database, Groups(), on_trouble=troubles)
        await writer.write("before")
        server.stop()
        writing = asyncio.gather(*(writer.write(f"n{number}") for number in range(20)))
        await asyncio.wait_for(troubles.came.wait(), 60)
        server.start()
        await asyncio.wait_for(writing, 60)
        assert await kept(database) == 21
        assert troubles.told[-1] == ""
        await writer.close()
        await database.close()


def limit_pages(database: Database, pages: int) -> None:
    """On each connection for records that is made from now on."""

    def limit(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]  # a DBAPI connection

    event.listen(database.records.sync_engine, "connect", limit)


async def setting(database: Database, pragma: str) -> int:
    async with database.recording() as connection:
        return int((await connection.exec_driver_sql(pragma)).scalar_one())
