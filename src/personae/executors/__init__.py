"""Executors: where the conversations of an experiment run. One engine per file; each calls the same `Experiment`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from personae.core.result import SimulationResult
from personae.core.room import Room
from personae.experiments.run import Experiment


class Executor(Protocol):
    """Runs what is left of a plan."""

    def execute(self, experiment: Experiment, concurrency: int) -> AsyncIterator[SimulationResult]:
        """Each result as it is recorded, in the order in which conversations end.

        Raises what stops the whole run: ProviderError and BotError that are hopeless, RecordingError.
        """
        ...


executors: Room[Executor] = Room("personae.executors", "executor")
