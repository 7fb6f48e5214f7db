"""What came out of an experiment, summed up: counts and means of what was measured, with intervals for the rates."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from statistics import fmean
from typing import Any

from personae.core.conversation import DISCLAIMER
from personae.errors import InputError
from personae.server.experiments.breakdown import breakdown
from personae.server.experiments.words import on_wire
from personae.stats.intervals import rate
from personae.store import experiments, ratings, responses, tallies
from personae.store.columns import Record
from personae.store.engine import Connection

MOST_LISTED = 10_000
"""Responses up to which the lists per response are kept."""


async def summed_up(
    connection: Connection, experiment: Record, *, row_ids: Collection[int] | None = None, until: datetime
) -> dict[str, Any]:
    """The results of the whole experiment, or of some of its rows, in the SDK's form and with what we add.

    What is known to be no fair test is in no rate; `with_invalid` has the rates with it.
    """
    cells = await responses.cells(connection, experiment["id"], row_ids)
    counts = await ratings.answer_counts(connection, experiment["id"], row_ids)
    done = [cell for cell in cells if not cell["has_error"]]
    verdicts = await responses.verdicts(connection, experiment["id"], row_ids)
    invalid = {one["id"] for one in verdicts if one["verdict"] == "invalid"}
    unfair = [cell["id"] for cell in done if cell["id"] in invalid]
    counts += [(id_, answer, -n) for id_, answer, n in await ratings.answer_counts_of(connection, unfair)]
    fair = [cell for cell in done if cell["id"] not in invalid]
    rated = [cell for cell in done if cell["passed"] + cell["not_passed"] > 0]
    began = experiment["started_at"]
    costs = [cell["cost_usd"] for cell in cells]
    lists = _per_response(done if len(done) <= MOST_LISTED else [])
    epochs = Counter(cell["epoch"] for cell in done)
    return {
        "mean_all_ratings": _yes_no(sum(cell["passed"] for cell in fair), sum(cell["not_passed"] for cell in fair)),
        "std_all_ratings": 0.0,
        "mean_rating_by_criterion_id": _by_criterion(counts),
        "mean_duration_seconds": _mean(cell["duration_s"] for cell in done),
        "mean_input_tokens": _mean(cell["input_tokens"] for cell in done),
        "mean_output_tokens": _mean(cell["output_tokens"] for cell in done),
        "mean_reasoning_tokens": _mean(cell["reasoning_tokens"] for cell in done),
        **lists,
        "num_rated_responses": len(rated),
        "num_failed_responses": len(cells) - len(done),
        "completed_epochs": max(epochs, default=1),
        "experiment_duration_seconds": None if began is None else max(0.0, (until - began).total_seconds()),
        "estimated_input_cost_usd": 0.0,
        "estimated_output_cost_usd": 0.0,
        "estimated_total_cost_usd": sum(cost or 0.0 for cost in costs),
        "unpriced_responses": sum(cost is None for cost in costs),
        "intervals": _intervals(fair),
        "goal": _goal(fair),
        "validity": _validity(verdicts, len(unfair)),
        "with_invalid": {"goal": _goal(done), **_intervals(done)},
        "breakdown": None if row_ids is not None else await _taken_apart(connection, experiment, cells),
        "terminations": {on_wire(name): count for name, count in _terminations(cells).items()},
        "simulated": experiment["evaluation_mode"] == "MULTI_TURN",
        "disclaimer": DISCLAIMER,
    }


async def _taken_apart(connection: Connection, experiment: Record, cells: Sequence[Record]) -> dict[str, Any]:
    answers = await tallies.answers(connection, experiment["id"])
    return breakdown(cells, answers, experiment["snapshot"])


def _validity(verdicts: Sequence[Record], left_out: int) -> dict[str, Any]:
    """Counts of verdicts and of faults, and how many of those with ratings are in no rate."""
    faults = Counter(one["fault"] for one in verdicts if one["verdict"] == "invalid")
    counted = Counter(one["verdict"] or "not_checked" for one in verdicts)
    return {"verdicts": dict(counted), "faults": dict(faults), "left_out": left_out}


def _terminations(cells: Iterable[Record]) -> Counter[str]:
    """Of the conversations that were held here: what a caller brought has none."""
    return Counter(cell["termination"] for cell in cells if cell["termination"] is not None)


async def rows_like(connection: Connection, experiment_id: int, filters: str) -> list[int]:
    """Ids of the rows that fit `{"column": ["value", ...]}`: any of a column's values, and all columns.

    Raises InputError where `filters` is no such text.
    """
    try:
        wanted = json.loads(filters)
        chosen = {str(name): {str(value) for value in values} for name, values in wanted.items()}
    except (ValueError, AttributeError, TypeError):
        raise InputError('must be JSON such as {"column": ["value"]}', field="categorical_filters") from None
    found = await experiments.rows(connection, experiment_id)
    return [
        row["id"]
        for row in found
        if all(str(row["input_values"].get(name)) in values for name, values in chosen.items())
    ]


def _yes_no(yes: int, no: int) -> dict[str, float]:
    total = yes + no
    return {"yes": yes / total, "no": no / total} if total else {"yes": 0.0, "no": 0.0}


def _by_criterion(counts: Sequence[tuple[int, str, int]]) -> dict[str, dict[str, float]]:
    by_id: dict[int, Counter[str]] = defaultdict(Counter)
    for criterion_id, answer, count in counts:
        by_id[criterion_id][answer] += count
    return {str(id_): _yes_no(answers["YES"], answers["NO"]) for id_, answers in by_id.items()}


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _per_response(cells: Sequence[Record]) -> dict[str, list[float]]:
    names = {
        "input_tokens_per_response": "input_tokens",
        "output_tokens_per_response": "output_tokens",
        "reasoning_tokens_per_response": "reasoning_tokens",
        "duration_seconds_per_response": "duration_s",
    }
    return {shown: [cell[name] for cell in cells if cell[name] is not None] for shown, name in names.items()}


def _intervals(cells: Sequence[Record]) -> dict[str, Any]:
    """The share of YES over all criteria, clustered by persona and row, since epochs of one cell are alike."""
    clusters: dict[tuple[Any, Any], list[int]] = defaultdict(lambda: [0, 0])
    for cell in cells:
        cluster = clusters[cell["persona_id"], cell["row_id"]]
        cluster[0] += cell["passed"]
        cluster[1] += cell["passed"] + cell["not_passed"]
    return {"all_ratings": _interval((yes, n) for yes, n in clusters.values() if n)}


def _goal(cells: Sequence[Record]) -> dict[str, Any]:
    clusters: dict[tuple[Any, Any], list[int]] = defaultdict(lambda: [0, 0])
    for cell in cells:
        if cell["goal_achieved"] is not None:
            clusters[cell["persona_id"], cell["row_id"]][0] += bool(cell["goal_achieved"])
            clusters[cell["persona_id"], cell["row_id"]][1] += 1
    return _interval((yes, n) for yes, n in clusters.values())


def _interval(clusters: Iterable[tuple[int, int]]) -> dict[str, Any]:
    return rate(list(clusters)).as_dict()
