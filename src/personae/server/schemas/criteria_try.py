"""Trying criteria on transcripts that are stored, before an experiment uses them. Nothing is kept."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from personae.core.conversation import DISCLAIMER
from personae.server.schemas.criterion import Reference
from personae.server.schemas.experiment import ModelChoice, RatingMode

MOST_RESPONSES = 20


class CriteriaTry(BaseModel):
    """What to rate, and by whom."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"response_ids": [1]}})

    response_ids: Annotated[list[Reference], Field(min_length=1, max_length=MOST_RESPONSES)]
    """Responses of the project, of whichever experiments."""
    judge: ModelChoice | None = None
    """Null: the project's."""
    rating_mode: RatingMode = "detailed"


class CriteriaTryCost(BaseModel):
    """What it would take. Low and high: nobody knows how much the judge writes."""

    judge: str
    responses: int
    """Those that can be rated: conversations that broke off are not."""
    calls: int
    tokens: tuple[int, int]
    cost_usd: tuple[float, float] | None
    """Null where the judge's price is not known."""


class TriedQuote(BaseModel):
    """Words of the transcript that the judge points at."""

    turn: int
    """Its number, from 1."""
    text: str
    found: bool
    """Whether these words stand there."""


class TriedRating(BaseModel):
    """The judge's answer to one criterion."""

    criterion_id: int
    criterion_str: str
    label: str | None
    rating: Literal["YES", "NO"] | None
    """Null where there is an error."""
    reasoning: str
    quotes: list[TriedQuote]
    error: str


class TriedResponse(BaseModel):
    """One transcript, rated."""

    response_id: int
    ratings: list[TriedRating]
    """As the set has its criteria. Empty where there is an error."""
    error: str
    """Why it is not rated: it broke off, or a placeholder of the criteria has no column there."""


class CriteriaTried(BaseModel):
    """All of them, in the order that was asked for."""

    judge: str
    items: list[TriedResponse]
    usage: dict[str, Any]
    cost_usd: float | None
    """Null where the judge's price is not known."""
    disclaimer: str = DISCLAIMER
