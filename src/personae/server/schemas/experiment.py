"""Experiments on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from personae.core.conversation import DISCLAIMER
from personae.core.persona import Behaviour
from personae.errors import NotFound
from personae.server.schemas.persona import Name
from personae.store.columns import Record

Reference = Annotated[int, Field(ge=1, le=2**63 - 1)]
Mode = Literal["STANDARD", "AGENTIC", "MULTI_TURN"]
RatingMode = Literal["fast", "detailed"]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
MAX_EPOCHS = 1000
RATING_VERSION = "1"
"""How transcripts are rated by this version of personae. A change that moves numbers makes it another."""
RATING_VERSIONS = {"1": "1", "latest": "1", "mock": "mock"}
"""What may be asked for, and what is then used. Anything else means the default; `mock` makes no calls."""


class GenerationParams(BaseModel):
    """What an experiment changes of its LLM config."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    reasoning_effort: Literal["minimal", "low", "medium", "high"] | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    max_connections: Annotated[int, Field(ge=1, le=1000)] = 10

    @model_validator(mode="after")
    def _one_of_two(self) -> GenerationParams:
        if self.temperature is not None and self.reasoning_effort is not None:
            raise ValueError("temperature and reasoning_effort exclude each other: give one of them")
        return self


class ModelChoice(BaseModel):
    """Another model than the project's. What is not said is the deployment's: with nothing in it, its own model."""

    model_config = ConfigDict(extra="forbid")

    llm_config_id: Reference | None = None
    """A config of the project: the way to bring a key of one's own."""
    provider: Line | None = None
    model: Line | None = None
    base_url: Line | None = None


class Judges(BaseModel):
    """Who rates."""

    judge: ModelChoice | None = None
    """Null: as it is, at first the project's, which is the deployment's where the project chose none."""
    judges: Annotated[list[ModelChoice], Field(max_length=9)] | None = None
    """Several, of whom the majority decides; in place of `judge`."""

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        if self.judge is not None and self.judges:
            raise ValueError("judge and judges exclude each other: name one, or all of them in judges")
        return self


class Extras(Judges):
    """What the SDK does not know."""

    max_turns: Annotated[int, Field(ge=1, le=200)] | None = None
    """Replies of the bot after which a conversation ends. Null: the project's setting."""
    budget_usd: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    """Hard ceiling over all calls. Null: the project's setting."""
    max_calls: Annotated[int, Field(ge=1, le=2**62)] | None = None
    seed: Annotated[int, Field(ge=-(2**62), le=2**62)] | None = None
    repeat_invalid: Annotated[int, Field(ge=0, le=10)] | None = None
    """How often a conversation that was no fair test is held again. Null: once."""
    behaviours: Annotated[list[Behaviour], Field(max_length=50)] | None = None
    """How the personas speak now and then: `"typos=0.3"`, or name, probability, window and intensity. Null: none."""
    audit: bool | None = None
    """The judge is asked, too, whether each simulated user behaved as the persona would."""
    metrics: list[Line] | None = None
    """Names of metrics, such as `turn_consistency`. Null: none."""
    simulator: ModelChoice | None = None
    """Plays the personas. Null: the project's."""


class ExperimentIn(Extras):
    """An experiment to make."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "Returns, new prompt",
                "collection_id": 1,
                "persona_group_id": 1,
                "criterion_set_id": 1,
                "generate": True,
                "n_epochs": 2,
                "budget_usd": 5.0,
            }
        }
    )

    name: Name
    description: Annotated[str, StringConstraints(max_length=100_000)] | None = None
    prompt_template_id: Reference | None = None
    """The bot's system prompt, for a persona experiment; else what the bot is asked, with placeholders."""
    collection_id: Reference | None = None
    scenario_set_id: Reference | None = None
    """Instead of a collection."""
    criterion_set_id: Reference | None = None
    """Null: the set that is linked to the template."""
    llm_config_id: Reference | None = None
    """The bot. Null: the project's default config, or the deployment's model."""
    persona_group_id: Reference | None = None
    generate: bool = False
    """Run it at once."""
    rating_mode: RatingMode = "detailed"
    n_epochs: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] = 1
    generation_params: GenerationParams | None = None
    rating_version: Annotated[str, StringConstraints(max_length=200)] | None = None
    response_column_id: Reference | None = None
    evaluation_mode: Mode = "STANDARD"
    """A PERSONA collection makes it MULTI_TURN by itself."""
    agent_config: dict[str, Any] | None = None
    evaluation_agent_config: dict[str, Any] | None = None

    def own_settings(self) -> dict[str, Any]:
        """What is kept beside the references."""
        kept = self.model_dump(include={*Extras.model_fields, "generation_params"}, exclude_none=True)
        return {name: value for name, value in kept.items() if value != []}


class ExperimentUpdate(BaseModel):
    """A new name or description."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "Refunds, second prompt"}})

    name: Name | None = None
    description: Annotated[str, StringConstraints(max_length=100_000)] | None = None


class RunIn(BaseModel):
    """How to run an experiment that was made without `generate`."""

    model_config = ConfigDict(json_schema_extra={"example": {"rating_mode": "detailed", "n_epochs": 3}})

    rating_mode: RatingMode = "detailed"
    n_epochs: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] = 1
    generation_params: GenerationParams | None = None


class RetryIn(BaseModel):
    """How to run again what failed."""

    model_config = ConfigDict(json_schema_extra={"example": {"rating_mode": "detailed", "discard_annotations": False}})

    rating_mode: RatingMode = "detailed"
    discard_annotations: bool = False
    """Failed responses with annotations, or ratings by hand, are replaced as well."""


class RerateIn(Judges):
    """How to rate again what is there."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"criterion_set_id": 2}})

    criterion_set_id: Reference | None = None
    """Null: the criteria that the experiment has."""
    rating_mode: RatingMode | None = None


