"""Projects and organizations on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from personae.store.columns import Record


class Organization(BaseModel):
    """Owns projects."""

    id: int
    name: str
    domain: str
    stripe_subscription_id: str | None = None
    """Always null: the SDK wants the key to be there."""
    created_at: datetime
    updated_at: datetime


class Project(BaseModel):
    """Holds everything else."""

    id: int
    name: str
    description: str
    organization: Organization
    public_in_org: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Record) -> Self:
        """From a row of `store.projects`."""
        organization = Organization(
            id=row["organization_id"],
            name=row["organization_name"],
            domain=row["organization_domain"],
            created_at=row["organization_created_at"],
            updated_at=row["organization_updated_at"],
        )
        return cls(**{name: row[name] for name in cls.model_fields if name in row}, organization=organization)


class ProjectIn(BaseModel):
    """A project to make."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Support bot", "organization_id": 1}})

    name: str = Field(min_length=1, max_length=200)
    description: str = ""
    organization_id: int
    public_in_org: bool = False
