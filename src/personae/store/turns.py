"""Turns of running conversations: the journal. A conversation's entries go when its response is there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.engine import insert_missing
from personae.store.tables import turns

_FORGET = delete(turns).where(  # made once: that takes longer than to execute it
    turns.c.experiment_id == bindparam("of"), turns.c.key.in_(bindparam("keys", expanding=True))
)


async def append(connection: AsyncConnection, entries: Sequence[Record]) -> None:
    """Add entries, in their order. One that is there already, from a commit that was taken for lost, stays as it is."""
    await insert_missing(connection, turns, entries, ("experiment_id", "key", "seq"))


async def of_experiment(connection: AsyncConnection, experiment_id: int) -> list[tuple[str, str]]:
    """Key and entry, in the order in which they were recorded."""
    found = await connection.execute(
        select(turns.c.key, turns.c.entry).where(turns.c.experiment_id == experiment_id).order_by(turns.c.id)
    )
    return [(row.key, row.entry) for row in found]


async def since(connection: AsyncConnection, experiment_id: int, last_id: int, *, limit: int) -> list[Record]:
    """What was recorded after the entry `last_id`, oldest first."""
    found = await connection.execute(
        select(turns)
        .where(turns.c.experiment_id == experiment_id, turns.c.id > last_id)
        .order_by(turns.c.id)
        .limit(limit)
    )
    return as_records(found)


async def under_way(connection: AsyncConnection, experiment_id: int, *, limit: int) -> list[Record]:
    """The conversations that run: key, row, persona and epoch, those that began last first."""
    names = [turns.c[name] for name in ("key", "row_id", "persona_id", "epoch")]
    found = await connection.execute(
        select(*names)
        .where(turns.c.experiment_id == experiment_id)
        .group_by(*names)
        .order_by(func.min(turns.c.id).desc())
        .limit(limit)
    )
    return as_records(found)


async def of_keys(connection: AsyncConnection, experiment_id: int, keys: Collection[str]) -> list[Record]:
    """What was recorded of these conversations, oldest first."""
    found = await connection.execute(
        select(turns).where(turns.c.experiment_id == experiment_id, turns.c.key.in_(keys)).order_by(turns.c.id)
    )
    return as_records(found)


async def last_id(connection: AsyncConnection, experiment_id: int) -> int:
    """Of the newest entry; 0 where there is none."""
    chosen = select(func.max(turns.c.id)).where(turns.c.experiment_id == experiment_id)
    return int(await connection.scalar(chosen) or 0)


async def forget(connection: AsyncConnection, experiment_id: int, keys: Collection[str]) -> None:
    """The conversations `keys` have their response."""
    if keys:
        await connection.execute(_FORGET, {"of": experiment_id, "keys": list(keys)})