class BudgetIn(BaseModel):
    """A new ceiling."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"budget_usd": 25.0}})

    budget_usd: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class ExperimentPreview(BaseModel):
    """What a run would be. With `problems` there is nothing to run."""

    personas: int
    rows: int
    epochs: int
    conversations: int
    detectable: float | None
    """The smallest drop of the goal rate, 0 to 1, that so many conversations are likely to see against another run."""
    calls: list[int] | None
    """Low and high."""
    tokens: list[int] | None
    cost_usd: list[float] | None
    """Null where a price is not known."""
    unpriced: list[str]
    """Models whose price is not known: their calls are not in the budget."""
    budget_usd: float | None
    bot: str
    simulator: str
    judge: str
    problems: list[str]
    notes: list[str]
    """What is not in the way, and should be known."""
    example: dict[str, str] | None
    """`of`: whose prompt it is, `text`: as it would be sent."""
    simulated: bool = True
    disclaimer: str = DISCLAIMER

    @classmethod
    def of(cls, seen: Any) -> Self:
        """From `server.experiments.preview.Preview`."""
        return cls.model_validate(asdict(seen))


class Status(BaseModel):
    """How far a task is."""

    status: str
    """PENDING, STARTED, SUCCESS or FAILURE."""
    error_msg: str | None = None
    completed_responses: int | None = None
    completed_ratings: int | None = None
    total_responses: int | None = None
    logs_delta: str | None = None
    generation_task_id: str | None = None
    has_internal_error: bool = False


def wire(row: Record, *, with_lists: bool = True) -> dict[str, Any]:
    """An experiment of `store.experiments` as it travels."""
    snapshot, settings = row["snapshot"], row["settings"]
    results = row["results"]
    if results is not None and not with_lists:
        results = {name: [] if name.endswith("_per_response") else value for name, value in results.items()}
    llm_config = snapshot["llm_config"]
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "prompt_template": snapshot["prompt_template"],
        "collection": snapshot["collection"],
        "criterion_set": {**snapshot["criterion_set"], "linked_prompt_templates": None},
        "llm_config": llm_config,
        "rating_version": row["rating_version"],
        "rated_responses": [],
        "created_at": row["created_at"].isoformat(),
        "updated_at": row["updated_at"].isoformat(),
        "generation_task_id": row["task_id"],
        "has_internal_error": row["status"] == "failed",
        "generation_params": settings.get("generation_params"),
        "n_epochs": row["n_epochs"],
        "response_column_id": row["response_column_id"],
        "results": results,
        "logs": row.get("task_logs"),
        "evaluation_mode": row["evaluation_mode"],
        "agent_config": None,
        "evaluation_agent_config": None,
        "dropped_trajectories": 0,
        **_ours(row, snapshot, settings),
    }


def _ours(row: Record, snapshot: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the SDK does not know."""
    is_simulated = row["evaluation_mode"] == "MULTI_TURN"
    ended: datetime | None = row["ended_at"]
    return {
        "status": row["status"],
        "problem": row["problem"],
        "planned": row["planned"],
        "finished": row["finished"],
        "failed": row["failed"],
        "rated": row["rated"],
        "spent_usd": row["spent_usd"],
        "rating_mode": row["rating_mode"],
        "persona_group": snapshot["persona_group"],
        "personas": [{name: one[name] for name in ("id", "name", "version")} for one in snapshot["personas"]],
        **{name: settings.get(name) for name in Extras.model_fields},
        "started_at": row["started_at"].isoformat() if row["started_at"] else None,
        "ended_at": ended.isoformat() if ended else None,
        "simulated": is_simulated,
        "disclaimer": DISCLAIMER if is_simulated else None,
    }


def summary(row: Record) -> dict[str, Any]:
    """A row of `store.experiments.summaries` as it travels."""
    times = {name: row[name].isoformat() if row[name] else None for name in ("created_at", "started_at", "ended_at")}
    return {**row, **times}


def status(task: Record, experiment: Record | None) -> Status:
    """A task as pollers read it. What they do not know counts as running; a cancelled task is a failure."""
    known = {"PENDING": "PENDING", "PAUSED": "STARTED", "STARTED": "STARTED", "SUCCESS": "SUCCESS"}
    shown = known.get(task["status"], "FAILURE")
    is_over = shown in ("SUCCESS", "FAILURE")
    counts = experiment if experiment is not None and task["kind"] == "run" else None
    return Status(
        status=shown,
        error_msg=task["error_msg"],
        completed_responses=task["done"] if counts is None else counts["finished"],
        completed_ratings=task["rated"] if counts is None else counts["rated"],
        total_responses=task["total"] if counts is None else counts["planned"],
        generation_task_id=None if is_over else task["id"],
        has_internal_error=shown == "FAILURE",
    )


UNKNOWN = Status(status="PENDING")
"""How an unknown task reads to those who poll, as in the product that the SDK was made for."""


def check_known(found: Status, task_id: str) -> None:
    """Raises NotFound for an unknown task: a stream of it would never end."""
    if found is UNKNOWN:
        raise NotFound(f"there is no task {task_id!r} in this project")
