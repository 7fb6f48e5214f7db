"""What all tests share: one event loop library, no waiting between tries, no proxy between us and loopback."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
import stamina
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.databases"]

# A shell that runs us in the background has Ctrl-C ignored, and programs that we start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def no_waiting_between_tries() -> Iterator[None]:
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pages last: Playwright leaves its event loop running in the main thread, where no other test could run one."""
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))
