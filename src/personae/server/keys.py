"""API keys: how they are made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from personae.server.secrets import KEY_PREFIX, new_token, token_hash
from personae.server.security import Role
from personae.store import keys

PREFIX_SHOWN = 10
"""Characters of a key that stay visible, to tell keys apart."""


async def make_key(
    connection: AsyncConnection,
    project_id: int,
    *,
    name: str,
    role: Role,
    created_by: str,
    creator_id: int | None = None,
    now: datetime,
) -> tuple[int, str]:
    """A new key's id, and the key, which nobody can look up later."""
    key = new_token(KEY_PREFIX)
    id_ = await keys.create(
        connection,
        project_id,
        name=name,
        key_hash=token_hash(key),
        prefix=key[:PREFIX_SHOWN],
        role=role,
        created_by=created_by,
        creator_id=creator_id,
        now=now,
    )
    return id_, key
