"""Shard: the conversations that one worker process holds, in the local engine, for a driver elsewhere.

Idea: the driver calls `exchange` again and again. Each call brings what the driver has to say and returns what there is
      to record, as soon as there is something. A conversation goes on when the driver has said that its last turn is
      recorded; so the driver's pace is the workers' pace, and whatever is lost with a worker was not paid for twice.
      A call that comes while another one waits lets that one go at once: so the driver can say something any time.
      Where the driver was not heard of for long, no further call is made: it may have given the conversations to
      somebody else.
"""

from __future__ import annotations

import asyncio
import pickle
import time
from contextlib import AsyncExitStack

from personae.errors import ConfigurationError, PersonaeError
from personae.executors._leases import Lease, SharedLimits
from personae.executors._messages import BrokenOff, Event, Given, Report, Told
from personae.executors._outbox import Outbox
from personae.executors._sealed import Mailbox
from personae.experiments.build import unpacked
from personae.experiments.kit import Kit
from personae.experiments.run import Experiment

BEAT_S = 1.0
"""After so long an exchange ends though there is nothing to tell: it shows that the worker lives. Sooner where the
driver has little patience."""


class Shard:
    """One worker's side of a run. An engine makes one in each of its processes."""

    def __init__(self) -> None:
        self._mailbox = Mailbox()
        self._news = asyncio.Event()
        self._newer = asyncio.Event()
        """A newer exchange has come."""
        self._outbox = Outbox(self._news.set)
        self._lease = Lease(news=self._news.set, in_touch=self._in_touch)
        self._limits = SharedLimits(self._news.set)
        self._open = AsyncExitStack()
        self._experiment: Experiment | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._failed: Exception | None = None
        self._number = 0
        self._reported_at = self._pulse_s = 0.0
        self._heard = asyncio.Event()
        self._heard_at = time.monotonic()
        self._silence_s, self._beat_s = float("inf"), BEAT_S

    async def address(self) -> bytes:
        """Where to seal the kit for."""
        return self._mailbox.address

    async def begin(self, letter: bytes, silence_s: float) -> None:
        """Open the engine of the kit in `letter`. What fails is told by the first exchange.

        After so many seconds without a word of the driver no call is made.
        """
        self._silence_s = silence_s
        self._beat_s = min(BEAT_S, silence_s / 2)
        try:
            kit = pickle.loads(self._mailbox.opened(letter))  # noqa: S301 - whoever starts the process sealed it
            assert isinstance(kit, Kit)
            opened = unpacked(kit, self._outbox, self._lease, self._limits)
            self._experiment = await self._open.enter_async_context(opened)
            self._experiment.beside_messages = self._outbox.beside_messages
        except PersonaeError as error:
            self._fail(error)
        except Exception as error:  # a stranger's module may raise anything while it is loaded
            self._fail(ConfigurationError(f"a worker cannot open the run: {type(error).__name__}: {error}"))

    async def exchange(self, told: bytes) -> bytes:
        """Hear what the driver says, and report as soon as there is something to report."""
        self._hear(pickle.loads(told))  # noqa: S301 - the driver's, over the cluster's own channel
        self._newer.set()
        newer = self._newer = asyncio.Event()
        await _first_of(self._beat_s, self._news, newer)
        await _first_of(self._reported_at + self._pulse_s - time.monotonic(), newer)
        return pickle.dumps(self._report(), pickle.HIGHEST_PROTOCOL)

    async def close(self) -> None:
        """End what runs, and the bot."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await self._open.aclose()

    def _hear(self, told: Told) -> None:
        self._heard_at = time.monotonic()
        self._heard.set()
        self._pulse_s = told.pulse_s
        self._lease.allowed(told.allowance)
        self._limits.may_go(told.may_go)
        self._outbox.recorded(told.recorded)
        if self._experiment is None:
            return
        if told.is_stopping:
            self._experiment.stop()
        for given in told.given:
            self._outbox.open(given)
            self._running[given.spec.key] = asyncio.create_task(self._hold(self._experiment, given))
        self._fit_limits()

    def _fit_limits(self) -> None:
        """As many calls at once as conversations: all workers together hold no more than the run may."""
        self._limits.resize(max(1, len(self._running)))

    async def _hold(self, experiment: Experiment, given: Given) -> None:
        key = given.spec.key
        try:
            await experiment.conversation(given.spec)
            if experiment.half_done.pop(key, None) is not None:
                self._outbox.post(Event(key, BrokenOff()))
        except Exception as error:  # it stops the whole run, and the driver says so
            self._fail(error)
        finally:
            self._outbox.end(key)
            self._running.pop(key, None)
            self._fit_limits()

    def _fail(self, error: Exception) -> None:
        self._failed = self._failed or error
        self._news.set()

    def _report(self) -> Report:
        self._news.clear()
        self._number += 1
        self._reported_at = time.monotonic()
        events, asks = self._outbox.taken(self._number), self._limits.asks()
        return Report(self._number, self._lease.standing(), events, asks, self._failed)

    async def _in_touch(self) -> None:
        while time.monotonic() - self._heard_at > self._silence_s:
            self._heard.clear()
            await self._heard.wait()


async def _first_of(timeout_s: float, *events: asyncio.Event) -> None:
    """Wait for any of them, and no longer than that."""
    if timeout_s <= 0 or any(event.is_set() for event in events):
        return
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
