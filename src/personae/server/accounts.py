"""From a request's credentials to who asks."""

from __future__ import annotations

from fastapi import Request

from personae.server.failures import Unauthenticated
from personae.server.secrets import token_hash
from personae.server.security import Principal
from personae.server.services import Services
from personae.store import keys

LOCAL = Principal("local", is_local=True)


async def principal(request: Request) -> Principal:
    """Who asks. Raises Unauthenticated for credentials that are wrong, or missing where they are needed."""
    services: Services = request.app.state.services
    if key := request.headers.get("x-api-key"):
        return await _of_key(services, key)
    if services.settings.is_loopback:
        return LOCAL
    raise Unauthenticated("sign in, or send an API key in the header X-API-Key")


async def _of_key(services: Services, key: str) -> Principal:
    async with services.database.reading() as connection:
        found = await keys.by_hash(connection, token_hash(key))
    if found is None:
        raise Unauthenticated("the API key is unknown or revoked")
    now = services.now()
    if keys.is_due(found, now):
        async with services.database.writing() as connection:
            await keys.seen(connection, found["id"], now)
    return Principal(f"key {found['name']}", key_project=found["project_id"], key_role=found["role"])
