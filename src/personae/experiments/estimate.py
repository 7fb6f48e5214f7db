"""What a run will take, before its first call: a range, since nobody knows when users stop talking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personae.core.model import Message, Model
from personae.llm import tokens

_USER_TOKENS = (20, 80)
_BOT_TOKENS = (40, 250)
_SYSTEM_TOKENS = 900
_JUDGE_OVERHEAD_TOKENS = 1500
_AUDIT_TOKENS = (10, 300)
_TOKENS_PER_ANSWER = (25, 90)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Low and high of each."""

    conversations: int
    calls: tuple[int, int]
    tokens: tuple[int, int]
    usd: tuple[float, float] | None
    """None where a price is not known."""
    unpriced: tuple[str, ...] = ()
    """Models whose price is not known."""


@dataclass(frozen=True, slots=True)
class _Side:
    """One model's part in one conversation, at its low or high."""

    calls: int
    input: int
    output: int


def of_ratings(judge: Model, conversations: int, calls: Sequence[tuple[Sequence[Message], int]]) -> Estimate:
    """Of transcripts that are there: what is sent is known, how much the judge writes is not."""
    read = [tokens.estimate_messages(messages) for messages, _ in calls]
    every, usd = [], []
    for size in _TOKENS_PER_ANSWER:
        written = [size * answers for _, answers in calls]
        every.append(sum(read) + sum(written))
        prices = [judge.estimate_usd(*each) for each in zip(read, written, strict=True)]
        usd += [] if None in prices else [sum(price for price in prices if price is not None)]
    known = (usd[0], usd[1]) if len(usd) == len(every) else None
    return Estimate(conversations, (len(calls),) * 2, (every[0], every[1]), known, () if known else (judge.name,))


def estimate(
    *,
    conversations: int,
    max_turns: int,
    simulator: Model | None,
    judges: Sequence[Model],
    answers: int,
    bot: Model | None,
    bot_system: str,
    auditor: Model | None = None,
) -> Estimate:
    """Low: everybody is content after two replies. High: nobody ever is, and all talk much.

    `answers`: entries that each judge is asked for, per bot turn. `bot` is None where its calls are not ours to pay,
    `simulator` where nobody plays a persona, `auditor` where nobody asks whether it was a fair test. Conversations that
    are held again are not foreseen.
    """
    sides: list[list[tuple[Model, _Side]]] = []
    for which, turns in enumerate((min(2, max_turns), max_turns)):
        user, reply = _USER_TOKENS[which], _BOT_TOKENS[which]
        talk: list[tuple[Model, _Side]] = []
        if simulator is not None:
            talk.append((simulator, _talk(min(turns + 1 - which, max_turns), _SYSTEM_TOKENS, user, user + reply)))
        if bot is not None:
            talk.append((bot, _talk(turns, tokens.estimate(bot_system), reply, user + reply)))
        if answers:
            said = turns * (user + reply)
            size = _TOKENS_PER_ANSWER[which] * answers
            rating = _Side(1, _JUDGE_OVERHEAD_TOKENS + said, size * turns)
            talk += [(judge, rating) for judge in judges]
        if auditor is not None:
            talk.append((auditor, _Side(1, _JUDGE_OVERHEAD_TOKENS + turns * (user + reply), _AUDIT_TOKENS[which])))
        sides.append(talk)
    low, high = ([(model, side) for model, side in talk] for talk in sides)
    unpriced = tuple(dict.fromkeys(model.name for model, _ in high if model.estimate_usd(1, 1) is None))
    usd = None if unpriced else (_usd(low) * conversations, _usd(high) * conversations)
    return Estimate(
        conversations,
        (sum(side.calls for _, side in low) * conversations, sum(side.calls for _, side in high) * conversations),
        (
            sum(side.input + side.output for _, side in low) * conversations,
            sum(side.input + side.output for _, side in high) * conversations,
        ),
        usd,
        unpriced,
    )


def _talk(calls: int, system: int, output: int, growth: int) -> _Side:
    """So many calls, each with the whole history so far."""
    return _Side(calls, calls * system + growth * calls * (calls - 1) // 2, calls * output)


def _usd(sides: list[tuple[Model, _Side]]) -> float:
    return sum(
        side.calls * (model.estimate_usd(side.input // max(side.calls, 1), side.output // max(side.calls, 1)) or 0.0)
        for model, side in sides
    )
