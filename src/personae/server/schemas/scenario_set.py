"""Scenario sets on the wire: PERSONA collections, seen as lists of scenarios."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from personae.server.column_rules import GOAL, OUTCOME, Column
from personae.server.schemas.persona import Filled, Name, Text
from personae.store.columns import Record

GOAL_COLUMN = "goal"
RESERVED = (GOAL_COLUMN, OUTCOME)
"""Columns that every scenario set has."""
MAX_FIELD = 100
MAX_FIELDS = 150
MAX_BATCH = 20_000

FieldName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=MAX_FIELD)]


class ScenarioSetIn(BaseModel):
    """A set to make."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"name": "Cancellations", "description": "People who want out.", "fields": ["plan"]}
        }
    )

    name: Name | None = None
    """Unique in the project, collections included. Absent: one is made up."""
    description: Text = ""
    fields: list[FieldName] = Field(default=[], max_length=MAX_FIELDS)
    """Names of what scenarios carry beside `goal` and `expected_conversation_outcome`."""


class ScenarioSetUpdate(BaseModel):
    """What to change; the rest stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Cancellations"}})

    name: Name | None = None
    description: Text | None = None
    read_only: bool | None = None


class FieldIn(BaseModel):
    """A field to add, or what it becomes."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "plan", "default_value": "basic"}})

    name: FieldName
    default_value: Text | None = None
    """Absent leaves it as it is."""


class ScenarioIn(BaseModel):
    """A scenario, whole. Fields that are left out have their default."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "goal": "Cancel the subscription before it renews on Friday.",
                "expected_conversation_outcome": "The assistant confirms the cancellation and its date.",
                "field_values": {},
            }
        }
    )

    goal: Filled
    """What the simulated user wants to reach."""
    expected_conversation_outcome: Filled
    """How the conversation should end. Criteria read it as `{{expected_conversation_outcome}}`."""
    field_values: dict[str, Any] = {}

    def values(self) -> Record:
        """As a row. Raises ValueError for a field that is none."""
        if named := [name for name in RESERVED if name in self.field_values]:
            raise ValueError(f"`{named[0]}` stands beside `field_values`, not in it")
        return {GOAL_COLUMN: self.goal, OUTCOME: self.expected_conversation_outcome, **self.field_values}


class ScenariosIn(BaseModel):
    """Scenarios to add."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"scenarios": [{"goal": "Cancel before Friday.", "field_values": {"plan": "basic"}}]}
        }
    )

    scenarios: list[ScenarioIn] = Field(max_length=MAX_BATCH)
    skip_existing: bool = False
    """Leave out those that are there already, and doubled ones."""


class ScenarioField(BaseModel):
    """What scenarios carry beside goal and outcome."""

    id: int
    name: str
    field_type: str
    default_value: str

    @classmethod
    def of(cls, column: Record) -> Self:
        """From a column of `store.collections`."""
        return cls(
            id=column["id"],
            name=column["name"],
            field_type=column["column_type"],
            default_value=column["default_value"],
        )


class ScenarioSet(BaseModel):
    """A set of scenarios that persona experiments run on."""

    id: int
    name: str
    description: str
    fields: list[ScenarioField]
    scenarios_count: int
    version: str
    read_only: bool
    is_platform_builtin: bool = False
    """Always false here."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, collection: Record) -> Self:
        """From a collection of `store.collections`."""
        return cls(
            **{name: collection[name] for name in ("id", "name", "description", "read_only")},
            **{name: collection[name] for name in ("created_at", "updated_at")},
            version=str(collection["version"]),
            fields=[ScenarioField.of(one) for one in collection["columns"] if one["name"] not in RESERVED],
            scenarios_count=collection["rows_count"],
        )


class Scenario(BaseModel):
    """One scenario."""

    id: int
    goal: str
    expected_conversation_outcome: str
    field_values: dict[str, Any]
    created_at: datetime


def wire_scenario(row: Record) -> Record:
    """A row of `store.rows` as a scenario travels."""
    values = row["input_values"]
    return {
        "id": row["id"],
        "goal": str(values[GOAL_COLUMN]),
        OUTCOME: str(values[OUTCOME]),
        "field_values": {name: value for name, value in values.items() if name not in RESERVED},
        "created_at": row["created_at"].isoformat(),
    }


def new_columns(fields: list[str]) -> list[Column]:
    """The columns of a new set."""
    return [Column(GOAL_COLUMN, GOAL), Column(OUTCOME), *(Column(name) for name in fields)]
