"""The rows of an experiment's result file, out of the database, some at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from personae.experiments.result_file import each_row
from personae.store import responses
from personae.store.columns import Record
from personae.store.engine import Connection

Row = Mapping[str, Any]
_AT_ONCE = 100


class Reads(Protocol):
    """A project, or a database."""

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """A connection whose statements all see the same moment."""
        ...


async def result_rows(reads: Reads, experiment_id: int) -> AsyncIterator[list[tuple[int, Row]]]:
    """Each response's id, and its row as `personae simulate` writes it. No connection is held in between."""
    last = 0
    while True:
        async with reads.reading() as connection:
            some = await responses.results_after(connection, experiment_id, last, limit=_AT_ONCE)
        if not some:
            return
        last = some[-1][0]
        yield [(id_, {**result, "key": key}) for id_, key, result in some]


async def fed(reads: Reads, experiment: Record, take: Callable[[Row], None]) -> dict[str, int]:
    """Ids by key of the responses whose rows were given to `take`. Raises InputError for what it does not take."""
    ids: dict[str, int] = {}
    is_scripted = experiment["evaluation_mode"] != "MULTI_TURN"
    async for some in result_rows(reads, experiment["id"]):
        ids |= {str(row["key"]): id_ for id_, row in some}
        rows = [_by_its_fields(row) if is_scripted else row for _, row in some]
        await asyncio.to_thread(each_row, rows, take)
    return ids


def _by_its_fields(row: Row) -> Row:
    """Without what was asked: where another prompt template asks of the same row, that is the change to be seen."""
    scenario = row["scenario"]
    return {**row, "scenario": {**scenario, "opening": []}} if scenario.get("fields") else row
