"""What lists, grids and live pages show of experiments and responses. The answers are made by `server.experiments`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class Rate(BaseModel):
    """A share with its 95% interval."""

    model_config = ConfigDict(extra="allow")

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str = ""
    """Why there is no value, or no interval."""


class ExperimentSummary(BaseModel):
    """One experiment in a list."""

    id: int
    name: str
    evaluation_mode: str
    status: str
    problem: str | None
    n_epochs: int
    planned: int
    finished: int
    failed: int
    rated: int
    spent_usd: float
    budget_usd: float | None
    collection_id: int | None
    persona_group_id: int | None
    llm_config_id: int | None
    criterion_set_id: int | None
    collection: str | None
    persona_group: str | None
    llm_config: str | None
    criterion_set: str | None
    goal: Rate | None
    """Null until there are results."""
    ratings: Rate | None
    """The share of YES over all criteria."""
    left_out: int | None
    """Conversations that were no fair tests, and are in no rate."""
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ExperimentSummaries(BaseModel):
    """One page of them."""

    items: list[ExperimentSummary]
    count: int


class PersonaName(BaseModel):
    """Who talks."""

    id: int
    name: str
    version: int | None = None


class RowName(BaseModel):
    """What about."""

    id: int
    number: int
    """In the experiment, from 1."""
    title: str
    """The goal, or else the row's first text; cut."""


class GridResponse(BaseModel):
    """One response in a grid."""

    id: int
    epoch: int
    score: float | None
    """1 where the goal was achieved, 0 where not; without a goal, the share of YES; null where it is in no rate."""
    left_out: str | None
    """Why it is in no rate."""
    termination_reason: str | None


class GridCell(BaseModel):
    """One persona in one row."""

    persona_id: int | None
    row_id: int
    responses: list[GridResponse]


class UnderWayPlace(BaseModel):
    """Where a conversation runs."""

    key: str
    persona_id: int | None
    row_id: int
    epoch: int


class Grid(BaseModel):
    """A window of personas by rows. Places where nothing is yet are left out of `cells`."""

    epochs: int
    personas: list[PersonaName]
    personas_count: int
    rows: list[RowName]
    rows_count: int
    cells: list[GridCell]
    under_way: list[UnderWayPlace]
    last_response_id: int
    """Of those in the window: a stream of events begun before goes on from it."""


class Ending(BaseModel):
    """How many ended so."""

    termination_reason: str | None
    goal_achieved: bool | None
    count: int


class ErrorClass(BaseModel):
    """Errors that begin alike."""

    termination_reason: str
    text: str
    count: int


class Tally(BaseModel):
    """What there is so far."""

    endings: list[Ending]
    errors: list[ErrorClass]
    last_response_id: int


class UnderWay(BaseModel):
    """A conversation that runs, with what was said so far."""

    key: str
    persona: PersonaName | None
    row: RowName | None
    epoch: int
    last_turn_id: int
    """A stream of events goes on behind it."""
    turns: list[dict[str, str]]
    """`role` and `content`; long ones cut."""


class Brief(BaseModel):
    """A response without its transcript."""

    model_config = ConfigDict(extra="allow")

    id: int
    experiment_id: int
    key: str
    persona: PersonaName | None
    row: RowName | None
    epoch: int
    termination_reason: str | None
    error: str | None
    goal_achieved: bool | None
    passed: int
    not_passed: int
    unrated: int
    answers: dict[str, Any]
    """By criterion id: YES, NO, or null where there is no answer."""
    validity: str | None
    fault: str | None
    turns: int
    duration_s: float | None
    cost_usd: float | None
    is_annotated: bool
    created_at: datetime


class BriefPage(BaseModel):
    """One page of them."""

    items: list[Brief]
    count: int
