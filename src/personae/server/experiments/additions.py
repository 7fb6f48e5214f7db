"""Responses that are made beside the plan's own: brought by the caller, or generated for some rows once more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from personae.core.conversation import Conversation, Turn
from personae.core.rating import Rating
from personae.core.result import SimulationResult
from personae.core.usage import Usage
from personae.errors import InputError, NotFound
from personae.experiments.recorders.sql import Target, rating_rows, response_row, suffix_of
from personae.server.deps import ProjectAccess
from personae.server.experiments.inputs import Inputs, criteria, inputs
from personae.server.experiments.single_turn import text_of
from personae.server.schemas.response import ResponseIn, telling
from personae.store import experiments, ratings, responses, tasks
from personae.store import rows as collection_rows
from personae.store.columns import Record
from personae.store.engine import Connection

_BROUGHT = "added"
"""How the keys begin of what callers brought."""


def is_brought(row: Record) -> bool:
    """Whether a caller brought this response, so that nobody can make it again."""
    return str(row["key"]).startswith(f"{_BROUGHT}~")


async def places_beside(
    connection: Connection, project_id: int, experiment_id: int, rows: Sequence[Record]
) -> dict[str, list[int]]:
    """Places in the plan of those of these responses that were made beside it, by what their keys end with."""
    found: dict[str, list[int]] = {}
    if beside := [row for row in rows if suffix_of(row["key"])]:
        _, given = await experiment_and_inputs(connection, project_id, experiment_id)
        cells = {(cell.row_id, cell.persona_id): place for place, cell in enumerate(given.cells)}
        for row in beside:
            place = cells.get((row["row_id"], row["persona_id"]))
            if place is not None:
                found.setdefault(suffix_of(row["key"]), []).append(place + (row["epoch"] - 1) * len(cells))
    return found


async def experiment_and_inputs(
    connection: Connection, project_id: int, experiment_id: int, row_ids: Collection[int] = ()
) -> tuple[Record, Inputs]:
    """The experiment and what it gives the engine. A draft takes up `row_ids` that are new. Raises NotFound."""
    row = await experiments.get(connection, project_id, experiment_id)
    if row is None:
        raise NotFound(f"there is no experiment {experiment_id} in this project")
    rows = await experiments.rows(connection, experiment_id)
    if row["status"] == "draft" and (new := set(row_ids) - {one["id"] for one in rows}):
        rows += await _taken_up(connection, row, rows, new)
    column = row["settings"].get("response_column")
    return row, inputs(row["snapshot"], rows, mode=row["evaluation_mode"], response_column=column)


async def _taken_up(connection: Connection, row: Record, rows: list[Record], new: set[int]) -> list[Record]:
    """Those of the rows that came into the collection since the draft was made."""
    live = await collection_rows.page(connection, row["collection_id"]) if row["collection_id"] is not None else []
    found = [one for one in live if one["id"] in new]
    if found:
        await experiments.set_rows(connection, row["id"], [*rows, *found])
        planned = (len(row["snapshot"]["personas"]) or 1) * (len(rows) + len(found)) * row["n_epochs"]
        await experiments.change(connection, row["id"], now=row["updated_at"], planned=planned)
    return found


async def add(
    connection: Connection, project: ProjectAccess, asked: Sequence[ResponseIn]
) -> tuple[list[int], list[str]]:
    """Ids of the responses that were brought, and of the tasks that make the others. Raises InputError, NotFound."""
    made: list[int] = []
    task_ids: list[str] = []
    for experiment_id in dict.fromkeys(one.experiment_id for one in asked):
        own = [one for one in asked if one.experiment_id == experiment_id]
        row_ids = {one.template_variables_id for one in own}
        row, given = await experiment_and_inputs(connection, project.id, experiment_id, row_ids)
        if brought := [one for one in own if one.messages]:
            made += await _insert(connection, project, row, given, brought)
        if places := _to_generate(row, given, [one for one in own if not one.messages]):
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


def _to_generate(row: Record, given: Inputs, asked: Sequence[ResponseIn]) -> list[int]:
    """Places in the plan. What is asked for twice is made as another epoch. Raises InputError."""
    found: dict[int, None] = {}
    for one in asked:
        if one.llm_config_id not in (None, row["llm_config_id"]):
            raise InputError(
                f"the experiment {row['name']!r} is run by its own LLM config alone: make another experiment to use "
                "this one",
                field="llm_config_id",
            )
        for place in places_of(given, one):
            while place in found:
                place += len(given.cells)
            found[place] = None
    return list(found)


async def _insert(
    connection: Connection, project: ProjectAccess, row: Record, given: Inputs, asked: Sequence[ResponseIn]
) -> list[int]:
    """Ids of the responses that the caller has. They wait to be rated."""
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
    waiting = tuple(Rating(one.label, None, error="not rated yet") for one in criteria(row["snapshot"])[0])
    brought = [replace(_brought(row, given, one), ratings=waiting) for one in asked]
    rows = [
        response_row(target, result, result.as_row()) | {"termination": None, "duration_s": _duration(one)}
        for result, one in zip(brought, asked, strict=True)
    ]
    found = await responses.insert(connection, rows)
    ids = [found[result.key] for result in brought]
    await ratings.insert(connection, [one for id_ in ids for one in rating_rows(target, id_, waiting)])
    now = project.services.now()
    await experiments.count_up(connection, row["id"], finished=len(ids), now=now)
    await experiments.change(connection, row["id"], now=now, results=None)
    return ids


def _brought(row: Record, given: Inputs, one: ResponseIn) -> SimulationResult:
    """A result from messages that the caller has."""
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
    return SimulationResult(
        key=f"{_BROUGHT}~{uuid4().hex[:24]}",
        persona=persona,
        scenario=scenario,
        epoch=one.epoch,
        conversation=Conversation(tuple(turns), "max_turns"),
        usage=_usage(one.metadata or {}),
        index=place,
    )


def _duration(one: ResponseIn) -> float | None:
    duration = (one.metadata or {}).get("duration_seconds")
    return float(duration) if isinstance(duration, int | float) and 0 <= duration < 1e9 else None


def _turn(message: Mapping[str, Any]) -> Turn:
    """The message in words, for the judge; with the message itself where it is no plain text."""
    text = text_of(message)
    is_plain = text == message.get("content") and not message.get("tool_calls")
    said = telling(message)
    if isinstance(said.get("content"), list) and message["role"] != "tool":
        said["content"] = text
    return Turn("user" if message["role"] == "user" else "assistant", text, metadata={} if is_plain else {"said": said})


def _usage(metadata: Mapping[str, Any]) -> dict[str, Usage]:
    """What the caller says that it took."""
    counts = {
        name: metadata.get(name) for name in ("input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens")
    }
    known = {name: value for name, value in counts.items() if isinstance(value, int) and 0 <= value < 2**31}
    return {"bot": Usage(calls=1, unpriced_calls=1, **known)} if known else {}
