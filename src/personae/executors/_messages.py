"""What a driver and its workers tell each other. Plain data; see `_driver` and `_shard` for who says what when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personae.core.conversation import Turn
from personae.core.result import SimulationResult, Spec
from personae.core.usage import NO_USAGE, Usage
from personae.core.validity import Attempt
from personae.experiments.budget import NOTHING, Amount, Ceilings
from personae.experiments.recorders import SoFar
from personae.simulation.conversation import Ended


@dataclass(frozen=True, slots=True)
class Given:
    """A conversation for a worker to hold."""

    spec: Spec
    so_far: SoFar
    beside_messages: Mapping[str, Any] | None
    """What the bot is sent beside its messages; see `Experiment.beside_messages`."""


@dataclass(slots=True)
class Event:
    """Something of a conversation that is to be recorded. The conversation waits until it is."""

    key: str
    what: Turn | Ended | Attempt | SimulationResult | Restart | BrokenOff
    beside: Mapping[str, Usage] | None = None


@dataclass(frozen=True, slots=True)
class Restart:
    """The bot has forgotten the turns so far."""


@dataclass(frozen=True, slots=True)
class BrokenOff:
    """The run is to stop, and the conversation was left as it is recorded."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a worker stands with the part of the budget that is lent to it. All sums are since its beginning."""

    lent: Amount = NOTHING
    """As far as it has heard by now."""
    returned: Amount = NOTHING
    spent: Usage = NO_USAGE
    taken: Amount = NOTHING
    """Reserved and held back of what is neither returned nor spent."""
    wants: Amount | None = None
    """How much more would let the first go on of those that wait. None: nobody waits."""
    wants_inside: bool = False
    """Whether who waits is inside a conversation already."""
    conversations: int = 0
    waiting: int = 0
    """Conversations that have begun and wait."""
    refusals: int = 0
    """As far as it has heard by now."""
    keeps_nothing: bool = False
    """It keeps nothing but what is taken, because it was asked to."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a worker may spend from now on."""

    ceilings: Ceilings
    """Of the whole run: which kinds there are."""
    lent: Amount
    """Since its beginning."""
    room: Amount
    """What nobody has spent: more than that can never be lent."""
    is_tight: bool
    """Keep nothing ahead: others wait for it."""
    refusals: int
    """How often since its beginning one was to give up because waiting could not help."""
    why: str
    """Which ceiling it is that is reached."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that wants to be made as soon as the rates allow it."""

    number: int
    gate: str
    """The same for all requests that share their rates. No secret."""
    requests_per_minute: float | None
    tokens_per_minute: float | None
    tokens: int


@dataclass(slots=True)
class Told:
    """From the driver to a worker."""

    recorded: int
    """The number of the last report of which everything is recorded."""
    allowance: Allowance
    given: list[Given] = field(default_factory=list)
    may_go: list[int] = field(default_factory=list)
    """Numbers of asks."""
    is_stopping: bool = False
    pulse_s: float = 0.0
    """How long to gather before the next report."""


@dataclass(slots=True)
class Report:
    """From a worker to the driver."""

    number: int
    standing: Standing
    events: list[Event] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    failed: Exception | None = None
    """What must stop the whole run."""
