"""The launcher: tasks claimed, run and let go, by this process or, when it dies, by another.

Every process of a deployment has one. A task is owned by the process that claimed it, which shows by heartbeats that it
lives; after fifteen seconds of silence any other takes the task over and goes on from what was recorded.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from uuid import uuid4

from personae.errors import NotFound, PersonaeError
from personae.executors import executor
from personae.experiments.recorders.sql import TaskLost
from personae.server.experiments.runs import Run
from personae.server.generations.work import Making
from personae.server.services import Services
from personae.store import tasks
from personae.store.engine import Connection, may_heal

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
HEARTBEAT_EVERY_S = 3.0
MOST_AT_ONCE = 4
"""Tasks that one process runs at once; each of them has many conversations under way."""
PATIENCE_S = 20.0
"""How long calls that are under way may take to end when this process is asked to stop."""

Work = Run | Making
"""One task while this process runs it."""


class Launcher:
    """Runs tasks until it is closed."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid4().hex[:8]}"
        self._running: dict[str, tuple[Work, asyncio.Task[None]]] = {}
        self._news = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._beats: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for tasks. Raises NotFound and ConfigurationError for an executor that there is not."""
        executor(self._services.settings.executor, self._services.settings.executor_workers)
        self._loop = asyncio.create_task(self._forever(self._look, LOOK_EVERY_S), name="launcher")
        self._beats = asyncio.create_task(self._forever(self._beat, HEARTBEAT_EVERY_S), name="heartbeats")

    def wake(self) -> None:
        """There is something to do, or somebody wants something: look at once."""
        self._news.set()

    async def close(self) -> None:
        """Let go of everything: running calls are finished and recorded, and whoever starts next goes on."""
        for run, _ in self._running.values():
            run.stop("hand over")
        under_way = [work for _, work in self._running.values()]
        if under_way:
            await asyncio.wait(under_way, timeout=PATIENCE_S)
        for work in (*under_way, self._loop, self._beats):
            if work is not None:
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work

    async def _forever(self, work: Callable[[], Awaitable[None]], every_s: float) -> None:
        while True:
            try:
                await work()
            except Exception as error:  # the database is away, or a defect: either way the next look is due
                level = logging.WARNING if may_heal(error) else logging.ERROR
                why = next(iter(str(error).splitlines()), type(error).__name__)
                log.log(level, "looking for tasks failed: %s", why, exc_info=None if may_heal(error) else error)
            with suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await self._news.wait()
            self._news.clear()

    async def _look(self) -> None:
        database, now = self._services.database, self._services.now
        while len(self._running) < MOST_AT_ONCE:
            async with database.recording() as connection:  # small, and every second: what runs must not wait for it
                task = await tasks.claim(connection, self.owner, now=now(), but=list(self._running))
                if task is not None:
                    run = (Making if task["kind"] == "generate" else Run)(self._services, task, self.owner)
                    await run.began(connection)
            if task is None:
                break
            self._running[run.task_id] = (run, asyncio.create_task(self._work(run), name=f"task {run.task_id}"))
        if self._running:
            async with database.reading() as connection:
                wishes = await tasks.wishes(connection, self.owner)
            for wish in wishes:
                if wish["id"] in self._running:
                    run, _ = self._running[wish["id"]]
                    run.hear(wish["wanted"], wish["settings"] or {})

    async def _beat(self) -> None:
        for task_id, (run, work) in list(self._running.items()):
            async with self._services.database.recording() as connection:
                is_ours = await tasks.still_owned(connection, task_id, self.owner, now=self._services.now())
            if not is_ours and not work.done():
                run.stop("lost")
                work.cancel()

    async def _work(self, run: Work) -> None:
        """One task, whatever becomes of it."""
        metrics = self._services.metrics
        try:
            await run.work()
            await self._let_go(run)
        except (TaskLost, NotFound):
            log.warning("a task is no longer ours", extra={"task": run.task_id})
        except asyncio.CancelledError:
            if run.wanted != "lost":
                await self._again_later(run)
            raise
        except PersonaeError as error:
            metrics.failed(error)
            await self._end(run, "failed", str(error))
        except Exception as error:  # a defect of ours: the task ends, the process goes on
            log.exception("a task failed", extra={"task": run.task_id})
            metrics.failed(error)
            await self._end(run, "failed", f"something went wrong on the server ({type(error).__name__}: {error})")
        finally:
            self._running.pop(run.task_id, None)
            self._news.set()

    async def _let_go(self, run: Work) -> None:
        match run.wanted:
            case "pause":
                await self._in_store(run.paused)
            case "cancel":
                await self._end(run, "cancelled", "cancelled")
            case "hand over" | "lost":
                await self._again_later(run)
            case _:
                await self._end(run, "finished", None)

    async def _end(self, run: Work, status: str, problem: str | None) -> None:
        failed = status != "finished"
        await self._in_store(lambda connection, now: run.ended(connection, status, problem, has_failed=failed, now=now))

    async def _again_later(self, run: Work) -> None:
        """Whoever looks next, this program started again or another process, goes on."""
        with suppress(Exception):  # the heartbeat will run out by itself
            async with self._services.database.writing() as connection:
                if await tasks.still_owned(connection, run.task_id, self.owner, now=self._services.now()):
                    await tasks.set_status(connection, run.task_id, "PENDING", now=self._services.now())

    async def _in_store(self, work: Callable[[Connection, datetime], Awaitable[None]]) -> None:
        """Write, if the task is still ours; as often as it takes where the database is away."""
        while True:
            try:
                async with self._services.database.writing() as connection:
                    await work(connection, self._services.now())
                return
            except Exception as error:
                if not may_heal(error):
                    raise
                log.warning("the database does not take the end of a task, trying again")
                await asyncio.sleep(LOOK_EVERY_S)
