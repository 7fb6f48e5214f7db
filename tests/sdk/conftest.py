"""Both clients of the SDK at the same server. One kind of database is enough: what travels is the same."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from personae.sdk import AsyncClient, Client
from tests.server.running import Server, running

Scenario = Callable[[Any], Awaitable[None]]
Use = Callable[[Scenario], None]


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("sdk") / "personae.db"
    shutil.copy(sqlite_template, path)
    with running(f"sqlite:///{path}") as made:
        yield made


@pytest.fixture(params=["blocking", "awaited"])
def use(request: pytest.FixtureRequest, server: Server) -> Use:
    """`use(scenario)` runs a scenario with the one client or the other, which both look like the awaited one there."""

    async def awaited(scenario: Scenario) -> None:
        async with AsyncClient(server.url, api_key=server.key) as client:
            await scenario(client)

    async def blocking(scenario: Scenario) -> None:
        with Client(server.url, api_key=server.key) as client:
            await scenario(AsAwaited(client))

    return lambda scenario: anyio.run(awaited if request.param == "awaited" else blocking, scenario)


class AsAwaited:
    """A blocking client, or a noun of one, whose methods can be awaited."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return Result.of(found) if callable(found) else AsAwaited(found)


class Result:
    """What a blocking method gave."""

    def __init__(self, value: Any, error: Exception | None = None) -> None:
        self._value, self._error = value, error

    @classmethod
    def of(cls, method: Callable[..., Any]) -> Callable[..., Result]:
        def call(*arguments: Any, **named: Any) -> Result:
            try:
                return cls(method(*arguments, **named))
            except Exception as error:
                return cls(None, error)

        return call

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._given().__await__()

    async def _given(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._value

    async def __aiter__(self) -> AsyncIterator[Any]:
        for item in self._value:
            yield item
