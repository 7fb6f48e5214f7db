"""What a bot is, whatever reaches it.

A `BotSpec` says how to reach one and is plain data; `open` makes the live `Bot`. Each file of this room registers one
spec: a frozen dataclass whose fields are the bot's settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from personae.core.conversation import Turn
from personae.core.model import Model
from personae.core.room import Room
from personae.core.usage import Usage
from personae.transport import Transport


@dataclass(slots=True)
class Session:
    """One conversation, from a bot's side."""

    id: str
    """Ours: unique to this conversation and attempt."""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """The scenario's fields, for bots whose requests have placeholders for them."""
    state: dict[str, Any] = field(default_factory=dict)
    """Whatever the bot wants to keep between turns, such as the session id that the other side gave."""


@dataclass(frozen=True, slots=True)
class BotReply:
    text: str
    latency_ms: float
    usage: Usage | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BotWiring:
    """What a bot may use of its surroundings."""

    transport: Transport
    connect_model: Callable[..., Model]
    """`connect_model(provider=, model=, base_url=, ...)`, the fields of an LLM config: for bots that are a bare model."""
    timeout_s: float = 60.0
    """For one reply."""
    concurrency: int = 16
    """How many conversations run at once at most."""
    attempts: int = 4
    """Tries per reply where repeating is safe, the first included."""


class Bot(Protocol):
    """A live bot. One serves all conversations of a run at once; what belongs to one of them is in its session."""

    @property
    def is_stateful(self) -> bool:
        """It remembers the conversation itself, so only the new message is sent, and a broken-off one starts anew."""
        ...

    @property
    def system_prompt(self) -> str:
        """For the stored transcript. Blank where it has none or none is known."""
        ...

    async def reply(self, turns: Sequence[Turn], session: Session) -> BotReply:
        """The answer to the last of `turns`, which is the user's. Raises BotError, BudgetExceeded."""
        ...

    async def close(self) -> None: ...


class BotSpec(Protocol):
    """How to reach a bot: a method of this room."""

    @classmethod
    def from_target(cls, target: str) -> Self | None:
        """The spec for what a person wrote behind `--bot`, such as a URL or a file's name, or None if it is not ours."""
        ...

    @property
    def label(self) -> str:
        """A short name for records and messages, without secrets."""
        ...

    def open(self, wiring: BotWiring) -> Bot:
        """The live bot. Raises ConfigurationError or InputError for what can be known to be wrong before a call."""
        ...


bots: Room[BotSpec] = Room("personae.bots", "bot")
