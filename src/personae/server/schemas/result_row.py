"""A row of a result file on its way in: what the platform relies on. Whatever else it holds is kept as it is."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from personae.core.conversation import Termination
from personae.core.validity import Fault, Verdict

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Amount = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow")


class UsageIn(_Part):
    """What calls took."""

    calls: Count = 0
    input_tokens: Count = 0
    output_tokens: Count = 0
    cached_tokens: Count = 0
    cache_write_tokens: Count = 0
    reasoning_tokens: Count = 0
    estimated_calls: Count = 0
    unpriced_calls: Count = 0
    cost_usd: Amount | None = None
    priced_usd: Amount | None = None


class TurnIn(_Part):
    """One message."""

    role: Literal["system", "user", "assistant"]
    content: str
    latency_ms: Amount | None = None
    usage: UsageIn | None = None
    metadata: dict[str, Any] | None = None


class QuoteIn(_Part):
    """Words of the transcript."""

    turn: Count
    text: str
    found: bool


class RatingIn(_Part):
    """The answer to one criterion, or why there is none."""

    criterion: str
    verdict: bool | None
    reasoning: str = ""
    quotes: list[QuoteIn] = []
    error: str = ""


class MetricIn(_Part):
    """A metric's value."""

    metric: str
    value: Annotated[float, Field(allow_inf_nan=False)] | None
    reason: str = ""
    quotes: list[QuoteIn] = []
    detail: dict[str, Any] = {}


class ValidityIn(_Part):
    """Whether it was a fair test of the bot, and whose fault it is if not."""

    verdict: Verdict
    fault: Fault | None

    @model_validator(mode="after")
    def _blames_somebody(self) -> Self:
        if (self.fault is None) != (self.verdict == "valid"):
            raise ValueError("`fault` says whose fault it is that it was no fair test, and is null where it was one")
        return self


class ResultRow(_Part):
    """One conversation with its ratings."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    persona: dict[str, Any]
    scenario: dict[str, Any]
    epoch: Annotated[int, Field(ge=1, le=2**31 - 1)]
    transcript: list[TurnIn]
    termination: Termination
    explanation: str | None = None
    error: str | None = None
    goal: RatingIn | None = None
    ratings: Annotated[list[RatingIn], Field(max_length=1000)] = []
    metrics: list[MetricIn] = []
    validity: ValidityIn | None = None
    usage: dict[str, UsageIn] = {}
    metadata: dict[str, Any] = {}
