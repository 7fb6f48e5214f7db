"""The server of a test, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from lab.fake_bot import FakeBots
from lab.fake_llm import FakeLLM
from tests.server.experiment_lab import Lab, library
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


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM.in_thread(end_after=2) as fake:
        yield fake


@pytest.fixture
def lab(database_url: str, fake: FakeLLM) -> Iterator[Lab]:
    models = {"simulator_provider": "openai", "simulator_model": "sim", "simulator_api_key": "k"}
    with (
        running(database_url, simulator_base_url=f"{fake.url}/v1", judge_model="judge", **models) as server,
        server.client() as api,
    ):
        yield library(server, api, fake)


@pytest.fixture
def bots() -> Iterator[FakeBots]:
    with FakeBots.in_thread() as bots:
        yield bots
