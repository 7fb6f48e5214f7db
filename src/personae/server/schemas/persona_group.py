"""Persona groups on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from personae.server.schemas.persona import Name, Persona, Text
from personae.store.columns import Record

PersonaIds = Annotated[list[Annotated[int, Field(ge=1, le=2**63 - 1)]], Field(max_length=10_000)]


class PersonaGroupIn(BaseModel):
    """A group to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"name": "First week", "description": "New users.", "persona_ids": [1, 2]}},
    )

    name: Name
    """Unique in the project."""
    description: Text = ""
    persona_ids: PersonaIds = []
    """Its members, in this order: the project's own personas, and ones that others in the organization share."""


class PersonaGroupChange(BaseModel):
    """A group's new name and description; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "First month"}})

    name: Name | None = None
    description: Text | None = None
    persona_ids: PersonaIds | None = None
    """Its members as a whole, in this order."""


class Members(BaseModel):
    """A group's members as a whole."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"persona_ids": [2, 1]}})

    persona_ids: PersonaIds


class PersonaGroup(BaseModel):
    """A named pool of personas. It holds personas, not versions: an experiment takes the current ones at its launch."""

    id: int
    name: str
    description: str
    members_count: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Record) -> Self:
        """From a row of `store.persona_groups`."""
        return cls(**{name: row[name] for name in PersonaGroup.model_fields})


class PersonaGroupWithMembers(PersonaGroup):
    """A group with its personas."""

    members: list[Persona]
    """In the group's order, each in its current version. Archived ones say so by `archived_at`."""

    @classmethod
    def with_members(cls, row: Record, members: list[Record], project_id: int) -> Self:
        """From rows of `store.persona_groups`."""
        group = PersonaGroup.of(row | {"members_count": len(members)})
        return cls(**group.model_dump(), members=[Persona.of(member, project_id) for member in members])
