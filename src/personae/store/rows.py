"""Rows of collections: test cases. Whoever calls has looked the collection up in its project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_returning_ids
from personae.store.tables import collection_rows as table

_AT_ONCE = 1000


async def add(
    connection: AsyncConnection, collection_id: int, rows: Sequence[Record], *, now: datetime
) -> list[Record]:
    """Add rows of `input_values`, `environment_config` and `content_hash`; they come back with their ids."""
    moments = {"created_at": now, "updated_at": now}
    made = [{"collection_id": collection_id, **row, **moments} for row in rows]
    ids = await insert_returning_ids(connection, table, made)
    return [{"id": id_, **row} for id_, row in zip(ids, made, strict=True)]


async def known(connection: AsyncConnection, collection_id: int) -> set[str]:
    """The content hashes of all rows."""
    return set(
        (await connection.execute(select(table.c.content_hash).where(table.c.collection_id == collection_id))).scalars()
    )


async def page(
    connection: AsyncConnection, collection_id: int, *, offset: int = 0, limit: int | None = None
) -> list[Record]:
    """Rows by id, the oldest first."""
    found = await connection.execute(
        select(table).where(table.c.collection_id == collection_id).order_by(table.c.id).offset(offset).limit(limit)
    )
    return as_records(found)


async def copies(connection: AsyncConnection, collection_id: int) -> list[Record]:
    """All rows by id, as an experiment takes them: `id`, `input_values`, `environment_config`, `created_at`."""
    columns = (table.c.id, table.c.input_values, table.c.environment_config, table.c.created_at)
    found = await connection.execute(
        select(*columns).where(table.c.collection_id == collection_id).order_by(table.c.id)
    )
    return [
        {"id": id_, "input_values": values, "environment_config": config, "created_at": created_at}
        for id_, values, config, created_at in found
    ]


async def after(connection: AsyncConnection, collection_id: int, row_id: int, limit: int = _AT_ONCE) -> list[Record]:
    """The next rows after `row_id`, by id: all of a large collection, bit by bit."""
    found = await connection.execute(
        select(table)
        .where(table.c.collection_id == collection_id, table.c.id > row_id)
        .order_by(table.c.id)
        .limit(limit)
    )
    return as_records(found)


async def get(connection: AsyncConnection, collection_id: int, row_id: int) -> Record | None:
    """One row."""
    found = await connection.execute(select(table).where(table.c.collection_id == collection_id, table.c.id == row_id))
    row = found.mappings().first()
    return None if row is None else dict(row)


async def replace(connection: AsyncConnection, row_id: int, row: Record, *, now: datetime) -> None:
    """Give a row another content."""
    await connection.execute(update(table).where(table.c.id == row_id).values(**row, updated_at=now))


async def delete(connection: AsyncConnection, collection_id: int, row_id: int) -> bool:
    """Whether there was such a row."""
    done = await connection.execute(table.delete().where(table.c.collection_id == collection_id, table.c.id == row_id))
    return bool(done.rowcount)


async def delete_all(connection: AsyncConnection, collection_id: int) -> int:
    """How many there were."""
    return (await connection.execute(table.delete().where(table.c.collection_id == collection_id))).rowcount


async def rewrite(
    connection: AsyncConnection, collection_id: int, change: Callable[[Record], Record], *, now: datetime
) -> None:
    """Give every row the content that `change` makes of it; what that raises leaves all as they were."""
    last = 0
    statement = (
        update(table)
        .where(table.c.id == bindparam("which"))
        .values(
            input_values=bindparam("values", type_=table.c.input_values.type),
            content_hash=bindparam("hash"),
            updated_at=bindparam("at", type_=table.c.updated_at.type),
        )
    )
    while some := await after(connection, collection_id, last):
        last = some[-1]["id"]
        made = [(row["id"], change(row)) for row in some]
        await connection.execute(
            statement,
            [
                {"which": id_, "values": row["input_values"], "hash": row["content_hash"], "at": now}
                for id_, row in made
            ],
        )
