"""Group commit: what many tasks hand in goes into one transaction, and each goes on once it is committed.

Single commits stop at some hundred a second; groups carry twenty thousand rows. Where the database is lost, or the disk
is full, the writer tries again until it is back: whoever waits for a commit waits, so a run pauses by itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from personae.store.engine import Database, may_heal

log = logging.getLogger(__name__)

T = TypeVar("T")
Flush = Callable[[AsyncConnection, Sequence[T]], Awaitable[None]]
"""Writes a group inside the transaction that it is given."""

GATHER_S = 0.003
"""How long a group gathers. What comes while the last one is committed waits for the next, so groups of many make
themselves; a longer wait would bring conversations into step, all waiting at once."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.2, 5.0


class Writer(Generic[T]):
    """Writes what it is given in groups. Close it, so that its task ends."""

    def __init__(self, database: Database, flush: Flush[T], *, on_trouble: Callable[[str], None] | None = None) -> None:
        self._database = database
        self._flush = flush
        self._on_trouble = on_trouble
        self._items: list[tuple[T, asyncio.Future[None]]] = []
        self._something = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False

    async def write(self, item: T) -> None:
        """Returns when `item` is committed. Raises what the flush raised, if waiting cannot heal it."""
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="writer")
        done = asyncio.get_running_loop().create_future()
        self._items.append((item, done))
        self._something.set()
        await done

    async def _work(self) -> None:
        while True:
            await self._something.wait()
            if not self._is_closing:
                await asyncio.sleep(GATHER_S)
            group, self._items = self._items, []
            self._something.clear()
            if not await self._written(group, is_last=len(group) == 1):
                for one in group:  # one of them is bad: each alone, so that the others do not suffer for it
                    await self._written([one], is_last=True)
            if self._is_closing and not self._items:
                return

    async def _written(self, group: Sequence[tuple[T, asyncio.Future[None]]], *, is_last: bool) -> bool:
        """Whether `group` is committed. If this was its last try, its error goes to who handed it in."""
        try:
            await self._commit([item for item, _ in group])
        except Exception as error:  # whatever it is, it is theirs
            for _, done in group:
                if is_last and not done.done():
                    done.set_exception(error)
            return False
        for _, done in group:
            if not done.done():
                done.set_result(None)
        return True

    async def _commit(self, items: Sequence[T]) -> None:
        wait_s, began = _FIRST_WAIT_S, time.monotonic()
        while True:
            try:
                async with self._database.recording() as connection:
                    await self._flush(connection, items)
                break
            except Exception as error:
                if not may_heal(error):
                    raise
                problem = str(getattr(error, "orig", error))
                log.warning("the database does not take records, trying again", extra={"problem": problem})
                if self._on_trouble is not None:
                    self._on_trouble(problem)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        if wait_s != _FIRST_WAIT_S:
            log.info("the database takes records again", extra={"after_s": round(time.monotonic() - began, 1)})
            if self._on_trouble is not None:
                self._on_trouble("")

    async def close(self) -> None:
        """Commit what was handed in, and end the task."""
        self._is_closing = True
        if self._task is not None:
            self._something.set()
            await self._task
