"""Deadlines: many timeouts of the same length, kept by one timer.

Nearly every timer of a request is set only to be taken back, which costs more than sending the request's bytes.
Requests that may all take equally long run out in the order in which they began, so one timer for the oldest serves
them all.
"""

from __future__ import annotations

import asyncio
from types import TracebackType


class Deadlines:
    """For requests of which each may take `seconds`: `with deadlines.begin(): ...` raises TimeoutError beyond that."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._running: dict[Deadline, None] = {}
        """The oldest first."""
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> Deadline:
        """The deadline of one request that begins now, in the task that runs."""
        task = asyncio.current_task(self._loop)
        assert task is not None
        deadline = Deadline(self._running, task, self._loop.time() + self._seconds)
        self._running[deadline] = None
        if self._timer is None:
            self._timer = self._loop.call_at(deadline.ends_at, self._look)
        return deadline

    def close(self) -> None:
        """Take back the timer. Nothing may be running any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        """End what has run out, and look again when the next one does."""
        now = self._loop.time()
        while self._running and (oldest := next(iter(self._running))).ends_at <= now:
            oldest.pass_()
        self._timer = self._loop.call_at(oldest.ends_at, self._look) if self._running else None


class Deadline:
    """One request's deadline, as a context manager. The same care for other cancellations as in `asyncio.timeout`."""

    __slots__ = ("_cancelling", "_running", "_task", "ends_at", "is_passed")

    def __init__(self, running: dict[Deadline, None], task: asyncio.Task[object], ends_at: float) -> None:
        self._running = running
        self._task = task
        self._cancelling = task.cancelling()
        self.ends_at = ends_at
        self.is_passed = False

    def pass_(self) -> None:
        """Its time is over."""
        del self._running[self]
        self.is_passed = True
        self._task.cancel()

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.is_passed:
            del self._running[self]
        elif self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
