"""Responses and ratings on the wire: one conversation each, with what was said, what it took and how it was rated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from personae.core.conversation import DISCLAIMER
from personae.core.text import loads
from personae.server.experiments.single_turn import asked_beside
from personae.server.experiments.words import on_wire
from personae.server.schemas.experiment import RatingMode, Reference
from personae.store.columns import Record

_MESSAGE = ("role", "content", "name", "tool_call_id", "tool_calls")


class ResponseIn(BaseModel):
    """A response to add. Without messages it is generated."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "template_variables_id": 1,
                "experiment_id": 1,
                "messages": [{"role": "assistant", "content": "Within 30 days."}],
            }
        }
    )

    template_variables_id: Reference
    """The row."""
    experiment_id: Reference
    epoch: Annotated[int, Field(ge=1, le=1000)] = 1
    llm_config_id: Reference | None = None
    """An experiment has one config: no other can be named."""
    messages: list[dict[str, Any]] = Field(default=[], max_length=2000)
    metadata: dict[str, Any] | None = None
    persona_id: Reference | None = None
    """For a persona experiment: which of its personas. Null: each of them."""


class ResponsesIn(BaseModel):
    """Several responses to add."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "prompt_response_ins": [
                    {
                        "template_variables_id": 1,
                        "experiment_id": 1,
                        "messages": [{"role": "assistant", "content": "Yes."}],
                    }
                ]
            }
        }
    )

    prompt_response_ins: list[ResponseIn] = Field(max_length=10_000)


class AnnotationIn(BaseModel):
    """A note on a response."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"annotation": "The bot took the order number for a date."}}
    )

    annotation: Annotated[str, StringConstraints(max_length=1_000_000)]
    """Blank removes it."""


class Beside(BaseModel):
    """Where a response stands in a list."""

    place: int | None
    """From 1; null where the list does not hold it."""
    count: int
    """How many the list holds; 0 where it does not hold this one."""
    previous_id: int | None
    next_id: int | None


class RatingsIn(BaseModel):
    """A response to rate."""

    model_config = ConfigDict(json_schema_extra={"example": {"prompt_response_id": 1, "rating_mode": "fast"}})

    prompt_response_id: Reference
    rating_mode: RatingMode = "fast"


class RatingsBatchIn(BaseModel):
    """Responses to rate."""

    model_config = ConfigDict(json_schema_extra={"example": {"prompt_response_ids": [1, 2], "rating_mode": "fast"}})

    prompt_response_ids: list[Reference] = Field(max_length=100_000)
    rating_mode: RatingMode = "fast"


class ManualRatingIn(BaseModel):
    """A person's own answer to a criterion."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "prompt_response_id": 1,
                "criterion_id": 1,
                "rating": "YES",
                "reasoning": "It names the 30 days.",
            }
        },
    )

    prompt_response_id: Reference
    criterion_id: Reference
    rating: Literal["YES", "NO"]
    reasoning: Annotated[str, StringConstraints(max_length=100_000)] = ""


def wire_rating(row: Record) -> dict[str, Any]:
    """A rating of `store.ratings` that has an answer."""
    return {
        "id": row["id"],
        "criterion": {
            "id": row["criterion_id"],
            "criterion_str": row["criterion_str"],
            "label": row["label"],
            "version": row["criterion_version"],
            "created_at": row["created_at"].isoformat(),
        },
        "rating": row["rating"],
        "reasoning": row["reasoning"],
        "generation_metadata": row["generation_metadata"],
        "created_at": row["created_at"].isoformat(),
        "quotes": row["quotes"],
        "rater": row["rater"],
        "is_manual": row["is_manual"],
    }


def wire(row: Record, experiment: Record, table_row: Record | None, ratings: Sequence[Record]) -> dict[str, Any]:
    """A response of `store.responses`. `table_row` is the experiment's copy of its row; None where it is gone."""
    snapshot, result = experiment["snapshot"], row["result"]
    is_personas = experiment["evaluation_mode"] == "MULTI_TURN"
    transcript = result.get("transcript") or []
    asked, answered = _parts(transcript, is_personas=is_personas)
    created_at = row["created_at"].isoformat()
    return {
        "id": row["id"],
        "prompt": {
            "id": row["id"],
            "prompt_template": snapshot["prompt_template"],
            "template_variables": _variables(row, snapshot, table_row),
            "messages": asked,
            "created_at": created_at,
            **_resolved(snapshot, table_row),
            "is_stale": False,
        },
        "messages": answered,
        "generation_metadata": {
            "llm_model_config": snapshot["llm_config"],
            "duration_seconds": row["duration_s"],
            "input_tokens": row["input_tokens"],
            "output_tokens": row["output_tokens"],
            "reasoning_tokens": row["reasoning_tokens"],
            "cached_tokens": row["cached_tokens"],
        },
        "error": row["error"],
        "epoch": row["epoch"],
        "termination_reason": on_wire(row["termination"]) if is_personas else None,
        "ratings": [wire_rating(one) for one in ratings if one["rating"] is not None],
        "trajectory": None,
        "annotation": row["annotation"],
        "created_at": created_at,
        **_ours(row, snapshot, ratings, transcript, is_personas=is_personas),
    }


