"""Result files with the answers that a test needs: rows as `personae simulate` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personae.core.conversation import Conversation, Termination, Turn
from personae.core.persona import Persona, Scenario
from personae.core.rating import Rating, Score
from personae.core.result import SimulationResult
from personae.core.seed import digest
from personae.core.usage import Usage
from personae.core.validity import Finding, Validity

METADATA: Mapping[str, Any] = {
    "bot": "mock",
    "simulator_model": "offline/offline",
    "judge_model": "offline/offline",
    "judge_provider": "offline",
    "judge_mode": "detailed",
    "max_turns": 8,
    "rating_version": "r1",
    "provenance": {"prompts": {"simulation/simulator": "s1", "rating/judge": "j1"}},
}


@dataclass(frozen=True)
class Said:
    """One conversation: who, about what, and what came of it."""

    persona: str = "Ada"
    scenario: str = "a refund"
    epoch: int = 1
    goal: bool | None = True
    criteria: Mapping[str, bool | None] = field(default_factory=dict)
    scores: Mapping[str, float | None] = field(default_factory=dict)
    termination: Termination = "goal_met"
    reply: str = "Done."
    traits: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    latency_ms: float = 100.0
    cost_usd: float | None = 0.01
    expects: bool = True
    is_fair: bool = True


def row(said: Said, bot: str = "mock", metadata: Mapping[str, Any] | None = None) -> dict[str, Any]:
    failed = said.termination.endswith("_error")
    turns = (Turn("user", "I want it."), Turn("assistant", said.reply, said.latency_ms), Turn("user", "Thanks."))
    usage = Usage(calls=1, priced_usd=said.cost_usd or 0.0, unpriced_calls=int(said.cost_usd is None))
    result = SimulationResult(
        digest(bot, said.persona, said.scenario, str(said.epoch)),
        Persona(name=said.persona, description="terse", traits=said.traits, attributes=dict(said.attributes)),
        Scenario(goal=said.scenario, expected_outcome="it is done" if said.expects else ""),
        said.epoch,
        Conversation(turns, said.termination, error="HTTP 500" if failed else ""),
        goal=_rating("goal", None if failed else said.goal) if said.expects else None,
        ratings=tuple(_rating(name, None if failed else verdict) for name, verdict in said.criteria.items()),
        scores=tuple(
            Score(name, value, "" if value is not None else "nothing to ask") for name, value in said.scores.items()
        ),
        usage={"bot": usage},
        metadata={**METADATA, "bot": bot, **(metadata or {})},
        validity=None if said.is_fair else Validity("invalid", "simulator", (_ASIDE,)),
    )
    return result.as_row()


_ASIDE = Finding("meta_text", 1, "I want it", "a stage direction", "invalid")


def _rating(name: str, verdict: bool | None) -> Rating:
    return Rating(name, verdict, error="" if verdict is not None else "the judge did not answer")


def file(
    path: Path, conversations: Iterable[Said], *, bot: str = "mock", metadata: Mapping[str, Any] | None = None
) -> Path:
    """The result file at `path`."""
    path.write_text("".join(json.dumps(row(one, bot, metadata)) + "\n" for one in conversations), encoding="utf-8")
    return path
