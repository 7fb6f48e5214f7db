"""What experiments and responses look like in answers, for the API's document. The answers are made by `wire`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from personae.server.schemas.experiment import GenerationParams, Mode, RatingMode


class _Open(BaseModel):
    """May have more keys than are told here."""

    model_config = ConfigDict(extra="allow")


class Experiment(_Open):
    """An experiment, with copies of what it was launched with."""

    id: int
    name: str
    description: str | None
    status: str
    """draft, queued, running, paused, finished, cancelled, failed."""
    problem: str | None
    """Why it failed."""
    evaluation_mode: Mode
    prompt_template: dict[str, Any] | None
    collection: dict[str, Any]
    criterion_set: dict[str, Any]
    llm_config: dict[str, Any] | None
    persona_group: dict[str, Any] | None
    personas: list[dict[str, Any]]
    """The exact versions that were pinned."""
    rating_mode: RatingMode
    rating_version: str
    n_epochs: int
    generation_params: GenerationParams | None
    generation_task_id: str | None
    has_internal_error: bool
    planned: int
    """Conversations in all."""
    finished: int
    failed: int
    rated: int
    spent_usd: float
    """As far as prices are known."""
    budget_usd: float | None
    results: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    simulated: bool
    disclaimer: str | None


class ExperimentPage(BaseModel):
    """One page of experiments."""

    items: list[Experiment]
    count: int


class Response(_Open):
    """One conversation, or one answer, with its ratings."""

    id: int
    experiment_id: int
    key: str
    prompt: dict[str, Any]
    """The row, and in single-turn experiments what was asked."""
    messages: list[dict[str, Any]]
    """The whole dialogue (user: the simulator), or the answer alone."""
    persona: dict[str, Any] | None
    """`id`, `name` and `version`."""
    epoch: int
    termination_reason: str | None
    """goal_met, goal_failed, stuck, MAX_TURNS, assistant_refused, budget_exceeded, cancelled, or an error's kind."""
    termination_explanation: str | None
    error: str | None
    goal_achieved: bool | None
    ratings: list[dict[str, Any]]
    unrated: list[dict[str, Any]]
    """Criteria that got no answer, with the reason. They count as neither yes nor no."""
    generation_metadata: dict[str, Any] | None
    usage: dict[str, Any]
    """By role: simulator, bot, judge."""
    cost_usd: float | None
    """Null where a price is not known."""
    latency_ms: list[float | None]
    """Of each turn."""
    annotation: str
    created_at: datetime
    simulated: bool
    disclaimer: str | None


class ResponsePage(BaseModel):
    """One page of responses."""

    items: list[Response]
    count: int


class Rating(_Open):
    """A criterion's answer."""

    id: int
    criterion: dict[str, Any]
    rating: str
    reasoning: str | None
    quotes: list[dict[str, Any]] | None
    """Words of the transcript that the judge points at: turn, text, and whether they were found there."""
    rater: str
    is_manual: bool
    created_at: datetime


class RatingPage(BaseModel):
    """One page of ratings."""

    items: list[Rating]
    count: int


class MapResponse(BaseModel):
    """One response in a map."""

    response_id: int
    epoch: int
    task_name: str | None = None
    has_trajectory: bool = False
    total_steps: int | None = None
    total_cost_usd: float | None = None
    has_error: bool
    num_criteria_passed: int | None
    num_criteria_failed: int | None
    termination_reason: str | None = None
    goal_achieved: bool | None = None


class MapPersona(BaseModel):
    """Who talked."""

    id: int
    name: str
    version: int


class MapSample(BaseModel):
    """One row with one persona: a response per epoch."""

    template_variables_id: int
    persona: MapPersona | None
    responses: list[MapResponse]


class ExperimentMap(BaseModel):
    """Which response belongs to which row and persona."""

    experiment_id: int
    name: str
    num_samples: int
    num_responses: int
    samples: list[MapSample]


class Samples(BaseModel):
    """The responses of one row."""

    experiment_id: int
    template_variables_id: int
    prompt_response_ids: list[int]
