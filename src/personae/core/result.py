"""Result: one conversation with its ratings, as it is recorded, and the row of a result file that holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personae.core.conversation import DISCLAIMER, Conversation, Turn, stop_reason
from personae.core.persona import Behaviour, Persona, Scenario
from personae.core.rating import Rating, Score
from personae.core.usage import NO_USAGE, Usage
from personae.core.validity import Validity


@dataclass(frozen=True, slots=True)
class Spec:
    """One planned conversation: persona and scenario with their placeholders filled, and what makes it this one."""

    key: str
    """The same for the same persona, scenario, epoch, bot and settings, in every run and on every machine."""
    index: int
    """Place in the plan, from 0."""
    persona: Persona
    scenario: Scenario
    epoch: int
    """Which repeat of the same persona and scenario, from 1."""
    seed: int
    system_prompt: str | None = None
    """The bot's system prompt for this conversation, where a template was filled from its fields. None: the bot's."""
    behaviours: tuple[Behaviour, ...] = ()
    """How the persona speaks now and then in this conversation, from wherever it was chosen."""

    def opening(self) -> list[Turn]:
        """The turns that the scenario begins with. A last reply of the bot counts as its own."""
        turns = [
            Turn(said.role, said.content, metadata={"opening": True})
            for said in self.scenario.opening
            if said.role != "system"
        ]
        if len(turns) > 1 and turns[-1].role == "assistant":
            turns[-1] = Turn("assistant", turns[-1].content)
        return turns


RATED_BY_HAND = "rated_by_hand"
"""In a result's metadata: the criteria whose answer is a person's, who put it in place of the judge's."""


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """One persona's conversation in one scenario, with everything that was found out about it."""

    key: str
    persona: Persona
    """With placeholders filled."""
    scenario: Scenario
    epoch: int
    conversation: Conversation
    goal: Rating | None = None
    """Was the expected outcome reached? None where the scenario names none."""
    ratings: tuple[Rating, ...] = ()
    """One per criterion of the criterion set."""
    scores: tuple[Score, ...] = ()
    """One per metric."""
    usage: Mapping[str, Usage] = field(default_factory=dict)
    """By role: `simulator`, `bot`, `judge`."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    validity: Validity | None = None
    """Whether it was a fair test of the bot. None: it was not checked."""
    index: int = 0
    """Place in the plan, from 0. Not part of the row: the key says which conversation it is."""

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """The turns as plain data, the bot's system prompt first where it has one."""
        turns = [turn.as_dict() for turn in self.conversation.turns]
        system = self.conversation.system_prompt
        return [{"role": "system", "content": system}, *turns] if system else turns

    @property
    def turns(self) -> int:
        """How many replies the bot gave."""
        return self.conversation.bot_turns

    @property
    def stop_reason(self) -> str:
        return stop_reason(self.conversation.termination)

    @property
    def goal_achieved(self) -> bool | None:
        return self.goal.verdict if self.goal is not None else None

    @property
    def verdict_reason(self) -> str:
        """Why the judge found the goal achieved or not, or why it could not say."""
        if self.goal is None:
            return "the scenario names no expected outcome"
        return self.goal.error or self.goal.reasoning

    @property
    def error(self) -> str | None:
        """What failed, and on whose side."""
        return self.conversation.error or None

    @property
    def total_usage(self) -> Usage:
        return sum(self.usage.values(), NO_USAGE)

    @property
    def cost_usd(self) -> float | None:
        """US dollars for all calls, or None where the price of one is not known."""
        return self.total_usage.cost_usd

    def as_row(self) -> dict[str, Any]:
        """One row of a result file, in the seed's words and with what we add."""
        persona = {
            "name": self.persona.name,
            "profile": self.persona.description,
            "goal": self.scenario.goal,
            "success_criteria": self.scenario.expected_outcome,
            "traits": list(self.persona.traits),
        }
        extra = self.persona.as_dict()
        persona |= {name: extra[name] for name in _LEFT_OUT_IF_EMPTY if name in extra}
        cost = self.cost_usd
        quotes = {score.metric: [quote.as_dict() for quote in score.quotes] for score in self.scores}
        if self.goal is not None:
            quotes["goal_achieved"] = [quote.as_dict() for quote in self.goal.quotes]
        return {
            "key": self.key,
            "persona": persona,
            "scenario": self.scenario.as_dict(),
            "epoch": self.epoch,
            "transcript": self.transcript,
            "turns": self.turns,
            "stop_reason": self.stop_reason,
            "termination": self.conversation.termination,
            "explanation": self.conversation.explanation,
            "goal_achieved": self.goal_achieved,
            "verdict_reason": self.verdict_reason,
            "cost_usd": None if cost is None else round(cost, 9),
            "scores": {score.metric: score.value for score in self.scores},
            "reasons": {score.metric: score.reason for score in self.scores},
            "quotes": quotes,
            "ratings": [rating.as_dict() for rating in self.ratings],
            "metrics": [score.as_dict() for score in self.scores],
            "goal": None if self.goal is None else self.goal.as_dict(),
            "error": self.error,
            "validity": None if self.validity is None else self.validity.as_dict(),
            "usage": {role: usage.as_dict() for role, usage in self.usage.items()},
            "metadata": _HONESTY | dict(self.metadata) | _HONESTY,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> SimulationResult:
        """The result in a row that `as_row` made. Raises KeyError, TypeError or pydantic's error on any other."""
        transcript = row["transcript"]
        system = transcript[0]["content"] if transcript and transcript[0]["role"] == "system" else ""
        turns = tuple(Turn.from_dict(turn) for turn in transcript if turn["role"] != "system")
        return cls(
            key=row["key"],
            persona=persona_of(row["persona"]),
            scenario=Scenario.model_validate(row["scenario"]),
            epoch=row["epoch"],
            conversation=Conversation(
                turns, row["termination"], row.get("explanation") or "", row.get("error") or "", system
            ),
            goal=Rating.from_dict(row["goal"]) if row.get("goal") else None,
            ratings=tuple(Rating.from_dict(rating) for rating in row.get("ratings", ())),
            scores=tuple(Score.from_dict(score) for score in row.get("metrics", ())),
            usage={role: Usage.from_dict(usage) for role, usage in row.get("usage", {}).items()},
            metadata=row.get("metadata", {}),
            validity=Validity.from_dict(row["validity"]) if row.get("validity") else None,
        )


def persona_of(data: Mapping[str, Any]) -> Persona:
    """The persona in a row. Raises pydantic's error."""
    told = {name: value for name, value in data.items() if value not in ("", [], {})}
    return Persona.model_validate(
        {name: value for name, value in told.items() if name not in ("goal", "success_criteria")}
    )


_LEFT_OUT_IF_EMPTY = ("domain_knowledge", "attributes", "behaviours", "facts")
_HONESTY = {"simulated": True, "disclaimer": DISCLAIMER}
"""First in every row's metadata, and nothing that came with the result replaces it."""
