"""Sign-ins on the wire."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
MOST_OF_AN_EMAIL = 320
LEAST_OF_A_PASSWORD = 10


def checked_email(given: str) -> str:
    """An address as it is stored. Raises ValueError for what is none."""
    email = plain_email(given)
    if not _ADDRESS.fullmatch(email) or not email.isprintable() or len(email) > MOST_OF_AN_EMAIL:
        raise ValueError("is no e-mail address")
    return email


def plain_email(given: str) -> str:
    """An address as it is stored and compared."""
    return given.strip().lower()


Email = Annotated[str, StringConstraints(max_length=1000), AfterValidator(checked_email)]
Password = Annotated[str, StringConstraints(max_length=1000)]
NewPassword = Annotated[str, StringConstraints(min_length=LEAST_OF_A_PASSWORD, max_length=1000)]
PersonName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


def example(body: dict[str, Any]) -> ConfigDict:
    """Strict, with an example for the documentation."""
    return ConfigDict(extra="forbid", json_schema_extra={"example": body})


class Login(BaseModel):
    """Sign in by password."""

    model_config = example({"email": "ann@example.com", "password": "correct horse battery staple"})

    email: Annotated[str, StringConstraints(max_length=1000)]
    password: Password


class PasswordChange(BaseModel):
    """A new password."""

    model_config = example(
        {"current_password": "correct horse battery staple", "new_password": "a sentence that only I would write"}
    )

    current_password: Password
    new_password: NewPassword
    """At least ten characters."""


class User(BaseModel):
    """A person."""

    id: int
    email: str
    name: str


class SignedIn(BaseModel):
    """A session. Browsers keep it in a cookie; programs send the token as `Authorization: Bearer TOKEN`."""

    token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - its kind
    expires_at: datetime
    user: User


class Membership(BaseModel):
    """An organization and what one is there."""

    id: int
    name: str
    role: str


class SeenProject(BaseModel):
    """A project and what one may do there."""

    id: int
    name: str
    organization_id: int
    role: str


class Me(BaseModel):
    """Who asks, and what they see."""

    kind: Literal["person", "key", "local"]
    """`local`: a server on loopback takes whoever brings no credentials for its one user."""
    actor: str
    """As the audit log names them."""
    user: User | None
    organizations: list[Membership]
    projects: list[SeenProject]
