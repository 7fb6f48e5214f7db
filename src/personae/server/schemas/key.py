"""API keys on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from personae.server.schemas.session import example
from personae.server.security import Role


class ApiKeyIn(BaseModel):
    """A key to make."""

    model_config = example({"name": "nightly run", "role": "editor"})

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    role: Role
    """The most that it can do: look (`viewer`), author and run (`editor`), or all (`admin`)."""


class ApiKey(BaseModel):
    """A key, without the key itself."""

    id: int
    name: str
    prefix: str
    """How it begins."""
    role: str
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    """To the minute."""
    revoked_at: datetime | None


class NewApiKey(ApiKey):
    """The same with the key, which is shown this once."""

    key: str
