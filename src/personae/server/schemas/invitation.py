"""Invitations on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from personae.server.schemas.session import Email, Password, PersonName, example
from personae.server.security import Role
from personae.store.columns import Record

MOST_DAYS = 90
Status = Literal["open", "accepted", "expired"]


class InvitationIn(BaseModel):
    """Whom to invite."""

    model_config = example({"email": "bob@example.com", "role": "editor", "expires_in_days": 7})

    role: Role
    email: Email | None = None
    """Who alone can accept it; null: whoever has the link."""
    expires_in_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 7


class Invitation(BaseModel):
    """An invitation, without its link."""

    id: int
    organization_id: int
    email: str | None
    role: str
    invited_by: str
    status: Status
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None

    @classmethod
    def of(cls, row: Record, now: datetime) -> Self:
        """From a row of `store.invitations`."""
        status: Status = "accepted" if row["accepted_at"] else "open" if row["expires_at"] > now else "expired"
        known = {name: row[name] for name in cls.model_fields if name in row and name != "email"}
        return cls(**known, email=row["email"] or None, status=status)


class NewInvitation(Invitation):
    """The same with its link, which is shown this once."""

    token: str
    link: str


class InvitationShown(BaseModel):
    """What somebody with the link sees before accepting."""

    organization_name: str
    email: str | None
    role: str
    invited_by: str
    expires_at: datetime


class Acceptance(BaseModel):
    """Who accepts: a new account, or one that is there, with its password. Who is signed in sends an empty object."""

    model_config = example({"email": "bob@example.com", "name": "Bob", "password": "correct horse battery staple"})

    email: Email | None = None
    """Not needed where the invitation names one."""
    name: PersonName = ""
    password: Password | None = None
    """Of the account that is there; of a new one, at least ten characters."""
