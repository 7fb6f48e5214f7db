"""What people are asked to label of an experiment: the same sample for everybody, so that raters can be compared.

It is drawn once for each state of the experiment, by reading its results some at a time, and kept by this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from personae.core.result import SimulationResult
from personae.core.template import fill
from personae.errors import InputError, NotFound
from personae.experiments.result_file import verdicts_of
from personae.rating.label_queue import Item, draw
from personae.rating.labels import GOAL
from personae.server.deps import ProjectAccess
from personae.server.experiments.inputs import criteria
from personae.server.experiments.result_rows import result_rows
from personae.store import experiments, labels
from personae.store.columns import Record

PER_CRITERION = 60
"""Labels of each criterion that a person is asked for, as in the terminal."""
_MOST_KEPT = 50


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a person: does this conversation meet this criterion?"""

    response_id: int
    criterion_id: int | None
    """None: the goal."""
    text: str
    """What is asked; of a goal, the outcome is the scenario's."""

    def asked_of(self, result: SimulationResult) -> str:
        """The text with the row's columns filled in."""
        text = result.scenario.expected_outcome if self.criterion_id is None else self.text
        try:
            return fill(text, result.scenario.columns)
        except InputError:  # a column that the row has not: the text as it is still tells the question
            return text


@dataclass(frozen=True, slots=True)
class Queue:
    """All questions of an experiment in the order in which they are asked, and what one person said to them."""

    experiment: Record
    questions: Sequence[Question]
    said: Mapping[tuple[int, int | None], Record]
    """By response and criterion."""
    others: int
    """How many other people have labels here."""

    def answer(self, question: Question) -> Record | None:
        return self.said.get((question.response_id, question.criterion_id))

    @property
    def answered(self) -> int:
        return sum(self.answer(question) is not None for question in self.questions)

    def first_open(self, start: int = 0) -> int | None:
        """The place, from 0, of the next question that is not answered: from `start` on, then from the beginning."""
        places = [*range(start, len(self.questions)), *range(min(start, len(self.questions)))]
        return next((place for place in places if self.answer(self.questions[place]) is None), None)


_kept: dict[tuple[Any, ...], tuple[Question, ...]] = {}


async def queue(project: ProjectAccess, experiment_id: int) -> Queue:
    """For whoever asks. Raises NotFound."""
    async with project.reading() as connection:
        experiment = await experiments.get(connection, project.id, experiment_id)
        if experiment is None:
            raise NotFound(f"there is no experiment {experiment_id} in this project")
        rows = await labels.of_experiment(connection, experiment_id)
    state = tuple(experiment[name] for name in ("finished", "rated", "started_at", "ended_at", "updated_at"))
    place = (project.services.database.url, experiment_id, *state)
    if place not in _kept:
        if len(_kept) >= _MOST_KEPT:
            del _kept[next(iter(_kept))]
        _kept[place] = await _drawn(project, experiment)
    mine = {
        (row["response_id"], None if row["criterion_id"] == labels.GOAL else row["criterion_id"]): row
        for row in rows
        if row["rater"] == project.actor
    }
    others = {row["rater"] for row in rows} - {project.actor}
    return Queue(experiment, _kept[place], mine, len(others))


async def _drawn(project: ProjectAccess, experiment: Record) -> tuple[Question, ...]:
    found: list[SimulationResult] = []
    ids: dict[str, int] = {}
    async for some in result_rows(project, experiment["id"]):
        ids |= {str(row["key"]): id_ for id_, row in some}
        found += await asyncio.to_thread(_verdicts, [row for _, row in some])
    items = await asyncio.to_thread(partial(draw, found, n=PER_CRITERION, seed=experiment["id"]))
    asked, refer = criteria(experiment["snapshot"])
    known = {one.label: (ref.id, one.question) for one, ref in zip(asked, refer, strict=True)}
    return tuple(question for item in items if (question := _question(item, ids[item.key], known)))


def _verdicts(rows: Sequence[Mapping[str, Any]]) -> list[SimulationResult]:
    return [verdicts_of(row) for row in rows]


def _question(item: Item, response_id: int, known: Mapping[str, tuple[int, str]]) -> Question | None:
    """None where the experiment no longer knows the criterion, so that no label could be kept."""
    if item.criterion == GOAL:
        return Question(response_id, None, "")
    return Question(response_id, *known[item.criterion]) if item.criterion in known else None
