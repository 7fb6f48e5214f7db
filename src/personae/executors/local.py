"""Local executor: all conversations in one asyncio process, at most so many at once.

Idea: a fixed number of workers draws from the streamed plan, so memory is bounded by what runs and not by the plan.
Cost: none; one process carries thousands of conversations.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from personae.core.result import SimulationResult, Spec
from personae.executors import executors
from personae.experiments.run import Experiment


@executors.method("local")
@dataclass(frozen=True)
class Local:
    """All conversations in this process."""

    async def execute(self, experiment: Experiment, concurrency: int) -> AsyncIterator[SimulationResult]:
        left = _left(experiment)
        results: asyncio.Queue[SimulationResult | None] = asyncio.Queue(maxsize=concurrency)
        workers = [asyncio.create_task(_work(experiment, left, results)) for _ in range(concurrency)]
        ending = asyncio.create_task(_end(workers, results))
        try:
            while (result := await results.get()) is not None:
                yield result
            await ending
        finally:
            for task in (ending, *workers):
                task.cancel()
            await asyncio.gather(ending, *workers, return_exceptions=True)


def _left(experiment: Experiment) -> Iterator[Spec]:
    for spec in experiment.plan:
        if experiment.is_stopping or experiment.has_enough:
            return
        if not experiment.recorder.is_finished(spec.key):
            yield spec


async def _work(experiment: Experiment, left: Iterator[Spec], results: asyncio.Queue[SimulationResult | None]) -> None:
    for spec in left:
        await results.put(await experiment.conversation(spec))


async def _end(workers: list[asyncio.Task[None]], results: asyncio.Queue[SimulationResult | None]) -> None:
    """Wait for all workers, or for the first that fails: its error is the run's."""
    done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
    await results.put(None)
    for worker in done:
        worker.result()
