"""Conversation: the turns that were said, and why it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from personae.core.usage import Usage

DISCLAIMER = "simulated personas: measures behavior under synthetic users, not real traffic"
"""The honesty line. Every result file, report, page and answer about a simulation carries it."""

Role = Literal["user", "assistant"]

Termination = Literal[
    "goal_met",
    "goal_failed",
    "stuck",
    "max_turns",
    "assistant_refused",
    "budget_exceeded",
    "cancelled",
    "simulator_error",
    "bot_error",
]
TERMINATIONS: tuple[Termination, ...] = (
    "goal_met",
    "goal_failed",
    "stuck",
    "max_turns",
    "assistant_refused",
    "budget_exceeded",
    "cancelled",
    "simulator_error",
    "bot_error",
)
ERRORS: frozenset[Termination] = frozenset({"simulator_error", "bot_error"})
CUT: frozenset[Termination] = frozenset({"budget_exceeded", "cancelled"})
"""Ended by us before their time: they can go on from their last turn."""

_STOP_REASONS: dict[Termination, str] = {
    "goal_met": "goal_reached",
    "simulator_error": "driver_error",
    "bot_error": "driver_error",
}


def stop_reason(termination: Termination) -> str:
    """The termination in the words of the seed's result files (`goal_reached`, `driver_error` ...)."""
    return _STOP_REASONS.get(termination, termination)


@dataclass(slots=True)
class Turn:
    """One message of the user or of the bot. Never changed once made; why not frozen: see `core.model.Request`."""

    role: Role
    content: str
    latency_ms: float | None = None
    """How long it took to make: the whole call, waiting for our own limits left out."""
    usage: Usage | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_opening(self) -> bool:
        """It was given with the scenario: neither the simulator nor the bot said it in this conversation."""
        return bool(self.metadata) and "opening" in self.metadata

    def as_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.latency_ms is not None:
            data["latency_ms"] = round(self.latency_ms, 1)
        if self.usage is not None:
            data["usage"] = self.usage.as_dict()
        if self.metadata:
            data["metadata"] = dict(self.metadata)
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Turn:
        return cls(
            data["role"],
            data["content"],
            data.get("latency_ms"),
            Usage.from_dict(data["usage"]) if data.get("usage") else None,
            data.get("metadata") or {},
        )


@dataclass(frozen=True, slots=True)
class Conversation:
    """A whole conversation, ended for the reason that `termination` gives."""

    turns: tuple[Turn, ...]
    termination: Termination
    explanation: str = ""
    """The simulator's own words on why it ended, where it ended it."""
    error: str = ""
    """What failed, for the two error terminations."""
    system_prompt: str = ""
    """The bot's system prompt, also where the bot keeps its own and it was not sent."""

    @property
    def bot_turns(self) -> int:
        return sum(turn.role == "assistant" and not turn.is_opening for turn in self.turns)
