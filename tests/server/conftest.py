"""The server of a test, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.server.running import Server, running


@pytest.fixture
def server(database_url: str) -> Iterator[Server]:
    with running(database_url) as made:
        yield made


@pytest.fixture
def api(server: Server) -> Iterator[httpx2.Client]:
    """A client of the first project with an admin's key."""
    with server.client() as client:
        yield client
