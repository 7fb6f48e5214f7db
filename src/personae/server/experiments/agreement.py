"""The judge of an experiment held against the labels of people: what `personae judge check` says of files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personae.core.result import SimulationResult
from personae.errors import NotFound
from personae.experiments.result_file import each_row
from personae.rating.card import JudgeCard
from personae.rating.check import Checking
from personae.rating.checked import Check
from personae.rating.labels import GOAL, Label
from personae.server.deps import ProjectAccess
from personae.server.experiments.inputs import criteria
from personae.server.experiments.result_rows import result_rows
from personae.store import experiments, labels
from personae.store.columns import Record


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the labels of an experiment say of its judge."""

    experiment: Record
    check: Check
    response_ids: Mapping[str, int]
    """By key."""

    def as_dict(self) -> dict[str, Any]:
        data = self.check.as_dict()
        for criterion in data["criteria"]:
            for one in criterion["disagreements"]:
                one["response_id"] = self.response_ids[one["key"]]
        return data | {"simulated": self.experiment["evaluation_mode"] == "MULTI_TURN"}


async def labelled(project: ProjectAccess, experiment_id: int) -> tuple[Record, list[Label]]:
    """The experiment, and its labels as they stand in a file. Raises NotFound."""
    async with project.reading() as connection:
        experiment = await experiments.get(connection, project.id, experiment_id)
        if experiment is None:
            raise NotFound(f"there is no experiment {experiment_id} in this project")
        found = await labels.of_experiment(connection, experiment_id)
    asked, refer = criteria(experiment["snapshot"])
    names = {labels.GOAL: GOAL} | {ref.id: one.label for one, ref in zip(asked, refer, strict=True)}
    return experiment, [
        Label(
            key=row["key"],
            criterion=names.get(row["criterion_id"], f"criterion {row['criterion_id']}"),
            rater=row["rater"],
            label=row["label"],
            note=row["note"],
        )
        for row in found
    ]


async def agreement(project: ProjectAccess, experiment_id: int) -> Agreement:
    """Rows are read some at a time and counted in another thread. Raises NotFound."""
    experiment, found = await labelled(project, experiment_id)
    checking, ids = Checking.of(found), dict[str, int]()
    if found:
        async for some in result_rows(project, experiment_id):
            ids |= {str(row["key"]): id_ for id_, row in some}
            await asyncio.to_thread(_fed, checking, [row for _, row in some])
    return Agreement(experiment, checking.finish(), ids)


async def card(project: ProjectAccess, experiment_id: int) -> JudgeCard | None:
    """What reports show of a judge by the labels of this experiment; None where there are none. Raises NotFound."""
    found = await agreement(project, experiment_id)
    checked = tuple(one.checked for one in found.check.criteria if one.table.n)
    source = str(found.experiment["name"])
    return JudgeCard(project.services.now().date().isoformat(), source, checked) if checked else None


def _fed(checking: Checking, rows: Sequence[Mapping[str, Any]]) -> None:
    each_row(rows, lambda row: checking.add(SimulationResult.from_row(row)))
