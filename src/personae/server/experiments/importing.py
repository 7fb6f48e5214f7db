"""A result file of `personae simulate` as a finished experiment.

The file is read twice: first to check every row, and to learn which personas, scenarios and criteria it holds; then to
write. What it holds has no ids of the platform, so ids are made of its content: the same persona, scenario or question
has the same one in every imported experiment, which can so be compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from personae.core.persona import Scenario
from personae.core.result import SimulationResult
from personae.core.seed import digest
from personae.errors import InputError
from personae.experiments.recorders.sql import Asked, Cell, Target, rating_rows, response_row
from personae.experiments.result_file import read_rows, results
from personae.server.experiments.inputs import NOBODY, OUTCOME
from personae.server.experiments.results import summed_up
from personae.server.project_settings import taken_over
from personae.server.schemas.experiment import RATING_VERSION
from personae.server.schemas.result_row import ResultRow
from personae.store import experiments, projects, ratings, responses
from personae.store.columns import Record
from personae.store.engine import Connection

GOAL = "persona_goal"
_FIRST_ID = 2**52
"""Of ids made of content: far beyond what a database counts up to, and still exact in every JSON reader."""
_MOST_PROBLEMS = 20
_AT_ONCE = 200


def content_id(noun: str, text: str) -> int:
    """The id of an imported thing, from what it says."""
    return _FIRST_ID + int(digest(noun, text), 16) % _FIRST_ID


@dataclass(slots=True)
class Survey:
    """What a result file holds."""

    path: Path
    name: str
    """Of the file, as people know it."""
    keys: set[str] = field(default_factory=set)
    personas: dict[str, Record] = field(default_factory=dict)
    """By name, as the first row has them: their placeholders are filled."""
    scenarios: dict[str, Scenario] = field(default_factory=dict)
    """By hash."""
    criteria: dict[str, Asked] = field(default_factory=dict)
    epochs: int = 1
    failed: int = 0
    rated: int = 0
    spent_usd: float = 0.0
    is_scripted: bool = True
    """No personas: single answers."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Of the first row."""

    def add(self, result: SimulationResult) -> None:
        """One more row."""
        self.metadata = self.metadata or result.metadata
        self.keys.add(result.key)
        self.personas.setdefault(result.persona.name, result.persona.as_dict())
        self.scenarios.setdefault(result.scenario.version_hash, result.scenario)
        for rating in result.ratings:
            asked = Asked(content_id("criterion", rating.criterion), 1, rating.criterion)
            self.criteria.setdefault(rating.criterion, asked)
        has_failed = result.error is not None
        self.epochs = max(self.epochs, result.epoch)
        self.failed += has_failed
        self.rated += not has_failed and all(rating.verdict is not None for rating in result.ratings)
        self.spent_usd += result.cost_usd or 0.0
        self.is_scripted = self.is_scripted and result.persona == NOBODY and bool(result.scenario.opening)


def survey(path: Path, name: str) -> Survey:
    """What is in the file at `path`, every row checked. Raises InputError with the places of all problems."""
    found = Survey(path, name)
    problems: list[InputError] = []
    rows = read_rows(path)
    try:
        for row in rows:
            problems += _problems(found, row, name, rows.line)
            if len(problems) >= _MOST_PROBLEMS:
                break
    except InputError as error:
        problems.append(InputError(error.problem, file=name, line=error.line))
    if problems:
        first = problems[0]
        text = "\n".join([first.problem, *map(str, problems[1:])])
        raise InputError(text, file=name, line=first.line, field=first.field, each=tuple(problems))
    if not found.keys:
        raise InputError("holds no results", file=name)
    return found


def _problems(found: Survey, row: Mapping[str, Any], name: str, line: int) -> Iterator[InputError]:
    try:
        key = ResultRow.model_validate(row).key
        if key in found.keys:
            yield InputError(f"the conversation {key} stands in the file twice", file=name, line=line, field="key")
            return
        found.add(next(results([row])))
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False)[:3]:
            place = ".".join(map(str, one["loc"]))
            yield InputError(f"is no row of a result file: {one['msg']}", file=name, line=line, field=place)
    except InputError as error:
        yield InputError(error.problem, file=name, line=line)


async def write(connection: Connection, project_id: int, found: Survey, name: str, *, now: datetime) -> int:
    """The new experiment's id. Raises IntegrityError where the name is taken."""
    rows = [
        {"id": content_id("row", hash_), "input_values": _values(one), "environment_config": None, "created_at": now}
        for hash_, one in found.scenarios.items()
    ]
    values = _values_of(found, name, rows, now)
    of_project = await projects.settings(connection, project_id)  # for when it is rated again
    values["settings"] = taken_over(values["settings"], of_project, has_personas=False)
    experiment_id = await experiments.create(connection, project_id, values, rows, now=now)
    target = Target(project_id, experiment_id, "", "", lambda _: Cell(0), (), "", lambda: now)
    waiting = iter(read_rows(found.path))
    while some := await asyncio.to_thread(lambda: list(islice(waiting, _AT_ONCE))):
        await _write(connection, target, found, list(zip(some, results(some), strict=True)))
    experiment = await experiments.by_id(connection, experiment_id)
    assert experiment is not None
    summary = await summed_up(connection, experiment, until=now)
    await experiments.change(connection, experiment_id, now=now, results=summary)
    return experiment_id


