"""Collections and their rows on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from personae.server.json_values import JsonObject
from personae.server.schemas.persona import Name, Text
from personae.store.columns import Record

ColumnType = Literal["text", "json", "conversation", "raw_input", "category", "persona_goal"]
CollectionType = Literal["STANDARD", "AGENTIC", "PERSONA"]
Sort = Literal["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"]
MAX_COLUMNS = 200


class ColumnIn(BaseModel):
    """A column to make, or one that is there. Its place in the list is its place in the collection."""

    id: int | None = None
    """Of a column that is there: whatever else is given here is what it becomes."""
    name: Annotated[str, StringConstraints(max_length=200)] | None = None
    column_type: ColumnType | None = None
    """Null leaves it to the server: by the name and the rows."""
    default_value: Text | None = ""
    """What a row has here that says nothing."""
    column_position: int | None = 0
    """Not read: the order of the list counts."""
    categorical_values: list[str] | None = Field(default=None, max_length=1000)
    """Of a category: what there is to choose from. Null takes any text."""


class CollectionIn(BaseModel):
    """A collection to make."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "Returns",
                "collection_type": "PERSONA",
                "columns": [{"name": "persona_goal", "column_type": "persona_goal"}, {"name": "order_id"}],
                "variables": [{"persona_goal": "Send back the blue jacket.", "order_id": "A-1044"}],
            }
        }
    )

    name: Name
    """Unique in the project, scenario sets included."""
    description: Text = ""
    collection_type: CollectionType = "STANDARD"
    read_only: bool = False
    columns: list[ColumnIn] | None = Field(default=None, max_length=MAX_COLUMNS)
    """Absent: those that the rows have; without rows, of a PERSONA collection the goal's column."""
    variables: list[dict[str, Any]] | None = None
    """The first rows."""
    environment_config: JsonObject | None = None


class CollectionUpdate(BaseModel):
    """What to change; the rest stays."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"name": "Refund requests", "description": "What people ask for after a purchase."}
        }
    )

    name: Name
    description: Text | None = None
    read_only: bool | None = None
    columns: list[ColumnIn] | None = Field(default=None, max_length=MAX_COLUMNS)
    """All columns there shall be: those that are missing are deleted, new ones made, the others put in this order."""
    environment_config: JsonObject | None = None
    """An explicit null takes it away."""


class Column(BaseModel):
    """A column."""

    id: int
    name: str
    column_type: ColumnType
    default_value: str
    column_position: int
    categorical_values: list[str] | None


class Collection(BaseModel):
    """A table of test cases."""

    id: int
    name: str
    description: str
    columns: list[Column]
    variables_count: int
    """How many rows there are."""
    read_only: bool
    version: str
    """Counts the changes of rows and columns."""
    collection_type: CollectionType
    environment_config: dict[str, Any] | None
    is_scenario_set: bool
    """It is a scenario set too."""
    goal_column: str | None
    """Of a PERSONA collection: the column that holds what the simulated user wants."""
    created_at: datetime
    updated_at: datetime


class Row(BaseModel):
    """A row: one test case."""

    id: int
    input_values: dict[str, Any]
    """By column."""
    environment_config: dict[str, Any] | None
    collection: Collection
    created_at: datetime


class CollectionWithRows(Collection):
    """A collection with all its rows."""

    variables: list[Row]


class RowIn(BaseModel):
    """A row to add: either its values, or a template for which a language model writes them."""

    model_config = ConfigDict(json_schema_extra={"example": {"input_values": {"topic": "refunds"}}})

    input_values: dict[str, Any] | None = None
    prompt_template_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    environment_config: JsonObject | None = None

    @model_validator(mode="after")
    def _either_or(self) -> Self:
        if (self.input_values is None) == (self.prompt_template_id is None):
            raise ValueError("give either `input_values` or `prompt_template_id`")
        return self


class RowUpdate(BaseModel):
    """A row's new values. Columns that are left out go back to their default."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"input_values": {"persona_goal": "Return a parcel.", "order_id": "1234"}}}
    )

    input_values: dict[str, Any]
    environment_config: JsonObject | None = None
    """Absent leaves it as it is; an explicit null takes it away."""


class Imported(BaseModel):
    """What a file brought."""

    created: int
    skipped: int
    """Rows that were there already, where those were to be skipped."""


def wire(collection: Record, goal_column: str | None) -> Record:
    """A collection of `store.collections` as it travels, made once for all its rows."""
    same = ("id", "name", "description", "read_only", "collection_type", "environment_config", "is_scenario_set")
    return {
        **{name: collection[name] for name in same},
        "columns": [
            {name: column[name] for name in Column.model_fields if name in column} for column in collection["columns"]
        ],
        "variables_count": collection["rows_count"],
        "version": str(collection["version"]),
        "goal_column": goal_column,
        "created_at": collection["created_at"].isoformat(),
        "updated_at": collection["updated_at"].isoformat(),
    }


def wire_row(row: Record, collection: Record) -> Record:
    """A row of `store.rows` as it travels; `collection` is the `wire` of its collection."""
    return {
        "id": row["id"],
        "input_values": row["input_values"],
        "environment_config": row["environment_config"],
        "collection": collection,
        "created_at": row["created_at"].isoformat(),
    }
