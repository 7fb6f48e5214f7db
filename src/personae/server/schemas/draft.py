"""Drafts on the wire, and what people decide of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from personae.generation.review import Decision as Decided
from personae.server.generations.deciding import decisions_of, final
from personae.server.schemas.generation import Generation, ShortName
from personae.server.schemas.persona import Text
from personae.store.columns import Record

State = Literal["open", "accepted", "rejected", "disputed"]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]


class Flag(BaseModel):
    """Why a draft should be looked at. Found by rules: a reason to look, never a verdict."""

    reason: Literal["near-duplicate", "off-topic", "generic", "contradiction"]
    detail: str
    other_id: int | None = None
    """The draft that it is nearly a copy of."""


class Decision(BaseModel):
    """What one person says of a draft."""

    by: str
    verdict: Literal["accept", "reject"]
    reason: str = ""
    edits: dict[str, str] = {}
    """What is changed, by field."""

    @classmethod
    def of(cls, decided: Decided) -> Self:
        return cls(by=decided.by, verdict=decided.verdict, reason=decided.reason, edits=decided.edits)


class Draft(BaseModel):
    """A persona or a query that a method made."""

    id: int
    generation_id: int
    record: dict[str, Any]
    """As the files of `personae generate` have it, with its provenance."""
    final: dict[str, Any]
    """The same with the edits, where it is accepted."""
    state: State
    """`disputed`: people decided differently; it is not accepted before they agree."""
    flags: list[Flag]
    decisions: list[Decision]
    """The last of each person."""
    taken_id: int | None
    """The persona, or the collection, that it went into."""
    created_at: datetime

    @classmethod
    def of(cls, row: Record) -> Self:
        """From a row of `store.drafts`."""
        values = {name: row[name] for name in ("id", "generation_id", "record", "state", "flags", "taken_id")}
        decisions = [Decision.of(one) for one in decisions_of(row)]
        is_accepted = row["state"] == "accepted"
        return cls(
            **values,
            created_at=row["created_at"],
            final=final(row) if is_accepted else row["record"],
            decisions=decisions,
        )


class SimilarDraft(BaseModel):
    """A draft that is like another."""

    id: int
    text: str
    state: State
    shared: float
    """Share of the words and pairs of words of both that they have in common, 0 to 1."""


class NextIn(BaseModel):
    """Which draft comes next."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {}})

    after: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    """The id of a draft that is passed over. Absent: the first."""


class Next(BaseModel):
    """The next draft to look at."""

    draft: Draft | None
    """Null where all is decided, or looked at by others at this moment."""
    waiting: int
    """How many wait, this one and those that others look at among them."""


class DecisionIn(BaseModel):
    """What is decided of a draft."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"verdict": "reject", "reason": "unrealistic"}}
    )

    verdict: Literal["accept", "reject"]
    reason: Reason = ""
    """Why it is rejected; `refine` feeds on it."""
    query: Text = ""
    """As it should be, of a query; blank: as it is."""
    expected_outcome: Text = ""
    name: Text = ""
    """The same of a persona."""
    description: Text = ""
    goal: Text = ""


class TakeIn(BaseModel):
    """Where accepted drafts go."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "First ideas"}})

    name: ShortName = ""
    """Of the persona group, which is made where there is none, or of a new collection. Blank: the generation's."""


class Taken(BaseModel):
    """What became of accepted drafts."""

    count: int
    """How many went over: those that were not there before."""
    persona_group_id: int | None = None
    collection_id: int | None = None
    generation: Generation
