"""Drafts: what a generation made, what people decided of it, and the answers that an unfinished run was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.tables import draft_answers, drafts, generations

WAITING = ("open", "disputed")
"""States of drafts that somebody should look at."""


async def add(
    connection: AsyncConnection, generation_id: int, rows: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """Keep drafts, each with `key` and `record`."""
    of = {"generation_id": generation_id, "created_at": now, "flags": [], "decisions": []}
    await connection.execute(drafts.insert(), [of | dict(row) for row in rows])


async def records(connection: AsyncConnection, generation_id: int) -> list[Record]:
    """`id`, `key` and `record` of all of them, in the order in which they were made."""
    chosen = select(drafts.c.id, drafts.c.key, drafts.c.record).where(drafts.c.generation_id == generation_id)
    return as_records(await connection.execute(chosen.order_by(drafts.c.id)))


async def page(
    connection: AsyncConnection, generation_id: int, *, state: str = "", offset: int, limit: int
) -> tuple[list[Record], int]:
    """In the order of the queue; and how many there are in all. `state`: those alone, `flagged` too."""
    mine = _of(generation_id, state)
    count = await connection.scalar(select(func.count()).select_from(mine.subquery()))
    chosen = mine.order_by(drafts.c.priority.desc(), drafts.c.id).offset(offset).limit(limit)
    return as_records(await connection.execute(chosen)), count or 0


def _of(generation_id: int, state: str) -> Select[Any]:
    chosen = select(drafts).where(drafts.c.generation_id == generation_id)
    if state == "flagged":
        return chosen.where(drafts.c.priority > 0, drafts.c.state.in_(WAITING))
    return chosen.where(drafts.c.state == state) if state else chosen


async def get(
    connection: AsyncConnection, generation_id: int, draft_id: int, *, to_change: bool = False
) -> Record | None:
    """One of them; `to_change`, nobody else changes it before the transaction ends."""
    chosen = select(drafts).where(drafts.c.generation_id == generation_id, drafts.c.id == draft_id)
    row = (await connection.execute(chosen.with_for_update() if to_change else chosen)).mappings().first()
    return None if row is None else dict(row)


async def waiting(connection: AsyncConnection, generation_id: int, by: str, *, now: datetime) -> list[int]:
    """The ids of those that should be looked at, in this order, but for what others than `by` look at now."""
    is_free = or_(drafts.c.held_until.is_(None), drafts.c.held_until < now, drafts.c.held_by == by)
    chosen = (
        select(drafts.c.id)
        .where(drafts.c.generation_id == generation_id, drafts.c.state.in_(WAITING), is_free)
        .order_by(drafts.c.priority.desc(), drafts.c.id)
    )
    return list((await connection.execute(chosen)).scalars())


async def change(connection: AsyncConnection, draft_id: int, **values: Any) -> None:
    """Other values."""
    await connection.execute(update(drafts).where(drafts.c.id == draft_id).values(**values))


async def change_each(connection: AsyncConnection, changes: Iterable[Mapping[str, Any]]) -> None:
    """Other values, of each its own; all with the same names, and `draft_id`."""
    rows = [dict(one) for one in changes]
    if rows:
        values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "draft_id"}
        await connection.execute(update(drafts).where(drafts.c.id == bindparam("draft_id")).values(**values), rows)


async def in_state(connection: AsyncConnection, generation_id: int, state: str) -> list[Record]:
    """All that are in a state, in the order in which they were made."""
    return as_records(await connection.execute(_of(generation_id, state).order_by(drafts.c.id)))


async def taken_from(connection: AsyncConnection, persona_ids: Sequence[int]) -> dict[int, int]:
    """By generation, how many of these personas it made."""
    made = drafts.join(generations, generations.c.id == drafts.c.generation_id)
    chosen = (
        select(drafts.c.generation_id, func.count())
        .select_from(made)
        .where(generations.c.makes == "persona", drafts.c.taken_id.in_(persona_ids))
        .group_by(drafts.c.generation_id)
    )
    return dict(iter(await connection.execute(chosen)))


async def counts(connection: AsyncConnection, generation_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """By generation, how many are in each state, and how many of the accepted are `taken`."""
    c = drafts.c
    is_taken = c.taken_id.is_not(None)
    chosen = (
        select(c.generation_id, c.state, is_taken, func.count())
        .where(c.generation_id.in_(generation_ids))
        .group_by(c.generation_id, c.state, is_taken)
    )
    found: dict[int, dict[str, int]] = {id_: {} for id_ in generation_ids}
    for id_, state, taken, count in await connection.execute(chosen):
        found[id_][state] = found[id_].get(state, 0) + count
        if taken:
            found[id_]["taken"] = found[id_].get("taken", 0) + count
    return found


async def answer(connection: AsyncConnection, generation_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what a model answered, each with `piece`, `asked` and `reply`."""
    await connection.execute(draft_answers.insert(), [{"generation_id": generation_id, **row} for row in rows])


async def answers(connection: AsyncConnection, generation_id: int) -> list[Record]:
    """All that are kept, in the order in which they came."""
    chosen = select(draft_answers).where(draft_answers.c.generation_id == generation_id).order_by(draft_answers.c.id)
    return as_records(await connection.execute(chosen))


async def forget_answers(connection: AsyncConnection, generation_id: int, pieces: Sequence[str] | None = None) -> None:
    """Those of some pieces, or all."""
    chosen = delete(draft_answers).where(draft_answers.c.generation_id == generation_id)
    await connection.execute(chosen if pieces is None else chosen.where(draft_answers.c.piece.in_(pieces)))
