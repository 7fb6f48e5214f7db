"""What all tests share: one event loop library, no waiting between tries, no proxy between us and loopback."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import stamina
from hypothesis import HealthCheck, settings

from tests.chromium import launch_arguments

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
    try:
        return launch_arguments()
    except LookupError as error:
        pytest.fail(str(error))


@pytest.fixture(scope="session")
def base_url() -> str:
    """Tests say whole addresses. (The plugin's own fixture of this name is of a form that pytest warns about.)"""
    return ""


def pytest_collection_finish() -> None:
    """What the tests are made of stays: the garbage collector need not look through a gigabyte of it each time."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pages last: Playwright leaves its event loop running in the main thread, where no other test could run one.

    Of the pages journeys come first: what is short fills up the workers at the end.
    """
    items.sort(key=lambda item: ("browser" in getattr(item, "fixturenames", ()), "every_page" in item.nodeid))
