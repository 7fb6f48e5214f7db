"""Labels, and how far the judge agrees with them, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from personae.core.conversation import DISCLAIMER
from personae.server.schemas.experiment import Reference
from personae.store import labels
from personae.store.columns import Record

Answer = Literal["YES", "NO", "unsure"]


class LabelIn(BaseModel):
    """What a person says of a response."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"criterion_id": 1, "label": "YES", "note": "It names the 30 days."}},
    )

    criterion_id: Reference | None = None
    """Null: the goal."""
    label: Answer
    note: Annotated[str, StringConstraints(max_length=100_000)] = ""
    rater: Annotated[str, StringConstraints(strip_whitespace=True, max_length=340)] = ""
    """Who says so, where you bring the labels of others. Blank: you."""


class Label(BaseModel):
    """A label that is kept."""

    id: int
    response_id: int
    criterion_id: int | None
    """Null: the goal."""
    rater: str
    label: Answer
    note: str
    created_at: datetime


class LabelLine(BaseModel):
    """A label as `personae judge check --labels` reads it."""

    key: str
    """The response's key, as it stands in the result file."""
    criterion: str
    """The criterion's label, else its question; `goal`."""
    rater: str
    label: Answer
    note: str


class Agreement(BaseModel):
    """How far the judge agrees with people."""

    criteria: list[dict[str, Any]]
    """By criterion and version of the judge: `kappa`, `alpha`, `sensitivity`, `specificity`, `judge_rate`,
    `corrected_rate`, each with `value`, `low`, `high`, `n` and a `reason` where there is none; `disagreements` with
    their `response_id`."""
    problems: list[str]
    """What could not be used, and what the numbers cannot tell."""
    simulated: bool
    disclaimer: str = DISCLAIMER


def wire(row: Record) -> dict[str, Any]:
    """A label of `store.labels` as it travels."""
    names = ("id", "response_id", "rater", "label", "note")
    criterion_id = None if row["criterion_id"] == labels.GOAL else row["criterion_id"]
    kept = {name: row[name] for name in names}
    return kept | {"criterion_id": criterion_id, "created_at": row["created_at"].isoformat()}
