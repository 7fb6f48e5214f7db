"""Outbox: the recorder of a worker. Each record travels to the driver, and is made when the driver has said so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from personae.core.conversation import Turn
from personae.core.result import SimulationResult, Spec
from personae.core.usage import Usage
from personae.core.validity import Attempt
from personae.executors._messages import Event, Given, Restart
from personae.experiments.recorders import Afresh, SoFar
from personae.simulation.conversation import Ended


class Outbox(Afresh):
    """What is to be recorded of the conversations that were given. `news` is called when there is more."""

    def __init__(self, news: Callable[[], None]) -> None:
        self._news = news
        self._given: dict[str, Given] = {}
        self._so_far: dict[str, SoFar] = {}
        self._events: list[Event] = []
        self._waits: list[asyncio.Future[None]] = []
        self._sent: dict[int, list[asyncio.Future[None]]] = {}
        """What waits for its report to be recorded, by the report's number."""

    def open(self, given: Given) -> None:
        """A conversation is about to be held."""
        self._given[given.spec.key] = given
        self._so_far[given.spec.key] = given.so_far

    def end(self, key: str) -> None:
        """It is held no more."""
        del self._given[key], self._so_far[key]

    def beside_messages(self, spec: Spec) -> Mapping[str, Any] | None:
        """What the bot is sent beside the messages of this conversation."""
        return self._given[spec.key].beside_messages

    def post(self, event: Event) -> None:
        """Tell the driver, and wait for nothing."""
        self._events.append(event)
        self._news()

    def taken(self, number: int) -> list[Event]:
        """All that is new: it goes with the report of this number."""
        events, self._events = self._events, []
        if self._waits:
            self._sent[number], self._waits = self._waits, []
        return events

    def recorded(self, number: int) -> None:
        """The driver has recorded all reports up to this one."""
        for sent in [sent for sent in self._sent if sent <= number]:
            for wait in self._sent.pop(sent):
                if not wait.done():
                    wait.set_result(None)

    @property
    def unfinished(self) -> int:
        return len(self._given)

    def so_far(self, key: str) -> SoFar:
        return self._so_far[key]

    async def turn(self, spec: Spec, turn: Turn, beside: Mapping[str, Usage] | None = None) -> None:
        await self._record(Event(spec.key, turn, beside))

    async def ended(self, spec: Spec, ended: Ended, beside: Mapping[str, Usage] | None = None) -> None:
        await self._record(Event(spec.key, ended, beside))

    async def restart(self, spec: Spec) -> None:
        self._so_far[spec.key] = self.so_far(spec.key).restarted()
        await self._record(Event(spec.key, Restart()))

    async def repeat(self, spec: Spec, attempt: Attempt, beside: Mapping[str, Usage] | None = None) -> None:
        await self._record(Event(spec.key, attempt, beside))

    async def finish(self, result: SimulationResult) -> None:
        await self._record(Event(result.key, result))

    async def _record(self, event: Event) -> None:
        wait = asyncio.get_running_loop().create_future()
        self._waits.append(wait)
        self.post(event)
        await wait
