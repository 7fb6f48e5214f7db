"""Other people's functions, which may block, hang, or raise what ends a program: run so that only their call suffers.

Sync functions run on daemon threads of their own: a thread that hangs keeps neither the run nor the interpreter from
ending, which a pool's thread would. Async functions of a loaded file run in an event loop of their own on such a
thread, because blocking code in one, or a SystemExit in a task that it made, would stop the loop that runs it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any

from personae.errors import BotError

MOST_LOST = 256
"""Calls that may hang at once before no more are made: each holds a thread for as long as it hangs."""
GRACE_S = 1.0
"""Seconds in which a loop must take note of a cancellation, else it is taken for blocked."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: a value, or whatever was raised."""

    value: Any
    raised: BaseException | None
    latency_ms: float


class Threads:
    """Runs functions on daemon threads, at most `concurrency` at once, hanging ones not counted."""

    def __init__(self, concurrency: int) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._lost = 0

    async def call(self, function: Callable[[], Any], timeout_s: float) -> Outcome:
        """Call `function` with this task's context variables. Raises TimeoutError; the thread is then left behind."""
        async with self._slots:
            if self._lost >= MOST_LOST:
                raise BotError(
                    f"{self._lost} calls of the bot never came back, so it is not called any more", hopeless=True
                )
            loop = asyncio.get_running_loop()
            future: asyncio.Future[Outcome] = loop.create_future()

            def settle(outcome: Outcome) -> None:
                if future.done():
                    self._lost -= 1
                else:
                    future.set_result(outcome)

            def work() -> None:
                outcome = _outcome(function)
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    loop.call_soon_threadsafe(settle, outcome)

            context = copy_context()
            threading.Thread(target=context.run, args=(work,), name="personae-bot", daemon=True).start()
            try:
                async with asyncio.timeout(timeout_s):
                    return await future
            finally:
                self._lost += future.cancelled()


class OwnLoop:
    """Runs coroutines in an event loop on a daemon thread. A loop that is blocked is left behind for a new one."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    async def call(self, function: Callable[[], Awaitable[Any]], timeout_s: float) -> Outcome:
        """Await `function()` with this task's context variables. Raises TimeoutError."""
        there = self._loop = self._loop or _started()
        here = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = here.create_future()
        ended = asyncio.Event()
        running: list[asyncio.Task[None]] = []

        def settle(outcome: Outcome) -> None:
            ended.set()
            if not future.done():
                future.set_result(outcome)

        async def work() -> None:
            outcome = Outcome(None, asyncio.CancelledError(), 0.0)
            try:
                outcome = await awaited(function)
            finally:
                with contextlib.suppress(RuntimeError):  # our loop is closed: nobody waits any more
                    here.call_soon_threadsafe(settle, outcome)

        def start(context: Context) -> None:
            running.append(there.create_task(work(), context=context))

        there.call_soon_threadsafe(start, copy_context())
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            there.call_soon_threadsafe(lambda: [task.cancel() for task in running])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), GRACE_S)
            if not ended.is_set() and self._loop is there:
                self._loop = None
            raise
        except asyncio.CancelledError:
            there.call_soon_threadsafe(lambda: [task.cancel() for task in running])
            raise

    def close(self) -> None:
        """Let the loop end. Calls must have ended."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None


async def awaited(function: Callable[[], Awaitable[Any]]) -> Outcome:
    """What comes of awaiting `function()` here. Only a cancellation from outside passes."""
    began = time.perf_counter()
    value: Any = None
    raised: BaseException | None = None
    try:
        value = await function()
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raised = error
    except BaseException as error:  # the boundary: whatever a stranger's code raises is this call's data
        raised = error
    return Outcome(value, raised, (time.perf_counter() - began) * 1000)


def _outcome(function: Callable[[], Any]) -> Outcome:
    began = time.perf_counter()
    value: Any = None
    raised: BaseException | None = None
    try:
        value = function()
    except BaseException as error:  # the boundary: SystemExit of one call must not end the run
        raised = error
    return Outcome(value, raised, (time.perf_counter() - began) * 1000)


def _started() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        stopped = False
        while not stopped:
            try:
                loop.run_forever()
                stopped = True
            except (SystemExit, KeyboardInterrupt):  # out of a task that a bot made; its other conversations go on
                continue
        loop.close()

    threading.Thread(target=run, name="personae-bot-loop", daemon=True).start()
    return loop
