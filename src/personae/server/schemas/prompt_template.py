"""Prompt templates on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from personae.server.json_values import JsonObject
from personae.server.prompt_rules import is_system_only
from personae.server.schemas.persona import Name, Text
from personae.store.columns import Record


class PromptTemplateIn(BaseModel):
    """A template to make, or its next version: a name that is known, with other content."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "Shop assistant",
                "messages": [{"role": "system", "content": "You help customers of a shop with {{topic}}."}],
            }
        }
    )

    name: Name
    messages: list[dict[str, Any]] | Text
    """Chat messages, with `{{column}}` placeholders in their texts. A text is one user message."""
    response_format_json_schema: JsonObject | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    """`none`, `auto`, `required`, or one function."""
    parent_prompt_template_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    """The version that this one comes from: its criterion set goes on to it."""


class PromptTemplate(BaseModel):
    """One version of a template. Each version has an id of its own."""

    id: int
    name: str
    version: int
    messages: list[dict[str, Any]]
    placeholders: list[str]
    """The columns that its texts ask for."""
    response_format_json_schema: dict[str, Any] | None
    tools: list[dict[str, Any]] | None
    tool_choice: str | dict[str, Any] | None
    criterion_set_id: int | None
    """The criterion set that rates its answers where no other is chosen."""
    parent_prompt_template_id: int | None
    is_system_only: bool
    """Exactly one system message: it can be the system prompt of a bot in a persona experiment."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Record) -> Self:
        """From a row of `store.prompt_templates`."""
        known = {name: row[name] for name in cls.model_fields if name in row}
        return cls(**known, is_system_only=is_system_only(row["messages"]))
