"""Finished experiments, stored as a run would have stored them; their conversations are made in advance."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from personae.core.conversation import Conversation, Termination, Turn
from personae.core.rating import Rating
from personae.core.result import SimulationResult, Spec
from personae.core.usage import Usage
from personae.core.validity import FAULTS, Finding, Validity, judged
from personae.experiments.plan import Plan
from personae.experiments.recorders.sql import Target, rating_rows, response_row
from personae.server.experiments.creation import Draft, draft
from personae.server.experiments.inputs import Inputs, criteria, inputs
from personae.server.experiments.results import summed_up
from personae.server.schemas.experiment import ExperimentIn
from personae.server.services import Services
from personae.store import experiments, ratings, responses

PROJECT = 1
NOW = datetime(2026, 1, 1, tzinfo=UTC)
_AT_ONCE = 2000
_TURNS = 8
WORDS = (
    "order", "lamp", "refund", "delivery", "address", "invoice", "parcel",
    "discount", "voucher", "account", "payment", "please", "tomorrow", "broken", "missing", "glass",
    "shade", "store", "colour", "price", "return", "label", "courier", "weekend",
)  # fmt: skip
RARE = "rhododendron"
"""Said in one of some fifty conversations."""


@dataclass(frozen=True, slots=True)
class Made:
    """An experiment that is stored again and again, and how its conversations can go."""

    draft: Draft
    inputs: Inputs
    results: tuple[list[tuple[SimulationResult, dict[str, Any]]], ...]
    """In the order of the plan, each with its row; experiments take the ways in turn."""


async def experiment(services: Services, ids: dict[str, list[int]], group: int, table: int, *, variants: int) -> Made:
    """One of this group and collection, which can go in so many ways."""
    body = {
        "name": "?",
        "persona_group_id": group,
        "collection_id": table,
        "prompt_template_id": ids["template_id"][0],
        "llm_config_id": ids["llm_config_id"][0],
        "criterion_set_id": ids["criterion_set_id"][0],
    }
    async with services.database.reading() as connection:
        drafted = await draft(connection, PROJECT, ExperimentIn.model_validate(body))
    given = inputs(drafted.values["snapshot"], drafted.rows, mode="MULTI_TURN", response_column=None)
    specs = list(Plan(personas=given.personas, scenarios=given.scenarios))
    asked = criteria(drafted.values["snapshot"])[0]
    dice = random.Random(3)
    found = tuple(
        [(one, one.as_row()) for one in _results(specs, [one.label for one in asked], dice)] for _ in range(variants)
    )
    return Made(drafted, given, found)


def _results(specs: Sequence[Spec], labels: Sequence[str], dice: random.Random) -> Iterator[SimulationResult]:
    endings: tuple[Termination, ...] = ("goal_met", "goal_met", "goal_failed", "max_turns")
    for spec in specs:
        has_failed = dice.random() < 0.02
        ending = "bot_error" if has_failed else dice.choice(endings)
        turns = [
            Turn(role, said(dice, 35), 800.0 + dice.random() * 400,
                 Usage(1, 500, output_tokens=60, priced_usd=0.001))
            for _ in range(dice.randint(_TURNS // 2, _TURNS))
            for role in ("user", "assistant")
        ]  # fmt: skip
        yield SimulationResult(
            key=spec.key,
            persona=spec.persona,
            scenario=spec.scenario,
            epoch=1,
            conversation=Conversation(
                tuple(turns), ending, "All is said.", error="HTTP 500 from the bot" if has_failed else ""
            ),
            validity=_validity(dice),
            goal=None if has_failed else Rating("Goal achieved", dice.random() < 0.7, "As turn 4 shows."),
            ratings=tuple(
                Rating(label, None if has_failed else dice.random() < 0.8, "Because of turn 4.",
                       error="nothing to judge" if has_failed else "")
                for label in labels
            ),
            usage={"bot": Usage(_TURNS, 4000, output_tokens=480, priced_usd=0.008)},
            index=spec.index,
        )  # fmt: skip


def _validity(dice: random.Random) -> Validity:
    """One of twenty is no fair test, by one fault or the other."""
    if dice.random() < 0.95:
        return judged(())
    return judged((Finding("meta_text", 1, "", "a stage direction", "invalid", dice.choice(FAULTS)),))


async def finished(services: Services, made: Made, number: int) -> int:
    """One more experiment with all its conversations, each with a key of its own."""
    chosen, snapshot = made.results[number % len(made.results)], made.draft.values["snapshot"]
    values = {
        **made.draft.values,
        "name": f"experiment {number}",
        "llm_config_id": 1 + number % 20,
        "snapshot": {**snapshot, "llm_config": {**snapshot["llm_config"], "name": f"bot {number % 20}"}},
        "status": "finished",
        "finished": len(chosen),
        "failed": sum(bool(one.conversation.error) for one, _ in chosen),
        "rated": sum(not one.conversation.error for one, _ in chosen),
        "spent_usd": sum(one.cost_usd or 0.0 for one, _ in chosen),
        "started_at": NOW,
        "ended_at": NOW,
    }
    async with services.database.writing() as connection:
        id_ = await experiments.create(connection, PROJECT, values, made.draft.rows, now=NOW)
        asked = criteria(made.draft.values["snapshot"])[1]
        target = Target(PROJECT, id_, "", "", made.inputs.cell_at, asked, "judge", lambda: NOW)
        for start in range(0, len(chosen), _AT_ONCE):
            own = [
                (replace(result, key=key), {**row, "key": key})
                for result, row in chosen[start : start + _AT_ONCE]
                if (key := f"{number:x}-{result.key}")
            ]
            ids = await responses.insert(connection, [response_row(target, result, row) for result, row in own])
            await ratings.insert(
                connection, [row for one, _ in own for row in rating_rows(target, ids[one.key], one.ratings)]
            )
        stored = await experiments.by_id(connection, id_)
        assert stored is not None
        results = await summed_up(connection, stored, until=NOW)
        await experiments.change(connection, id_, now=NOW, results=results)
    return id_


@cache
def _sentences(count: int) -> list[str]:
    """Many of so many words."""
    dice = random.Random(count)
    return [" ".join(dice.choices(WORDS, k=count)) for _ in range(1_000)]


def said(dice: random.Random, count: int) -> str:
    """So many words."""
    words = _sentences(count)[int(dice.random() * 1_000)]
    return words if dice.random() > 0.01 / _TURNS else f"{words} {RARE}"
