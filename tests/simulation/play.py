"""A persona, a situation, and a conversation between a fake simulator and a mock bot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lab.fake_llm import Reply, ToolCall
from personae.bots import Bot, BotReply, BotWiring, Session
from personae.bots.mock import MockBot
from personae.core.conversation import Turn
from personae.core.persona import Persona, Scenario
from personae.core.result import Spec
from personae.simulation.conversation import Ended, Refused, Rules, converse
from personae.simulation.simulator import Simulator
from tests.llm.reach import Reach

MAYA = Persona(
    name="maya_short_of_time",
    description="Maya is a nurse on a night shift. She writes from her phone.",
    domain_knowledge="She has rented cars before, never from this company.",
    traits=("terse", "impatient"),
)
EXTEND = Scenario(
    goal="Extend the car rental by one day.",
    expected_outcome="The bot confirms the new return date and the price.",
    known_info="Booking number 48213, due back tomorrow at 10:00.",
    unknown_info="Which card she paid with.",
    instructions="If a deposit is asked for, she gives up.",
)


def spec(persona: Persona = MAYA, scenario: Scenario = EXTEND) -> Spec:
    return Spec("key-1", 0, persona, scenario, 1, 7)


def user(text: str) -> Turn:
    return Turn("user", text)


def bot(text: str) -> Turn:
    return Turn("assistant", text)


def end(reason: str = "goal_met", explanation: str = "It is done.", **more: Any) -> Reply:
    """The simulator's answer that ends the conversation."""
    return Reply(None, [ToolCall("end_conversation", {"reason": reason, "explanation": explanation, **more})])


async def never(_message: str, _reply: str) -> bool:
    return False


def scripted(*replies: str, **settings: Any) -> Bot:
    return MockBot(tuple(replies) or ("I see.",), **settings).open(BotWiring(None, None, 5.0))  # type: ignore[arg-type]


class Failing:
    """A bot that answers so many times and then raises."""

    is_stateful = False
    system_prompt = ""

    def __init__(self, error: Exception, after: int = 0) -> None:
        self.error = error
        self.after = after

    async def reply(self, turns: Sequence[Turn], session: Session) -> BotReply:
        if sum(turn.role == "assistant" for turn in turns) >= self.after:
            raise self.error
        return BotReply("I see.", 1.0)

    async def close(self) -> None:
        """Nothing is held."""


async def talk(
    there: Reach,
    the_bot: Bot | None = None,
    *,
    max_turns: int = 3,
    refused: Refused = never,
    so_far: Sequence[Turn] = (),
    persona: Persona = MAYA,
    **config: Any,
) -> tuple[list[Turn], Ended]:
    """A whole conversation: the new turns, and why it ended."""
    simulator = Simulator(there.model(**config), replace(spec(persona), persona=persona), max_turns)
    rules = Rules(max_turns).for_persona(persona)
    turns: list[Turn] = []
    async for event in converse(simulator, the_bot or scripted(), Session("s"), rules, refused, so_far):
        if isinstance(event, Ended):
            return turns, event
        turns.append(event)
    raise AssertionError("a conversation says why it ended")
