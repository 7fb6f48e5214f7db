"""Executors: where the conversations of an experiment run. One engine per file; each calls the same `Experiment`.

Modules that begin with an underscore are no executors. They are what every engine with worker processes needs, so that
another one is one more file, which starts processes and carries bytes to them (`_cluster.Cluster` and `Worker`):

    _cluster.py     what an engine has to offer
    _driver.py      the one process that draws from the plan and records
    _shard.py       a worker's side: the conversations that it holds
    _outbox.py      the recorder of a worker
    _leases.py      budget and rates, lent to workers in portions that come back
    _messages.py    what driver and workers tell each other
    _sealed.py      secrets on their way to a worker
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any, Protocol, cast

from personae.core.result import SimulationResult
from personae.core.room import Room
from personae.errors import ConfigurationError
from personae.experiments.run import Experiment


class Executor(Protocol):
    """Runs what is left of a plan."""

    def execute(self, experiment: Experiment, concurrency: int) -> AsyncIterator[SimulationResult]:
        """Each result as it is recorded, in the order in which conversations end.

        Raises what stops the whole run: ProviderError and BotError that are hopeless, RecordingError, and ExecutorError
        where its machines are gone; ConfigurationError where it cannot begin.
        """
        ...


executors: Room[Executor] = Room("personae.executors", "executor")


def executor(name: str, workers: int = 0) -> Executor:
    """The executor called `name`, with so many worker processes at most. 0: as many as it finds of use.

    Raises NotFound with the nearest names, ConfigurationError where it has no workers or is not installed.
    """
    try:
        method: Any = executors.get(name)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the executor {name!r} needs {error.name!r}, which is not installed: pip install 'personae[{name}]'"
        ) from error
    if not workers:
        return cast("Executor", method())
    if "workers" not in {field.name for field in dataclasses.fields(method)}:
        raise ConfigurationError(f"the executor {name!r} runs in one process: it has no number of workers")
    return cast("Executor", method(workers=workers))