def _resolved(snapshot: Mapping[str, Any], table_row: Record | None) -> dict[str, Any]:
    """What the bot was sent beside the messages: what the row says, else the template."""
    template = snapshot["prompt_template"] or {}
    own = asked_beside(snapshot["collection"]["columns"], table_row["input_values"]) if table_row else {}
    return {
        "resolved_tools": own.get("tools", template.get("tools")),
        "resolved_tool_choice": own.get("tool_choice", template.get("tool_choice")),
        "resolved_response_format": own.get("response_format", template.get("response_format_json_schema")),
    }


def _parts(
    transcript: Sequence[Mapping[str, Any]], *, is_personas: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the bot was asked and what came back; of a dialogue all is what came back."""
    if is_personas:
        return [], [_message(turn) for turn in transcript]
    first = 0
    while first < len(transcript) and (transcript[first]["role"] == "system" or _is_opening(transcript[first])):
        first += 1
    return [_message(turn) for turn in transcript[:first]], [_message(turn) for turn in transcript[first:]]


def _is_opening(turn: Mapping[str, Any]) -> bool:
    return bool((turn.get("metadata") or {}).get("opening"))


def _message(turn: Mapping[str, Any]) -> dict[str, Any]:
    """A chat message, as it was said where the transcript tells it in words."""
    metadata = turn.get("metadata") or {}
    if said := metadata.get("said"):
        return dict(said)
    said = telling(turn)
    if calls := metadata.get("tool_calls"):
        said["tool_calls"] = calls
        if _is_json_of(said["content"], calls):
            del said["content"]
    return said


def telling(message: Mapping[str, Any]) -> dict[str, Any]:
    """A chat message without keys that say nothing: clients refuse some of those as null."""
    return {name: message[name] for name in _MESSAGE if message.get(name) not in (None, [])}


def _variables(row: Record, snapshot: Mapping[str, Any], table_row: Record | None) -> dict[str, Any]:
    known: Mapping[str, Any] = table_row or {"input_values": {}, "environment_config": None}
    created = table_row["created_at"] if table_row is not None else row["created_at"]
    return {
        "id": row["row_id"],
        "input_values": known["input_values"],
        "environment_config": known["environment_config"],
        "collection": snapshot["collection"],
        "created_at": created.isoformat(),
    }


def _ours(
    row: Record,
    snapshot: Mapping[str, Any],
    ratings: Sequence[Record],
    transcript: Iterable[Mapping[str, Any]],
    *,
    is_personas: bool,
) -> dict[str, Any]:
    """What the SDK does not know."""
    result = row["result"]
    name = next((one["name"] for one in snapshot["personas"] if one["id"] == row["persona_id"]), None)
    persona = {"id": row["persona_id"], "name": name or "", "version": row["persona_version"] or 0}
    return {
        "key": row["key"],
        "experiment_id": row["experiment_id"],
        "persona": persona if row["persona_id"] is not None else None,
        "termination_explanation": result.get("explanation") or None,
        "goal_achieved": row["goal_achieved"],
        "goal_reasoning": result.get("verdict_reason") if is_personas else None,
        "turns": row["turns"],
        "latency_ms": [turn.get("latency_ms") for turn in transcript if turn["role"] != "system"],
        "usage": result.get("usage") or {},
        "cost_usd": row["cost_usd"],
        "metrics": result.get("metrics") or [],
        "unrated": [
            {"criterion_id": one["criterion_id"], "criterion_str": one["criterion_str"], "error": one["error"]}
            for one in ratings
            if one["rating"] is None
        ],
        "simulated": is_personas,
        "disclaimer": DISCLAIMER if is_personas else None,
    }


def _is_json_of(text: str, value: Any) -> bool:
    """Whether `text` only says what `value` says already."""
    try:
        return bool(loads(text) == value)
    except ValueError:
        return False
