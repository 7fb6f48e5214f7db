"""Trying a persona or a bot by hand, a message at a time. Nothing is kept: requests bring what was said so far."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from personae.bots import BotReply
from personae.core.conversation import DISCLAIMER, Turn
from personae.server.schemas.persona import Text
from personae.simulation.moves import EndReason, Say
from personae.simulation.simulator import Move

MOST_TURNS = 200
MAX_TEXT = 100_000

Message = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]
Columns = Annotated[dict[Annotated[str, StringConstraints(max_length=1000)], JsonValue], Field(max_length=1000)]


class SaidTurn(BaseModel):
    """One message of the conversation so far."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["user", "assistant"]
    """`user` for the persona, `assistant` for the bot."""
    content: Message


class _Try(BaseModel):
    turns: list[SaidTurn] = Field(default=[], max_length=MOST_TURNS)
    """What was said so far, persona and bot by turns; the persona begins."""
    columns: Columns = {}
    """What the `{{column}}` placeholders are filled with."""

    @model_validator(mode="after")
    def _by_turns(self) -> Self:
        for number, turn in enumerate(self.turns):
            if turn.role != ("user", "assistant")[number % 2]:
                raise ValueError("'turns' must be of user and assistant in turns, and begin with the user")
        return self

    def said(self) -> list[Turn]:
        """As the engine knows them."""
        return [Turn(turn.role, turn.content) for turn in self.turns]


class PersonaTry(_Try):
    """A conversation with a persona, in which the caller is the bot."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "turns": [
                    {"role": "user", "content": "I want to return my lamp."},
                    {"role": "assistant", "content": "Which order is it?"},
                ],
                "goal": "Find out how to return the lamp.",
            }
        },
    )

    goal: Text = ""
    """What the persona wants. Blank: its own goal."""
    seed: int = Field(default=0, ge=0, lt=2**53)
    """Of the draws that its behaviours depend on: the same throughout one conversation."""


class PersonaMove(BaseModel):
    """What the persona does next."""

    kind: Literal["say", "end"]
    text: str
    """What it says; of an end the farewell, which may be blank."""
    reason: EndReason | None
    """Why it ends the conversation."""
    explanation: str
    """The same in its own words."""
    planned: list[str]
    """Behaviours that were asked for in this message."""
    simulator: str
    """Who played it."""
    latency_ms: float
    usage: dict[str, Any]
    disclaimer: str = DISCLAIMER

    @classmethod
    def of(cls, move: Move, simulator: str) -> Self:
        """From the simulator's move."""
        what = move.what
        says = (
            {"kind": "say", "text": what.text, "reason": None, "explanation": ""}
            if isinstance(what, Say)
            else {"kind": "end", "text": what.farewell, "reason": what.reason, "explanation": what.explanation}
        )
        return cls.model_validate(
            says
            | {
                "planned": [name for name, seen in move.behaviours.items() if seen["planned"]],
                "simulator": simulator,
                "latency_ms": move.latency_ms,
                "usage": move.usage.as_dict(),
            }
        )


class BotTry(_Try):
    """A conversation with a bot, in which the caller is the user."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "turns": [{"role": "user", "content": "How do I return my lamp?"}],
                "prompt_template_id": 1,
            }
        },
    )

    prompt_template_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    """Whose system message the bot is given, filled from `columns`. Null: the config's own."""
    session: str = Field(default="", max_length=MAX_TEXT)
    """What the last answer of this conversation gave, for bots that remember."""

    @model_validator(mode="after")
    def _user_said_something(self) -> Self:
        if not self.turns or self.turns[-1].role != "user":
            raise ValueError("'turns' must end with what the user says")
        return self


class BotAnswer(BaseModel):
    """What the bot answers."""

    text: str
    latency_ms: float
    usage: dict[str, Any] | None
    """Null where it is not known."""
    session: str
    """To be sent with the next message of this conversation."""

    @classmethod
    def of(cls, reply: BotReply, session: str) -> Self:
        """From a bot's reply."""
        usage = None if reply.usage is None else reply.usage.as_dict()
        return cls(text=reply.text, latency_ms=reply.latency_ms, usage=usage, session=session)
