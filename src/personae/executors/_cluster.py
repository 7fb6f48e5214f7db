"""What an engine has to offer, so that `_driver` can hold a run over the processes that it starts."""

from __future__ import annotations

from typing import Protocol


class WorkerLost(Exception):
    """The worker is gone, or cannot be reached; its text says how that shows."""


class Worker(Protocol):
    """One process of the cluster with a `Shard` in it. All methods raise WorkerLost."""

    async def address(self) -> bytes: ...

    async def begin(self, letter: bytes, silence_s: float) -> None: ...

    async def exchange(self, told: bytes) -> bytes: ...

    async def close(self) -> None: ...

    def kill(self) -> None:
        """End the process, whatever it does. Killing twice is fine."""
        ...


class Cluster(Protocol):
    """What an engine has to offer."""

    @property
    def most_workers(self) -> int:
        """How many it has room for. More may wait for room."""
        ...

    def hire(self) -> Worker:
        """One more worker. It need not have started when this returns."""
        ...

    def packed(self, thing: object) -> bytes:
        """By pickle, functions that only this process knows as well. Raises whatever is wrong with it."""
        ...
