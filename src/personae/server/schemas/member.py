"""Members of organizations on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from personae.server.schemas.session import example
from personae.server.security import Role
from personae.store.columns import Record


class Member(BaseModel):
    """A person in an organization."""

    user_id: int
    email: str
    name: str
    role: str
    is_disabled: bool
    """Shut out of the whole server."""
    created_at: datetime

    @classmethod
    def of(cls, row: Record) -> Self:
        """From a row of `store.members`."""
        return cls(
            **{name: row[name] for name in cls.model_fields if name in row}, is_disabled=row["disabled_at"] is not None
        )


class MemberChange(BaseModel):
    """What a member may do from now on."""

    model_config = example({"role": "editor"})

    role: Role
