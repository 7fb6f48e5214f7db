"""Pages in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Error, Page, expect

from tests.server.running import Server
from tests.web.serving import fresh, load_example

expect.set_options(timeout=60_000)  # in CI four browsers share two cores


@pytest.fixture
def server(sqlite_template: Path, tmp_path: Path) -> Iterator[Server]:
    """With an empty project."""
    with fresh(sqlite_template, tmp_path) as made:
        yield made


@dataclass(frozen=True)
class Example:
    """A server with the finished example. Shared: tests look at it, and change nothing."""

    server: Server
    ids: dict[str, int]

    @property
    def url(self) -> str:
        return self.server.url


@pytest.fixture(scope="session")
def example(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    with fresh(sqlite_template, tmp_path_factory.mktemp("example")) as server:
        yield Example(server, load_example(server))


@dataclass
class Complaints:
    """What the browser says against the pages that it opens: errors, and what the security policy blocks."""

    found: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Parts of complaints that the test brings about."""

    def listen(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", self._failed)

    def leave(self, page: Page) -> None:
        page.remove_listener("console", self._said)
        page.remove_listener("pageerror", self._failed)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.found.append(f"{message.text} ({message.location.get('url', '')})")

    def _failed(self, error: Error) -> None:
        self.found.append(str(error))

    def check(self) -> None:
        rest = [one for one in self.found if not any(part in one for part in self.expected)]
        assert not rest, "\n".join(rest)


@pytest.fixture(autouse=True)
def complaints(request: pytest.FixtureRequest) -> Iterator[Complaints]:
    """Every test of a page fails where the browser complains, unless the test says what it expects."""
    made = Complaints()
    page: Page | None = request.getfixturevalue("page") if "page" in request.fixturenames else None
    if page:
        made.listen(page)
    yield made
    if page:
        made.leave(page)
    made.check()


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return browser_context_args | {"viewport": {"width": 1360, "height": 860}, "locale": "en-GB"}
