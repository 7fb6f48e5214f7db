"""Responses that are made beside the plan's own: brought by the caller, or generated for some rows once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from personae.core.conversation import Conversation, Turn
from personae.core.result import SimulationResult
from personae.core.usage import Usage
from personae.errors import InputError, NotFound
from personae.experiments.recorders.sql import Target, response_row
from personae.server.deps import ProjectAccess
from personae.server.experiments.inputs import Inputs, criteria, inputs
from personae.server.experiments.single_turn import text_of
from personae.server.schemas.response import ResponseIn
from personae.store import experiments, responses, tasks
from personae.store.columns import Record
from personae.store.engine import Connection


async def experiment_and_inputs(connection: Connection, project_id: int, experiment_id: int) -> tuple[Record, Inputs]:
    """The experiment and what it gives the engine. Raises NotFound."""
    row = await experiments.get(connection, project_id, experiment_id)
    if row is None:
        raise NotFound(f"there is no experiment {experiment_id} in this project")
    rows = await experiments.rows(connection, experiment_id)
    column = row["settings"].get("response_column")
    return row, inputs(row["snapshot"], rows, mode=row["evaluation_mode"], response_column=column)


async def add(
    connection: Connection, project: ProjectAccess, asked: Sequence[ResponseIn]
) -> tuple[list[int], list[str]]:
    """Ids of the responses that were brought, and of the tasks that make the others. Raises InputError, NotFound."""
    made: list[int] = []
    task_ids: list[str] = []
    for experiment_id in dict.fromkeys(one.experiment_id for one in asked):
        row, given = await experiment_and_inputs(connection, project.id, experiment_id)
        own = [one for one in asked if one.experiment_id == experiment_id]
        brought = [_brought(project, row, given, one) for one in own if one.messages]
        if brought:
            found = await responses.insert(connection, brought)
            made += [found[one["key"]] for one in brought]
            await experiments.count_up(connection, experiment_id, finished=len(brought))
        if places := [place for one in own if not one.messages for place in places_of(given, one)]:
            task_ids.append(
                await tasks.create(
                    connection,
                    project.id,
                    "respond",
                    experiment_id=experiment_id,
                    total=len(places),
                    payload={"places": places},
                    now=project.services.now(),
                )
            )
    return made, task_ids


def places_of(given: Inputs, one: ResponseIn) -> list[int]:
    """Places in the plan of a row, with one persona or with all. Raises InputError."""
    found = [
        place
        for place, cell in enumerate(given.cells)
        if cell.row_id == one.template_variables_id and one.persona_id in (None, cell.persona_id)
    ]
    if not found:
        raise InputError(
            f"the experiment has no row {one.template_variables_id}"
            + (f" with persona {one.persona_id}" if one.persona_id is not None else ""),
            field="template_variables_id",
        )
    return [place + (one.epoch - 1) * len(given.cells) for place in found]


def _brought(project: ProjectAccess, row: Record, given: Inputs, one: ResponseIn) -> Record:
    """A response from messages that the caller has."""
    place = places_of(given, one)[0]
    per_row = max(len(given.personas), 1)
    scenario = given.scenarios[place % len(given.cells) // per_row]
    persona = given.personas[place % per_row] if given.personas else scenario.persona
    assert persona is not None
    said = [message for message in one.messages if message.get("role") in ("user", "assistant", "tool")]
    if not any(message["role"] in ("assistant", "tool") for message in said):
        raise InputError("must hold a message of the assistant; leave them out to have one generated", field="messages")
    opening = () if row["evaluation_mode"] == "MULTI_TURN" else scenario.opening
    turns = [Turn("assistant" if turn.role == "assistant" else "user", turn.content, metadata={"opening": True})
             for turn in opening if turn.role != "system"]  # fmt: skip
    turns += [_turn(message) for message in said]
    result = SimulationResult(
        key=f"added~{uuid4().hex[:24]}",
        persona=persona,
        scenario=scenario,
        epoch=one.epoch,
        conversation=Conversation(tuple(turns), "max_turns"),
        usage=_usage(one.metadata or {}),
        index=place,
    )
    target = Target(
        project_id=project.id,
        experiment_id=row["id"],
        task_id="",
        owner="",
        cell_at=given.cell_at,
        criteria=criteria(row["snapshot"])[1],
        rater="",
        now=project.services.now,
    )
    made = response_row(target, result, result.as_row())
    duration = (one.metadata or {}).get("duration_seconds")
    return made | {"duration_s": duration if isinstance(duration, int | float) else None}


def _turn(message: Mapping[str, Any]) -> Turn:
    calls = message.get("tool_calls")
    metadata = {"tool_calls": calls} if calls else {}
    return Turn("user" if message["role"] == "user" else "assistant", text_of(message), metadata=metadata)


def _usage(metadata: Mapping[str, Any]) -> dict[str, Usage]:
    """What the caller says that it took."""
    counts = {
        name: metadata.get(name) for name in ("input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens")
    }
    known = {name: value for name, value in counts.items() if isinstance(value, int) and 0 <= value < 2**31}
    return {"bot": Usage(calls=1, unpriced_calls=1, **known)} if known else {}
