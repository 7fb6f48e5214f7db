"""Responses as a list shows them: no transcript, no reasoning, read for a whole page at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from personae.core.text import shown
from personae.server.experiments.places import named_rows, persona_names, who
from personae.server.experiments.words import on_wire
from personae.store import experiments, tallies
from personae.store.columns import Record
from personae.store.engine import Connection

_MOST_OF_ERROR = 300
_AS_THEY_ARE = ("id", "experiment_id", "key", "epoch", "goal_achieved", "passed", "not_passed", "unrated", "turns")


async def briefs(connection: Connection, found: Sequence[Record]) -> list[dict[str, Any]]:
    """The responses, each with its persona's name, its row's number and goal, and what each criterion was answered."""
    answers: dict[int, dict[str, str | None]] = defaultdict(dict)
    for response_id, criterion_id, answer in await tallies.answers_of(connection, [row["id"] for row in found]):
        answers[response_id][str(criterion_id)] = answer
    made: dict[int, dict[str, Any]] = {}
    for experiment_id in dict.fromkeys(row["experiment_id"] for row in found):
        experiment = await experiments.by_id(connection, experiment_id, with_results=False)
        own = [row for row in found if row["experiment_id"] == experiment_id]
        if experiment is None:
            continue
        rows = await named_rows(connection, experiment, {row["row_id"] for row in own})
        names = persona_names(experiment["snapshot"])
        for row in own:
            place = {"persona": who(names, row["persona_id"]), "row": rows.get(row["row_id"])}
            made[row["id"]] = {**_brief(row), **place, "answers": answers[row["id"]]}
    return [made[row["id"]] for row in found if row["id"] in made]


def _brief(row: Record) -> dict[str, Any]:
    return {
        **{name: row[name] for name in _AS_THEY_ARE},
        "termination_reason": on_wire(row["termination"]),
        "error": None if row["error"] is None else shown(row["error"], _MOST_OF_ERROR),
        "validity": row["validity_verdict"],
        "fault": row["validity_fault"],
        "duration_s": row["duration_s"],
        "cost_usd": row["cost_usd"],
        "is_annotated": bool(row["annotation"]),
        "created_at": row["created_at"].isoformat(),
    }
