"""API keys of a project. For its admins."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from personae.sdk.nouns import D, Noun, Received, listing, method
from personae.sdk.steps import Listing, Steps, delete, get, post

Role = Literal["viewer", "editor", "admin"]


class ApiKey(Received):
    """A key, without the key itself."""

    id: int
    name: str
    prefix: str
    role: str
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewApiKey(ApiKey):
    """The same with the key, which is shown this once."""

    key: str = Field(repr=False)


class ApiKeys(Noun[D]):
    """The project's keys."""

    @listing
    def list(self) -> Listing[ApiKey]:
        """All keys, revoked ones too, the newest first."""
        return Listing(get("api_keys"), ApiKey.model_validate)

    @method
    def create(self, name: str, *, role: Role) -> Steps[NewApiKey]:
        """A new key, shown this once."""
        return NewApiKey.model_validate((yield post("api_keys", {"name": name, "role": role})))

    @method
    def revoke(self, key_id: int) -> Steps[None]:
        """At once and for good."""
        yield delete(f"api_keys/{key_id}")
