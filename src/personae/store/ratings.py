"""Ratings: the answer to one criterion for one response. A failed one has an error and no answer, never NO."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.tables import ratings, responses


def counted(rows: Sequence[Record]) -> dict[str, int]:
    """How many of one response's ratings are YES, NO, and without an answer, as the response has it in its columns."""
    answers = Counter(row["rating"] for row in rows)
    return {"passed": answers["YES"], "not_passed": answers["NO"], "unrated": answers[None]}


async def insert(connection: AsyncConnection, rows: Sequence[Record]) -> None:
    """Add ratings."""
    if rows:
        await connection.execute(ratings.insert(), list(rows))


async def of_responses(connection: AsyncConnection, response_ids: Collection[int]) -> dict[int, list[Record]]:
    """By response, in the order of the criteria."""
    found: dict[int, list[Record]] = {}
    if response_ids:
        chosen = select(ratings).where(ratings.c.response_id.in_(response_ids)).order_by(ratings.c.id)
        for row in (await connection.execute(chosen)).mappings():
            found.setdefault(row["response_id"], []).append(dict(row))
    return found


async def page(
    connection: AsyncConnection, project_id: int, response_id: int, *, offset: int, limit: int
) -> tuple[list[Record], int]:
    """Those of one response that have an answer, and how many there are."""
    chosen = (
        select(ratings)
        .join(responses, responses.c.id == ratings.c.response_id)
        .where(
            responses.c.project_id == project_id, ratings.c.response_id == response_id, ratings.c.rating.is_not(None)
        )
    )
    count = await connection.scalar(select(func.count()).select_from(chosen.subquery()))
    found = await connection.execute(chosen.order_by(ratings.c.id).offset(offset).limit(limit))
    return as_records(found), count or 0


async def forget(connection: AsyncConnection, response_ids: Collection[int], *, manual_too: bool = False) -> None:
    """Remove the judge's ratings of these responses; people's own stay unless `manual_too`."""
    if response_ids:
        chosen = delete(ratings).where(ratings.c.response_id.in_(response_ids))
        await connection.execute(chosen if manual_too else chosen.where(ratings.c.is_manual.is_(False)))


async def change(connection: AsyncConnection, rating_id: int, **values: Any) -> None:
    """Set columns."""
    await connection.execute(update(ratings).where(ratings.c.id == rating_id).values(**values))


async def answer_counts(
    connection: AsyncConnection, experiment_id: int, row_ids: Collection[int] | None = None
) -> list[tuple[int, str, int]]:
    """Criterion, answer (YES or NO) and how many: over the whole experiment, or over some of its rows."""
    chosen = (
        select(ratings.c.criterion_id, ratings.c.rating, func.count())
        .where(ratings.c.experiment_id == experiment_id, ratings.c.rating.is_not(None))
        .group_by(ratings.c.criterion_id, ratings.c.rating)
    )
    if row_ids is not None:
        chosen = chosen.join(responses, responses.c.id == ratings.c.response_id).where(responses.c.row_id.in_(row_ids))
    return [(row[0], row[1], row[2]) for row in await connection.execute(chosen)]


_AT_ONCE = 1000
"""Responses that one statement names."""


async def answer_counts_of(connection: AsyncConnection, response_ids: Sequence[int]) -> list[tuple[int, str, int]]:
    """As `answer_counts`, over these responses; a criterion may come more than once."""
    found: list[tuple[int, str, int]] = []
    for start in range(0, len(response_ids), _AT_ONCE):
        chosen = (
            select(ratings.c.criterion_id, ratings.c.rating, func.count())
            .where(ratings.c.response_id.in_(response_ids[start : start + _AT_ONCE]), ratings.c.rating.is_not(None))
            .group_by(ratings.c.criterion_id, ratings.c.rating)
        )
        found += [(row[0], row[1], row[2]) for row in await connection.execute(chosen)]
    return found
