"""What all tests share: one event loop library, no waiting between tries, no proxy between us and loopback."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import stamina
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.databases"]

# A shell that runs us in the background has Ctrl-C ignored, and programs that we start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "ours",
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,  # there a change answers for what it broke; chance finds at a desk
)
settings.load_profile("ours")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def no_waiting_between_tries() -> Iterator[None]:
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("these tests open pages in a real browser: apt-get update && apt-get install -y chromium")
    quiet = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    args = [*quiet.split(), "--disable-component-update", "--disable-sync"]
    return {"executable_path": chromium, "args": args}


@pytest.fixture(scope="session")
def base_url() -> str:
    """Tests say whole addresses. (The plugin's own fixture of this name is of a form that pytest warns about.)"""
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pages last: Playwright leaves its event loop running in the main thread, where no other test could run one.

    Of the pages journeys come first: what is short fills up the workers at the end.
    """
    items.sort(key=lambda item: ("browser" in getattr(item, "fixturenames", ()), "every_page" in item.nodeid))
