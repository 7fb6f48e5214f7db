"""A database with much in it, made by the store's own functions."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personae.core.conversation import Conversation, Turn
from personae.core.persona import Persona, Scenario
from personae.core.rating import Rating
from personae.core.result import SimulationResult
from personae.core.usage import Usage
from personae.experiments.recorders.sql import Asked, Cell, Target, rating_rows, response_row
from personae.server.services import open_services
from personae.server.settings import ServerSettings
from personae.server.setup import prepare
from personae.store import experiments, ratings, responses
from personae.store.engine import Connection

_AT_ONCE = 2000
_ROWS = 100
_CRITERIA = tuple(Asked(number, 1, f"Is rule {number} kept?") for number in (1, 2, 3))
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def fill(folder: Path, small: int, large: int, others: int) -> tuple[int, int]:
    """Ids of an experiment with `small` responses and one with `large`; `others` more have none."""
    return asyncio.run(_fill(folder, small, large, others))


async def _fill(folder: Path, small: int, large: int, others: int) -> tuple[int, int]:
    services = open_services(ServerSettings(data_folder=str(folder)))
    await prepare(services)
    made: list[int] = []
    for count in (small, large, *[0] * others):
        async with services.database.writing() as connection:
            id_ = await experiments.create(connection, 1, _values(len(made), count), _rows(), now=_NOW)
            made.append(id_)
        for start in range(0, count, _AT_ONCE):
            async with services.database.writing() as connection:
                await _responses(connection, id_, start, min(_AT_ONCE, count - start))
    await services.database.close()
    return made[0], made[1]


def _rows() -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "input_values": {"persona_goal": f"goal {number}"},
            "environment_config": None,
            "created_at": _NOW,
        }
        for number in range(1, _ROWS + 1)
    ]


def _values(number: int, count: int) -> dict[str, Any]:
    collection = {
        "id": 1, "name": "C", "description": "", "columns": [], "variables_count": _ROWS, "read_only": False,
        "version": "1", "collection_type": "PERSONA", "environment_config": None, "goal_column": "persona_goal",
        "created_at": _NOW.isoformat(), "updated_at": _NOW.isoformat(), "is_scenario_set": False,
    }  # fmt: skip
    asked = [
        {"id": one.id, "criterion_str": one.text, "label": None, "version": 1, "created_at": _NOW.isoformat()}
        for one in _CRITERIA
    ]
    snapshot = {
        "collection": collection,
        "prompt_template": None,
        "llm_config": None,
        "llm_settings": None,
        "criterion_set": {"id": 1, "name": "S", "criteria": asked},
        "persona_group": {"id": 1, "name": "G"},
        "personas": [{"id": 1, "name": "Ann", "version": 1, "record": {"name": "Ann", "description": "A user."}}],
    }
    return {
        "name": f"experiment {number}", "description": None, "evaluation_mode": "MULTI_TURN", "status": "finished",
        "collection_id": 1, "settings": {}, "snapshot": snapshot, "planned": count, "finished": count, "rated": count,
        "started_at": _NOW, "ended_at": _NOW, "rating_version": "1",
    }  # fmt: skip


async def _responses(connection: Connection, experiment_id: int, start: int, count: int) -> None:
    target = Target(
        1, experiment_id, "", "", lambda place: Cell(1 + place % _ROWS, 1, 1), _CRITERIA, "judge", lambda: _NOW
    )
    results = [_result(start + place) for place in range(count)]
    ids = await responses.insert(connection, [response_row(target, one, one.as_row()) for one in results])
    await ratings.insert(connection, [row for one in results for row in rating_rows(target, ids[one.key], one.ratings)])


def _result(place: int) -> SimulationResult:
    turns = [
        Turn(role, f"Message {number} of conversation {place}: " + "some words of a usual length " * 6, 800.0,
             Usage(1, 500, output_tokens=60, priced_usd=0.001))
        for number in range(8)
        for role in ("user", "assistant")
    ]  # fmt: skip
    return SimulationResult(
        key=f"{place:016x}",
        persona=Persona(name="Ann", description="A user."),
        scenario=Scenario(goal=f"goal {place % _ROWS}"),
        epoch=1,
        conversation=Conversation(tuple(turns), "goal_met", "All is said."),
        ratings=tuple(Rating(one.text, place % 3 != one.id % 3, "Because of turn 4.") for one in _CRITERIA),
        usage={"bot": Usage(8, 4000, output_tokens=480, priced_usd=0.008)},
        index=place,
    )
