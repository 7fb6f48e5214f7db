"""In which order responses are listed, and the stored number that puts the worst first without reading any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, func

from personae.core.conversation import CUT
from personae.store.tables import responses

WORST = "worst"
"""To sort by: goal not achieved, some criterion NO, failed, in no rate for another reason, all well."""
SORTS: dict[str, ColumnElement[Any]] = {
    "rating": responses.c.passed * 1.0 / func.nullif(responses.c.passed + responses.c.not_passed, 0),
    "input-tokens": responses.c.input_tokens,
    "output-tokens": responses.c.output_tokens,
    "duration": responses.c.duration_s,
    "turns": responses.c.turns,
    "cost": responses.c.cost_usd,
}
"""What can be sorted by, each `-asc` and `-desc`."""
JUDGED = frozenset(("validity", "termination", "error", "goal_achieved", "passed", "not_passed"))
"""Columns that `badness` depends on."""


def badness(row: Mapping[str, Any]) -> float:
    """How far behind a response stands where the worst come first: its class, and within it the share of YES."""
    given = row["passed"] + row["not_passed"]
    share = 0.5 * row["passed"] / given if given else 0.75  # those without ratings come last
    return _class(row) + float(share)


def _class(row: Mapping[str, Any]) -> int:
    if (row["validity"] or {}).get("verdict") == "invalid" or row["termination"] in CUT:
        return 3
    if row["error"] is not None:
        return 2
    if row["goal_achieved"] is False:
        return 0
    if row["not_passed"] > 0:
        return 1
    return 3 if row["goal_achieved"] is None and not row["passed"] else 4


def order(sort: str) -> list[ColumnElement[Any]]:
    """By `sort`, a name of SORTS with a direction, or WORST; by id where it is neither."""
    id_ = responses.c.id.asc()
    if sort == WORST:
        return [responses.c.badness, id_]
    name, _, direction = sort.rpartition("-")
    column = SORTS.get(name)
    if column is None:
        return [id_]
    ordered = column.desc() if direction == "desc" else column.asc()
    return [ordered.nulls_last(), id_]
