"""Serve something asynchronous from a thread of its own, for tests that are not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

Served = TypeVar("Served", bound=AbstractAsyncContextManager[Any])

START_S = 10


@contextmanager
def in_thread(served: Served) -> Iterator[Served]:
    """Enter `served` in an event loop in a thread, and leave it there in the end."""
    started = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    failures: list[BaseException] = []

    async def serve() -> None:
        leave = asyncio.Event()
        async with served:
            stop.append((asyncio.get_running_loop(), leave))
            started.set()
            await leave.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            failures.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not started.wait(START_S) or not stop:
        raise RuntimeError(f"{type(served).__name__} did not start") from (failures[0] if failures else None)
    try:
        yield served
    finally:
        loop, leave = stop[0]
        loop.call_soon_threadsafe(leave.set)
        thread.join(START_S)
