"""The map of an experiment: a sample per row and persona, with a response per epoch."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from personae.server.experiments.words import on_wire
from personae.server.schemas.experiment_out import ExperimentMap, MapPersona, MapResponse, MapSample
from personae.store import experiments, responses
from personae.store.columns import Record
from personae.store.engine import Connection


async def map_page(connection: Connection, experiment: Record, *, page: int, limit: int) -> ExperimentMap:
    """One page of the map, in the order of the plan."""
    personas: list[dict[str, Any]] = experiment["snapshot"]["personas"]
    per_row = max(len(personas), 1)
    first, last = (page - 1) * limit, page * limit  # samples, each a row with one persona
    skip, until = first // per_row, -(-last // per_row)
    some, count = await experiments.rows_page(connection, experiment["id"], offset=skip, limit=until - skip)
    cells = await responses.cells(connection, experiment["id"], [row["id"] for row in some])
    by_place: dict[tuple[int, int | None], list[Record]] = defaultdict(list)
    for cell in cells:
        by_place[cell["row_id"], cell["persona_id"]].append(cell)
    everyone: list[dict[str, Any] | None] = [*personas] or [None]
    samples = [
        _sample(row["id"], one, by_place.get((row["id"], one["id"] if one else None), []))
        for row in some
        for one in everyone
    ]
    begin = first - skip * per_row
    return ExperimentMap(
        experiment_id=experiment["id"],
        name=experiment["name"],
        num_samples=count * per_row,
        num_responses=experiment["finished"],
        samples=samples[begin : begin + limit],
    )


def _sample(row_id: int, persona: dict[str, Any] | None, cells: list[Record]) -> MapSample:
    return MapSample(
        template_variables_id=row_id,
        persona=None if persona is None else MapPersona.model_validate(persona, extra="ignore"),
        responses=[
            MapResponse(
                response_id=cell["id"],
                epoch=cell["epoch"],
                total_cost_usd=cell["cost_usd"],
                total_steps=cell["turns"],
                has_error=cell["has_error"],
                num_criteria_passed=cell["passed"],
                num_criteria_failed=cell["not_passed"],
                termination_reason=on_wire(cell["termination"]),
                goal_achieved=cell["goal_achieved"],
            )
            for cell in sorted(cells, key=lambda cell: (cell["epoch"], cell["id"]))
        ],
    )
