"""Limits towards one endpoint and key: calls at once, requests a minute, tokens a minute.

Calls at once adapt to what the endpoint bears (additive increase, multiplicative decrease): each sign of overload
halves them, each round of successes adds one, up to what the user allows.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from aiolimiter import AsyncLimiter

MINUTE_S = 60.0


class Pace(Protocol):
    """The rates of one gate."""

    async def keep(self, tokens: int) -> None:
        """Wait until a request of so many tokens may be made."""
        ...


class OwnPace:
    """Requests and tokens a minute, counted here."""

    def __init__(self, requests_per_minute: float | None, tokens_per_minute: float | None) -> None:
        self._requests = _evenly(requests_per_minute) if requests_per_minute else None
        self._tokens = AsyncLimiter(tokens_per_minute, MINUTE_S) if tokens_per_minute else None
        self._turn = asyncio.Lock()
        self._most_tokens = tokens_per_minute or 0.0

    async def keep(self, tokens: int) -> None:
        async with self._turn:  # one at a time: the limiter itself lets small requests overtake large ones
            if self._requests is not None:
                await self._requests.acquire()
            if self._tokens is not None:
                await self._tokens.acquire(min(float(tokens), self._most_tokens))


class Gate:
    """At most `limit` calls at once, and none faster than `pace`. Waiting callers go in order of arrival."""

    def __init__(self, most: int, pace: Pace | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.limit = float(most)
        self.running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._clock = clock
        self._last_cut = float("-inf")
        self.ever_reached = False
        """The endpoint has answered at least once, with whatever."""
        self._pace = pace

    async def enter(self, tokens: int) -> None:
        """Wait for the rates and for a place. Each enter needs a leave."""
        if self._pace is not None:
            await self._pace.keep(tokens)
        if self.running < int(self.limit) and not self._waiting:
            self.running += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # the place was given in the same moment: pass it on
                self.leave()
            raise

    def leave(self) -> None:
        self.running -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self.running < int(self.limit):
            place = self._waiting.popleft()
            if not place.done():
                self.running += 1
                place.set_result(None)

    def resize(self, most: int) -> None:
        """At most so many at once from now on. Those that are under way end as they are."""
        is_held_back = self.limit < self.most
        self.most = most
        self.limit = min(self.limit, float(most)) if is_held_back else float(most)
        self._admit()

    def succeeded(self) -> None:
        if self.limit < self.most:
            self.limit = min(float(self.most), self.limit + 1 / self.limit)
            self._admit()

    def overloaded(self) -> None:
        """Halve the calls at once, but only once for all the calls that were cut off by the same overload."""
        now = self._clock()
        if now - self._last_cut >= 1.0:
            self._last_cut = now
            self.limit = max(1.0, self.limit / 2)


class Limits:
    """The gates of one run, one per endpoint, key and rates: simulator and judge at one endpoint share theirs."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._gates: dict[tuple[str, str, float | None, float | None], Gate] = {}

    def resize(self, most: int) -> None:
        """At most so many calls at once from now on, in each gate."""
        self._most = most
        for gate in self._gates.values():
            gate.resize(most)

    def pace(
        self,
        endpoint: str,  # noqa: ARG002 - for whoever counts elsewhere
        key: str,  # noqa: ARG002
        requests_per_minute: float | None,
        tokens_per_minute: float | None,
    ) -> Pace:
        """The rates of a new gate."""
        return OwnPace(requests_per_minute, tokens_per_minute)

    def gate(
        self,
        endpoint: str,
        key: str,
        *,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
    ) -> Gate:
        """The one gate for all calls to `endpoint` with these settings."""
        name = (endpoint, key, requests_per_minute, tokens_per_minute)
        if name not in self._gates:
            has_rates = requests_per_minute or tokens_per_minute
            self._gates[name] = Gate(self._most, self.pace(*name) if has_rates else None)
        return self._gates[name]


def _evenly(per_minute: float) -> AsyncLimiter:
    """A rate without bursts of more than a second's worth: endpoints count over less than a minute."""
    burst = max(1.0, per_minute / MINUTE_S)
    return AsyncLimiter(burst, burst * MINUTE_S / per_minute)
