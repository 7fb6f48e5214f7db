"""Recorders: where results are kept as they come, so that nothing paid for is lost. One way to keep them per file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from personae.core.conversation import Turn
from personae.core.result import SimulationResult, Spec
from personae.core.usage import NO_USAGE, Usage
from personae.core.validity import Attempt
from personae.simulation.conversation import Ended


@dataclass(frozen=True, slots=True)
class SoFar:
    """What is recorded of a conversation that was broken off."""

    turns: tuple[Turn, ...] = ()
    beside: Mapping[str, Usage] = field(default_factory=dict)
    """By role: what it took beside what its turns say. Refusal checks, and turns that had to be forgotten."""
    ended: Ended | None = None
    """Why it ended, where it did: only its rating is missing."""
    failures: tuple[str, ...] = ()
    """By what earlier tries of it failed, the first one first."""
    attempts: tuple[Attempt, ...] = ()
    """Earlier tries of it that were no fair tests, the first one first. What they took is in `beside`."""

    @property
    def usage(self) -> Usage:
        """All that it took."""
        own = sum(usage_of(self.turns).values(), sum(self.beside.values(), NO_USAGE))
        return own if self.ended is None else own + self.ended.usage

    def restarted(self) -> SoFar:
        """Without its turns, since its bot has forgotten them too. What they took stays counted."""
        ended = {} if self.ended is None else {"simulator": self.ended.usage}
        beside = added(added(self.beside, usage_of(self.turns)), ended)
        return SoFar(beside=beside, failures=self.failures, attempts=self.attempts)


NOTHING = SoFar()


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

    @property
    def unfinished(self) -> int:
        """How many conversations are recorded in part."""
        ...

    @property
    def rating_version(self) -> str:
        """How the finished ones were rated; blank where there are none."""
        ...

    def is_finished(self, key: str) -> bool: ...

    def strangers(self, keys: Iterable[str]) -> int:
        """How many of the recorded conversations, finished or not, are none of `keys`."""
        ...

    def begin(self) -> None:
        """The record is the right one: go on from it. Called once, before the first of the methods below."""
        ...

    def so_far(self, key: str) -> SoFar:
        """What is recorded of a conversation that was broken off, or that a ceiling cut short."""
        ...

    async def turn(self, spec: Spec, turn: Turn, beside: Mapping[str, Usage] | None = None) -> None:
        """Record one turn of a running conversation, and what was taken `beside` turns since the last record."""
        ...

    async def ended(self, spec: Spec, ended: Ended, beside: Mapping[str, Usage] | None = None) -> None:
        """Record why a conversation ended, before it is rated."""
        ...

    async def restart(self, spec: Spec) -> None:
        """Forget the turns of a broken-off conversation: its bot has forgotten it too. What they cost stays counted."""
        ...

    async def repeat(self, spec: Spec, attempt: Attempt, beside: Mapping[str, Usage] | None = None) -> None:
        """The conversation was no fair test and is held again: keep it as an `attempt`, and what was taken `beside`."""
        ...

    async def finish(self, result: SimulationResult) -> None:
        """Record the result of a finished conversation."""
        ...


class Afresh:
    """What a recorder says of earlier runs that knows of none."""

    @property
    def spent(self) -> Usage:
        return NO_USAGE

    @property
    def finished(self) -> int:
        return 0

    @property
    def unfinished(self) -> int:
        return 0

    @property
    def rating_version(self) -> str:
        return ""

    def is_finished(self, key: str) -> bool:  # noqa: ARG002 - the protocol
        return False

    def strangers(self, keys: Iterable[str]) -> int:  # noqa: ARG002 - the protocol
        return 0

    def begin(self) -> None: ...


class InMemory(Afresh):
    """For callers that want the results in hand and nowhere else."""

    def __init__(self) -> None:
        self._results: dict[str, SimulationResult] = {}

    def so_far(self, key: str) -> SoFar:  # noqa: ARG002 - the protocol
        return NOTHING

    async def turn(self, spec: Spec, turn: Turn, beside: Mapping[str, Usage] | None = None) -> None: ...

    async def ended(self, spec: Spec, ended: Ended, beside: Mapping[str, Usage] | None = None) -> None: ...

    async def restart(self, spec: Spec) -> None: ...

    async def repeat(self, spec: Spec, attempt: Attempt, beside: Mapping[str, Usage] | None = None) -> None: ...

    async def finish(self, result: SimulationResult) -> None:
        self._results[result.key] = result

    def results(self) -> dict[str, SimulationResult]:
        return dict(self._results)

    def close(self) -> None: ...


def usage_of(turns: Iterable[Turn]) -> dict[str, Usage]:
    """What turns took, by role."""
    usage: dict[str, Usage] = {}
    for turn in turns:
        if turn.usage is not None:
            role = "simulator" if turn.role == "user" else "bot"
            usage[role] = usage[role] + turn.usage if role in usage else turn.usage
    return usage


def added(one: Mapping[str, Usage], other: Mapping[str, Usage]) -> dict[str, Usage]:
    """The sums by role."""
    return {role: one.get(role, NO_USAGE) + other.get(role, NO_USAGE) for role in {**one, **other}}
