"""The loop of one conversation: the simulator speaks, the bot answers, until it ends.

It yields each turn as it is finished and goes on only when the caller comes back for more, so that the caller can
record a turn before the next call is made. It knows no storage, no budget and no judge.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from personae.bots import Bot, Session
from personae.core.conversation import Termination, Turn
from personae.core.persona import ADVERSARIAL, Behaviour, Persona
from personae.core.usage import NO_USAGE, Usage
from personae.errors import BotError, BudgetExceeded, ProviderError
from personae.llm.structured import UnusableAnswer
from personae.simulation.moves import End, Say
from personae.simulation.simulator import Move, Simulator

Refused = Callable[[str, str], Awaitable[bool]]
"""Given the user's message and the bot's reply: does the bot refuse to help at all?"""


@dataclass(frozen=True, slots=True)
class Ended:
    """The last thing that a conversation yields."""

    termination: Termination
    explanation: str = ""
    error: str = ""
    usage: Usage = NO_USAGE
    """Of simulator calls that gave no turn: the call that ended it, and ones that failed."""
    refusals: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """When a conversation ends although neither side wants it to."""

    max_turns: int
    """Replies of the bot."""
    timeout_s: float = 1800.0
    """For all of it. Single replies have timeouts of their own."""
    goes_on_after_refusal: bool = False
    """An adversarial persona does: refusals are only counted."""

    def for_persona(self, persona: Persona, behaviours: Sequence[Behaviour] = ()) -> Rules:
        """These rules, as they are for `persona` with these behaviours."""
        is_adversarial = persona.is_adversarial or any(one.name == ADVERSARIAL for one in behaviours)
        return replace(self, goes_on_after_refusal=True) if is_adversarial else self


async def converse(
    simulator: Simulator,
    bot: Bot,
    session: Session,
    rules: Rules,
    refused: Refused,
    so_far: Sequence[Turn] = (),
) -> AsyncGenerator[Turn | Ended, None]:
    """The turns after `so_far`, each as it is finished, then why it ended.

    Raises ProviderError or BotError only where they are `hopeless`, so that a run can stop at once.
    """
    turns = list(so_far)
    refusals = refusals_in(turns)
    replies = sum(turn.role == "assistant" and not turn.is_opening for turn in turns)
    try:
        while True:
            is_refusal = False
            last = turns[-1] if turns else None
            if last is not None and last.role == "assistant" and not last.is_opening:  # just now, or when broken off
                is_refusal = await refused(turns[-2].content, turns[-1].content)
                refusals += is_refusal
                if is_refusal and not rules.goes_on_after_refusal:
                    yield Ended("assistant_refused", refusals=refusals)
                    return
            if not turns or turns[-1].role == "assistant":
                if replies >= rules.max_turns:
                    yield Ended("max_turns", refusals=refusals)
                    return
                move = await simulator.next_move(turns)
                if isinstance(move.what, End):
                    said = bool(move.what.farewell)
                    if said:
                        yield Turn("user", move.what.farewell, metadata={"farewell": True} | _shown(move))
                    yield Ended(
                        move.what.reason,
                        move.what.explanation,
                        usage=move.usage,
                        refusals=refusals,
                        metadata={} if said or not move.behaviours else {"behaviours_at_end": move.behaviours},
                    )
                    return
                turns.append(_said(move.what, move, opening=not turns, after_refusal=is_refusal))
                yield turns[-1]
            reply = await bot.reply(turns, session)
            turns.append(Turn("assistant", reply.text, reply.latency_ms, reply.usage, reply.metadata))
            replies += 1
            yield turns[-1]
    except (BudgetExceeded, BotError, ProviderError) as error:
        if getattr(error, "hopeless", False):
            raise
        yield _failed(error, refusals)


def refusals_in(turns: Sequence[Turn]) -> int:
    """How many refusals the user went on after, by what the turns say."""
    return sum(turn.metadata.get("after_refusal", False) for turn in turns)


def _said(what: Say, move: Move, *, opening: bool, after_refusal: bool) -> Turn:
    """The user's turn. The first one tells how all of them were sampled; one after a refusal says so."""
    metadata: dict[str, Any] = {"sampling": dict(move.sampling)} if opening and move.sampling else {}
    if move.retried:
        metadata["retried"] = move.retried
    if after_refusal:
        metadata["after_refusal"] = True
    return Turn("user", what.text, move.latency_ms, move.usage, metadata | _shown(move))


def _shown(move: Move) -> dict[str, Any]:
    """What was planned and shown of the conversation's behaviours, where it has any."""
    return {"behaviours": move.behaviours} if move.behaviours else {}


def _failed(error: BudgetExceeded | BotError | ProviderError, refusals: int) -> Ended:
    """The end by a failure of one side, with what it took."""
    if isinstance(error, BudgetExceeded):
        return Ended("budget_exceeded", error=str(error), refusals=refusals)
    if isinstance(error, BotError):
        received = {"received": error.received} if error.received else {}
        return Ended("bot_error", error=str(error), refusals=refusals, metadata=received)
    paid = error.usage if isinstance(error, UnusableAnswer) else NO_USAGE
    return Ended("simulator_error", error=str(error), usage=paid, refusals=refusals)


def too_long(turns: Sequence[Turn], timeout_s: float) -> Ended:
    """The end of a conversation that took longer than it may: the fault of the side that was waited for."""
    waiting_for_bot = bool(turns) and turns[-1].role == "user"
    problem = f"the conversation took longer than {timeout_s:g} s"
    side: Termination = "bot_error" if waiting_for_bot else "simulator_error"
    return Ended(side, error=problem, refusals=refusals_in(turns))