async def _write(
    connection: Connection,
    target: Target,
    found: Survey,
    some: Sequence[tuple[Mapping[str, Any], SimulationResult]],
) -> None:
    own = [_target(target, found, result) for _, result in some]
    written = [response_row(to, result, row) for to, (row, result) in zip(own, some, strict=True)]
    ids = await responses.insert(connection, written)
    given = [
        rating
        for to, (_, result) in zip(own, some, strict=True)
        for rating in rating_rows(to, ids[result.key], result.ratings)
    ]
    await ratings.insert(connection, given)


def _target(target: Target, found: Survey, result: SimulationResult) -> Target:
    """Where the records of this row go: its own cell, and the criteria that it was rated by."""
    cell = Cell(content_id("row", result.scenario.version_hash))
    if not found.is_scripted:
        cell = replace(cell, persona_id=content_id("persona", result.persona.name), persona_version=1)
    criteria = tuple(found.criteria[rating.criterion] for rating in result.ratings)
    rater = str(result.metadata.get("judge_model") or "")
    return replace(target, cell_at=lambda _: cell, criteria=criteria, rater=rater)


def _values(scenario: Scenario) -> dict[str, Any]:
    """The row of a scenario."""
    known = scenario.as_dict()
    texts = {column: known[name] for name, column in _COLUMNS.items() if known.get(name)}
    return {**texts, **scenario.fields}


_COLUMNS = {
    "goal": GOAL,
    "expected_outcome": OUTCOME,
    "known_info": "known_info",
    "unknown_info": "unknown_info",
    "instructions": "instructions",
}


def _values_of(found: Survey, name: str, rows: Sequence[Record], now: datetime) -> Record:
    said = found.metadata
    origin = {"file": found.name, "bot": said.get("bot"), "simulator": said.get("simulator_model")}
    max_turns = said.get("max_turns")
    settings: dict[str, Any] = {"imported_from": {**origin, "judge": said.get("judge_model")}}
    if isinstance(max_turns, int) and 1 <= max_turns <= 200:
        settings["max_turns"] = max_turns
    bot = f": bot {origin['bot']}" if isinstance(origin["bot"], str) else ""
    return {
        "name": name,
        "description": f"imported from {found.name}{bot}",
        "evaluation_mode": "STANDARD" if found.is_scripted else "MULTI_TURN",
        "status": "finished",
        "n_epochs": found.epochs,
        "rating_mode": "fast" if said.get("judge_mode") == "fast" else "detailed",
        "rating_version": str(said.get("rating_version") or RATING_VERSION)[:60],
        "settings": settings,
        "snapshot": _snapshot(found, rows, now),
        "planned": len(found.keys),
        "finished": len(found.keys),
        "failed": found.failed,
        "rated": found.rated,
        "spent_usd": found.spent_usd,
        "started_at": _started(said),
        "ended_at": now,
    }


def _started(said: Mapping[str, Any]) -> datetime | None:
    try:
        began = datetime.fromisoformat(said["provenance"]["created_at"])
    except (KeyError, TypeError, ValueError):
        return None
    return began if began.tzinfo is not None else None


def _snapshot(found: Survey, rows: Sequence[Record], now: datetime) -> Record:
    moment = now.isoformat()
    columns = dict.fromkeys(name for row in rows for name in row["input_values"])
    collection = {
        "id": content_id("collection", found.name),
        "name": found.name,
        "description": "",
        "columns": [_column(position, name, found) for position, name in enumerate(columns)],
        "variables_count": len(rows),
        "read_only": True,
        "version": "1",
        "collection_type": "STANDARD" if found.is_scripted else "PERSONA",
        "environment_config": None,
        "is_scenario_set": False,
        "goal_column": None if found.is_scripted else GOAL,
        "created_at": moment,
        "updated_at": moment,
    }
    criteria = [
        {"id": one.id, "criterion_str": one.text, "label": None, "version": 1, "created_at": moment}
        for one in found.criteria.values()
    ]
    personas = [
        {"id": content_id("persona", name), "name": name, "version": 1, "record": record}
        for name, record in found.personas.items()
    ]
    return {
        "collection": collection,
        "prompt_template": None,
        "llm_config": None,
        "llm_settings": None,
        "criterion_set": {"id": 0, "name": f"criteria of {found.name}", "criteria": criteria},
        "persona_group": None,
        "personas": [] if found.is_scripted else personas,
    }


def _column(position: int, name: str, found: Survey) -> Record:
    return {
        "id": content_id("column", name),
        "name": name,
        "column_type": GOAL if name == GOAL and not found.is_scripted else "text",
        "default_value": "",
        "column_position": position,
        "categorical_values": None,
    }
