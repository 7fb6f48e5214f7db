"""Generations on the wire: methods, runs of them, and what a run will take."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from personae.server.schemas.persona import Text
from personae.store.columns import Record

Makes = Literal["persona", "query"]
OptionKind = Literal["file", "flag", "number", "text", "texts"]
Reference = Annotated[int, Field(ge=1, le=2**63 - 1)]
Count = Annotated[int, Field(ge=1, le=10_000)]
Dollars = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
ShortName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Status = Literal["queued", "running", "finished", "cancelled", "failed"]


class MethodOption(BaseModel):
    """One thing that a method may be told."""

    name: str
    kind: OptionKind
    """`file`: the text that the command line reads from a file."""
    is_required: bool
    default: Any
    description: str


class Method(BaseModel):
    """A way to make personas or queries."""

    name: str
    makes: Makes
    description: str
    options: list[MethodOption]


class GenerationIn(BaseModel):
    """A run to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "First ideas",
                "method": "propose",
                "n": 5,
                "seed": 7,
                "options": {"context": "Lumen & Oak sells lamps by mail. Returns take 30 days."},
                "budget_usd": 1.0,
            }
        },
    )

    name: ShortName = ""
    """Blank: the method's."""
    method: Annotated[str, StringConstraints(max_length=100)]
    """One of `GET generations/methods`."""
    n: Count = 10
    """How many personas or queries."""
    seed: Annotated[int, Field(ge=0, le=2**53)] = 0
    """Of all draws. Models still vary between runs."""
    options: dict[str, Any] = {}
    """What the method is told, by the names of its options; files as their texts."""
    llm_config_id: Reference | None = None
    """Who writes. Null: the project's simulator."""
    embeddings_model: ShortName = ""
    """Who tells near-copies by meaning, at the same address (`/embeddings`). Blank: words alone."""
    budget_usd: Dollars | None = None
    """Hard ceiling. Null: the project's."""


class GenerationPreview(BaseModel):
    """What a run will take, roughly."""

    method: str
    makes: Makes
    n: int
    model: str
    calls: tuple[int, int]
    tokens: int
    """At most."""
    cost_usd: tuple[float, float] | None
    """Null where the model's price is not known."""
    budget_usd: float | None


class GoOn(BaseModel):
    """How a run goes on; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"budget_usd": 2.0}})

    n: Count | None = None
    """More of the same; fewer than before is refused."""
    budget_usd: Dollars | None = None
    """Another ceiling, over all that was spent so far too."""


class Failure(BaseModel):
    """Why pieces of the work gave nothing."""

    text: str
    count: int


class Spent(BaseModel):
    """What was used so far."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    """Null where a price is not known."""


class ReviewCounts(BaseModel):
    """How many drafts are in each state."""

    open: int = 0
    accepted: int = 0
    rejected: int = 0
    disputed: int = 0
    taken: int = 0
    """Accepted ones that are in the library or in a collection."""


class Generation(BaseModel):
    """A run of a method."""

    id: int
    name: str
    method: str
    makes: Makes
    n: int
    seed: int
    llm_config_id: int | None
    embeddings_model: str
    budget_usd: float | None
    status: Status
    problem: str | None
    """Why it failed, or which ceiling ended it."""
    author: str
    made: int
    failed: int
    failures: list[Failure]
    usage: Spent
    told: list[str]
    """What the method says of the whole, such as which quotas were reached."""
    review: ReviewCounts
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, row: Record, counts: Record) -> Self:
        """From a row of `store.generations`, and the counts of its drafts."""
        values = {name: row[name] for name in cls.model_fields if name in row}
        usage = {name: row["usage"][name] for name in Spent.model_fields if name in row["usage"]}
        return cls(**values | {"usage": usage, "review": counts})


class Progress(BaseModel):
    """How far a run is."""

    status: Literal["PENDING", "STARTED", "SUCCESS", "FAILURE"]
    """Of its task."""
    generation_status: Status
    made: int
    n: int
    failed: int
    usage: Spent
    problem: str | None


class Wished(BaseModel):
    """What should be written for a form."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"what": "topics", "context": "Lumen & Oak sells lamps by mail.", "n": 3}},
    )

    what: Literal["topics", "plan"]
    context: Text
    """Of topics: the company and its product. Of a plan: the population."""
    n: Annotated[int, Field(ge=1, le=100)] = 10
    """How many topics."""
    seed: Annotated[int, Field(ge=0, le=2**53)] = 0


class Written(BaseModel):
    """A proposal, for people to edit."""

    text: str
    """YAML."""
