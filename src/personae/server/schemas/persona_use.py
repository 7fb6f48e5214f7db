"""Where a persona is: shared or not, archived or not, in which groups and experiments."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Sharing(BaseModel):
    """Whether the organization's other projects see it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"is_shared": True}})

    is_shared: bool
    from_groups: bool = False
    """When it is no longer shared: take it out of other projects' groups, which would hinder it."""


class Archiving(BaseModel):
    """Whether it is put away."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"is_archived": True}})

    is_archived: bool


class GroupName(BaseModel):
    """A group that it is a member of."""

    id: int
    name: str


class ExperimentName(BaseModel):
    """An experiment that holds conversations of it."""

    id: int
    name: str
    status: str


class PersonaUse(BaseModel):
    """Who uses a persona."""

    groups: list[GroupName]
    """Of this project."""
    groups_elsewhere: int
    """How many groups of the organization's other projects."""
    experiments: list[ExperimentName]
    """Of this project, the newest first. They keep their own copy of it."""
