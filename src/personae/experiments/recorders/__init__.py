"""Recorders: where results are kept as they come, so that nothing paid for is lost. One way to keep them per file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from personae.core.conversation import Turn
from personae.core.result import SimulationResult, Spec
from personae.core.usage import NO_USAGE, Usage


class Recorder(Protocol):
    """Keeps the turns of running conversations and the results of finished ones.

    Each method returns only when the record is made. All raise RecordingError.
    """

    @property
    def spent(self) -> Usage:
        """What all recorded calls took, of earlier runs as well."""
        ...

    @property
    def finished(self) -> int:
        """How many conversations were finished before this run."""
        ...

    def is_finished(self, key: str) -> bool: ...

    def so_far(self, key: str) -> Sequence[Turn]:
        """The recorded turns of a conversation that was broken off."""
        ...

    def turn(self, spec: Spec, turn: Turn) -> None:
        """Record one turn of a running conversation."""
        ...

    def restart(self, spec: Spec) -> None:
        """Forget the turns of a broken-off conversation: its bot has forgotten it too. What they cost stays counted."""
        ...

    def finish(self, result: SimulationResult) -> None:
        """Record the result of a finished conversation."""
        ...

    def close(self) -> None: ...


class KeepsNothing:
    """For callers that hold the results themselves."""

    @property
    def spent(self) -> Usage:
        return NO_USAGE

    @property
    def finished(self) -> int:
        return 0

    def is_finished(self, key: str) -> bool:
        return False

    def so_far(self, key: str) -> Sequence[Turn]:
        return ()

    def turn(self, spec: Spec, turn: Turn) -> None: ...

    def restart(self, spec: Spec) -> None: ...

    def finish(self, result: SimulationResult) -> None: ...

    def close(self) -> None: ...
