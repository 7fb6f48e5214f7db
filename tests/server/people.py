"""A server that others can reach, and people who sign in to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx2
from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store import members, users
from personae.store.engine import Database
from tests.server.running import Server, running

PASSWORD = "a sentence that only I would write"
ANN, BOB, EVE = "ann@example.com", "bob@example.com", "eve@example.org"


@contextmanager
def reachable(database_url: str, **settings: Any) -> Iterator[Server]:
    """A server that takes itself for one that others can reach, with Ann as the first organization's admin."""
    with running(database_url, host="0.0.0.0", **settings) as server:
        add_person(server, ANN, "admin")
        yield server


def add_person(server: Server, email: str, role: str = "", organization_id: int = 1) -> int:
    """An account with PASSWORD, a member where a role is given."""

    async def work(connection: AsyncConnection) -> int:
        now = datetime.now(UTC)
        id_ = await users.create(connection, email, name=email.partition("@")[0], password_hash=_hash(), now=now)
        if role:
            await members.add(connection, organization_id, id_, role, now)
        return id_

    return in_database(server, work)


def in_database(server: Server, work: Callable[[AsyncConnection], Awaitable[int]]) -> int:
    """What the work gives, done behind the server's back."""

    async def whole() -> int:
        database = Database(server.services.settings.database_url)
        try:
            async with database.writing() as connection:
                return await work(connection)
        finally:
            await database.close()

    return asyncio.run(whole())


def visitor(server: Server, **headers: str) -> httpx2.Client:
    """A client without credentials."""
    return httpx2.Client(base_url=f"{server.url}/api/v0", headers=headers, timeout=30, trust_env=False)


def signed_in(server: Server, email: str, password: str = PASSWORD) -> httpx2.Client:
    """A program that has signed in: it sends the bearer token and no cookie."""
    with visitor(server) as client:
        answer = client.post("/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return visitor(server, authorization=f"Bearer {answer.json()['token']}")


@cache
def _hash() -> str:
    return PasswordHasher().hash(PASSWORD)
