"""From a request's credentials to who asks."""

from __future__ import annotations

from fastapi import Request

from personae.server import cookies
from personae.server.failures import Unauthenticated
from personae.server.secrets import token_hash
from personae.server.security import Principal, lesser
from personae.server.services import Services
from personae.server.settings import is_loopback
from personae.store import keys, members, sessions
from personae.store.columns import Record

LOCAL = Principal("local", is_local=True)


async def principal(request: Request) -> Principal:
    """Who asks. Raises Unauthenticated for credentials that are wrong, or missing where they are needed."""
    services: Services = request.app.state.services
    if key := request.headers.get("x-api-key"):
        return await _of_key(services, key)
    if token := bearer(request):
        if person := await _of_session(services, token):
            return person
        raise Unauthenticated("the bearer token is unknown, or its session has ended: sign in again")
    token = cookies.session(request, services)
    if token and (person := await _of_session(services, token)):
        return person
    if not services.settings.is_loopback:  # a browser sends an old cookie by itself: it counts as none
        raise Unauthenticated("sign in, or send an API key in the header X-API-Key")
    if not is_loopback(request.url.hostname or ""):  # a page elsewhere whose name was made to lead here
        raise Unauthenticated("without credentials this server answers at localhost and its loopback address alone")
    return LOCAL


def bearer(request: Request) -> str:
    """The bearer token; blank where there is none. What other schemes say is meant for a proxy before the server."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _of_key(services: Services, key: str) -> Principal:
    async with services.database.reading() as connection:
        found = await keys.by_hash(connection, token_hash(key))
    if found is None:
        raise Unauthenticated("the API key is unknown or revoked")
    role = found["role"] if found["creator_id"] is None else lesser(found["role"], found["creator_role"] or "")
    if not role:
        raise Unauthenticated("whoever made this API key is no longer a member of its organization: use another key")
    now = services.now()
    if keys.is_due(found, now):
        async with services.database.writing() as connection:
            await keys.seen(connection, found["id"], now)
    return Principal(
        f"key {found['name']} ({found['prefix']})",
        user_id=found["creator_id"],
        key_project=found["project_id"],
        key_role=role,
    )


async def person_of_session(services: Services, request: Request) -> Record | None:
    """Who is signed in, whether that is needed or not."""
    token = bearer(request) or cookies.session(request, services)
    async with services.database.reading() as connection:
        return await sessions.person(connection, token_hash(token), services.now()) if token else None


async def _of_session(services: Services, token: str) -> Principal | None:
    async with services.database.reading() as connection:
        found = await sessions.person(connection, token_hash(token), services.now())
        if found is None:
            return None
        roles = await members.roles(connection, found["id"])
    return Principal(found["email"], user_id=found["id"], roles=roles)
