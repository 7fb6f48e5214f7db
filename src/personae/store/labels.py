"""Labels: what people answer to a criterion about a response, beside the judge's answer. One for each person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.columns import Record, as_records
from personae.store.tables import labels, responses

GOAL = 0
"""The criterion id of labels about the goal."""


async def put(connection: AsyncConnection, **values: Any) -> Record:
    """Keep a label, in place of the same person's earlier one about the same."""
    same = ("response_id", "criterion_id", "rater")
    await connection.execute(delete(labels).where(*(labels.c[name] == values[name] for name in same)))
    made = await connection.execute(labels.insert().values(**values))
    assert made.inserted_primary_key is not None
    return {"id": made.inserted_primary_key[0], **values}


async def of_response(connection: AsyncConnection, response_id: int) -> list[Record]:
    """By criterion, the goal first."""
    chosen = select(labels).where(labels.c.response_id == response_id).order_by(labels.c.criterion_id, labels.c.id)
    return as_records(await connection.execute(chosen))


async def of_experiment(connection: AsyncConnection, experiment_id: int) -> list[Record]:
    """All labels of an experiment, each with its response's `key`."""
    chosen = (
        select(labels, responses.c.key)
        .join(responses, responses.c.id == labels.c.response_id)
        .where(labels.c.experiment_id == experiment_id)
        .order_by(labels.c.id)
    )
    return as_records(await connection.execute(chosen))


async def remove(connection: AsyncConnection, project_id: int, label_id: int) -> Record | None:
    """The label that was removed; None where the project has none of this id."""
    chosen = (
        select(labels)
        .join(responses, responses.c.id == labels.c.response_id)
        .where(labels.c.id == label_id, responses.c.project_id == project_id)
    )
    found = (await connection.execute(chosen)).mappings().first()
    if found is not None:
        await connection.execute(delete(labels).where(labels.c.id == label_id))
    return None if found is None else dict(found)
