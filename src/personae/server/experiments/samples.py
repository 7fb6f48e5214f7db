"""Samples: the responses of an experiment by row, and those of two experiments beside each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from personae.errors import InputError
from personae.server.experiments.results import rows_like
from personae.store import ratings, responses
from personae.store.columns import Record
from personae.store.engine import Connection

_AT_ONCE = 5_000


async def sampled(
    connection: Connection, project_id: int, chosen: responses.Filter, *, sort: str
) -> list[dict[str, Any]]:
    """A sample per row that has chosen responses, in the order in which its first one comes."""
    found = await responses.light(connection, project_id, chosen, sort=sort)
    return _samples(found)


async def compared(
    connection: Connection,
    project_id: int,
    ids: tuple[int, int],
    *,
    change: str | None,
    criterion_ids: Collection[int] | None,
    categorical_filters: str | None,
) -> list[dict[str, Any]]:
    """Samples of both experiments. `change`: only rows in which the second is better (`improved`) or worse."""
    if change not in (None, "improved", "regressed"):
        raise InputError(f"must be improved or regressed, not {change!r}", field="filter_samples_by")
    both = [await responses.light(connection, project_id, responses.Filter(experiment_id=id_), sort="") for id_ in ids]
    wanted: set[int] | None = None
    if categorical_filters:
        wanted = {id_ for one in ids for id_ in await rows_like(connection, one, categorical_filters)}
    if change is not None:
        before, after = [await _rates(connection, found, criterion_ids) for found in both]
        shared = before.keys() & after.keys()
        moved = {
            row for row in shared if (after[row] > before[row] if change == "improved" else after[row] < before[row])
        }
        wanted = moved if wanted is None else wanted & moved
    return [
        one for found in both for one in _samples([row for row in found if wanted is None or row["row_id"] in wanted])
    ]


async def _rates(
    connection: Connection, found: list[Record], criterion_ids: Collection[int] | None
) -> dict[int, float]:
    """The share of YES by row, over all its responses."""
    counts: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    if criterion_ids is None:
        for row in found:
            counts[row["row_id"]][0] += row["passed"]
            counts[row["row_id"]][1] += row["passed"] + row["not_passed"]
    else:
        asked, rows = set(criterion_ids), {row["id"]: row["row_id"] for row in found}
        for start in range(0, len(found), _AT_ONCE):
            some = [row["id"] for row in found[start : start + _AT_ONCE]]
            for response_id, given in (await ratings.of_responses(connection, some)).items():
                for one in given:
                    if one["criterion_id"] in asked and one["rating"] is not None:
                        counts[rows[response_id]][0] += one["rating"] == "YES"
                        counts[rows[response_id]][1] += 1
    return {row: yes / total for row, (yes, total) in counts.items() if total}


def _samples(found: list[Record]) -> list[dict[str, Any]]:
    by_row: dict[tuple[int, int], list[int]] = {}
    for row in found:
        by_row.setdefault((row["experiment_id"], row["row_id"]), []).append(row["id"])
    return [
        {"experiment_id": experiment_id, "template_variables_id": row_id, "prompt_response_ids": ids}
        for (experiment_id, row_id), ids in by_row.items()
    ]
