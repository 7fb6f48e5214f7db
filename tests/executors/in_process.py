"""An engine without processes: workers that are shards in this one. What holds for any engine is tested with it."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from personae.core.result import SimulationResult
from personae.executors._cluster import WorkerLost
from personae.executors._driver import Driver
from personae.executors._messages import Told
from personae.executors._shard import Shard
from personae.experiments.run import Experiment

Fate = Callable[["InProcessWorker", Told], str]
"""What becomes of a worker when it is told something: blank, `lost`, or `silent`."""


@dataclass
class InProcess:
    """Workers in this process, of which `fate` may take one away, and `slow` makes the first one so much slower."""

    fate: Fate = lambda worker, told: ""
    slow_s: float = 0.0
    most_workers: int = 8
    workers: list[InProcessWorker] = field(default_factory=list)

    def hire(self) -> InProcessWorker:
        worker = InProcessWorker(self, len(self.workers))
        self.workers.append(worker)
        return worker

    def packed(self, thing: object) -> bytes:
        return pickle.dumps(thing)

    async def execute(
        self, experiment: Experiment, concurrency: int, workers: int = 3, patience_s: float = 5.0
    ) -> AsyncIterator[SimulationResult]:
        driver = Driver(experiment, concurrency, self, workers=workers, patience_s=patience_s)
        try:
            async for result in driver.results():
                yield result
        finally:
            for worker in self.workers:
                await worker.shard.close()


@dataclass
class InProcessWorker:
    cluster: InProcess
    number: int
    given: list[str] = field(default_factory=list)
    """Keys of the conversations that it was given."""
    exchanges: int = 0

    def __post_init__(self) -> None:
        self.shard = Shard()
        self.is_gone = False

    async def address(self) -> bytes:
        return await self.shard.address()

    async def begin(self, letter: bytes, silence_s: float) -> None:
        await self.shard.begin(letter, silence_s)

    async def exchange(self, told: bytes) -> bytes:
        message: Told = pickle.loads(told)
        self.given += [given.spec.key for given in message.given]
        self.exchanges += 1
        fate = self.cluster.fate(self, message)
        if fate == "lost":
            self.kill()
        if self.is_gone:
            raise WorkerLost("it is gone")
        if fate == "silent":
            await asyncio.Event().wait()
        if self.number == 0 and self.cluster.slow_s:
            await asyncio.sleep(self.cluster.slow_s)
        return await self.shard.exchange(told)

    async def close(self) -> None:
        await self.shard.close()

    def kill(self) -> None:
        self.is_gone = True
        for task in self.shard._running.values():
            task.cancel()
