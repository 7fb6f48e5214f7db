"""What a bot is, whatever reaches it.

A `BotSpec` says how to reach one and is plain data; `open` makes the live `Bot`. Each file of this room registers one
spec: a frozen dataclass whose fields are the bot's settings. Modules that begin with an underscore are no bots:

    _targets.py     what a person wrote behind `--bot`, or in a spec file, into a spec
    _spec_file.py   the spec file (YAML or JSON), the same for all bots
    _probe.py       two turns and a fresh session: does it answer, and does it remember what it should
    _chat.py        turns as chat messages, replies as clean text
    _http.py        one HTTP exchange: what is repeated, what each failure means
    _auth.py        a secret from the environment into one header
    _template.py    placeholders in URL, headers and body
    _answer.py      JSON answers: the reply by a path, or in the usual places
    _sandbox.py     a parser script in pydantic-monty
    _files.py       the files of a Python bot, on their way to another machine
    _threads.py     other people's functions, on daemon threads
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, runtime_checkable

from personae.core.conversation import Turn
from personae.core.model import Model
from personae.core.room import Room
from personae.core.usage import Usage
from personae.transport import Transport


@dataclass(slots=True)
class Session:
    """One conversation, from a bot's side."""

    id: str
    """Ours: unique to this conversation and attempt, over all runs: bots that remember know a conversation by it."""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """The scenario's fields, for bots whose requests have placeholders for them."""
    state: dict[str, Any] = field(default_factory=dict)
    """Whatever the bot wants to keep between turns, such as the session id that the other side gave."""
    system_prompt: str | None = None
    """This conversation's own system prompt, where a template was filled from its row. None: the bot's."""
    extra: Mapping[str, Any] | None = None
    """What is sent beside the messages of this conversation alone: tools, the form of the answer."""


@dataclass(slots=True)
class BotReply:
    """What the bot said."""

    text: str
    """Never blank, and without lone surrogates."""
    latency_ms: float
    """Of the call that gave the reply: without failed tries and the waits between them."""
    usage: Usage | None = None
    """None where it is not known."""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BotWiring:
    """What a bot may use of its surroundings."""

    transport: Transport
    connect_model: Callable[..., Model]
    """`connect_model(provider=, model=, base_url=, ...)`, the fields of an LLM config: for bots that are a model."""
    timeout_s: float = 60.0
    """For one reply."""
    concurrency: int = 16
    """How many conversations run at once at most."""
    attempts: int = 4
    """Tries per reply where repeating is safe, the first included. Each has `timeout_s`; a reply that took too long
    is not tried again."""


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

    async def close(self) -> None:
        """End what it holds (processes, threads). Conversations must have ended. Closing twice is fine."""
        ...


class BotSpec(Protocol):
    """How to reach a bot: a method of this room."""

    @classmethod
    def from_target(cls, target: str) -> Self | None:
        """The spec for what a person wrote behind `--bot`, such as a URL or a file's name; None if it is not ours."""
        ...

    @property
    def label(self) -> str:
        """A short name for records and messages, without secrets."""
        ...

    def open(self, wiring: BotWiring) -> Bot:
        """The live bot. Raises ConfigurationError or InputError for what can be known to be wrong before a call."""
        ...


@runtime_checkable
class AsksForColumns(Protocol):
    """A spec whose requests have placeholders for columns, so that a plan can check them before the first call."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns it asks for."""
        ...


@runtime_checkable
class BringsFiles(Protocol):
    """A spec that needs files of this machine, and can bring them along to another."""

    def with_files(self) -> BotSpec:
        """The same bot with its files in hand. Raises InputError for one that cannot be read."""
        ...


bots: Room[BotSpec] = Room("personae.bots", "bot")
