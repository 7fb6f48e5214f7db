"""Projects by the real elluminate SDK, unmodified: of a key its own, of a person all that they see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from elluminate import AsyncClient, Client
from elluminate.exceptions import NotFoundError, PermissionDeniedError

from tests.server.people import ANN, reachable, signed_in
from tests.server.running import Server

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def server(database_url: str) -> Iterator[Server]:
    with reachable(database_url) as made:
        yield made


async def test_a_key_has_its_project_and_a_person_makes_and_chooses_others(server: Server) -> None:
    with Client(base_url=server.url, api_key=server.key) as by_key:
        (own,) = by_key.projects.list_projects()
        assert by_key.projects.select_project(own.id) == own == by_key.current_project
        with pytest.raises(NotFoundError, match="there is no project 99"):
            by_key.projects.select_project(99)
        with pytest.raises(PermissionDeniedError, match="an API key belongs to one project"):
            by_key.projects.create("Second")
    with signed_in(server, ANN) as ann:
        token = ann.headers["authorization"].removeprefix("Bearer ")
    with Client(base_url=server.url, token=token, project_id=own.id) as by_token:
        second = by_token.projects.create("Second", "of Ann", public_in_org=True)
        assert by_token.projects.select_project(second.id).public_in_org
    async with AsyncClient(base_url=server.url, token=token, fallback_to_newest=True) as client:
        assert client.current_project == second
        third = await client.projects.acreate("Third")
        assert (await client.projects.aselect_project(third.id)).name == "Third"
