"""Ask judges about conversations that are there already: metered, bounded, and with the price known before.

What will be asked is known word by word, so that only the length of the answers is a guess.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from personae.core.model import Message, Model
from personae.errors import BudgetExceeded
from personae.experiments.budget import NOTHING, Budget, Ceilings, Metered
from personae.llm import tokens
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.providers import connect
from personae.transport import Pool

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Price:
    """What is going to be asked."""

    calls: int
    tokens: int
    usd: float | None
    """None where the price of a model is not known."""


@dataclass(slots=True)
class Bench:
    """Judges, live, behind one meter."""

    models: tuple[Model, ...]
    budget: Budget
    concurrency: int

    async def each(self, items: Iterable[T], work: Callable[[T], Awaitable[R]]) -> list[R]:
        """`work` of each item, so many at once, in the order of the items. What `work` raises ends all of it."""
        gate = asyncio.Semaphore(self.concurrency)

        async def one(item: T) -> R:
            async with gate:
                hold = await self.budget.open(NOTHING)
                try:
                    return await work(item)
                finally:
                    self.budget.close(hold)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(item)) for item in items]
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    def price(self, asked: Iterable[tuple[Model, Sequence[Message], int]]) -> Price:
        """Of all calls: each a model, what it is sent, and how many tokens it will answer, roughly."""
        calls = total = 0
        usd: float | None = 0.0
        for model, messages, answer in asked:
            sent = tokens.estimate_messages(messages)
            cost = model.estimate_usd(sent, answer)
            usd = None if usd is None or cost is None else usd + cost
            calls, total = calls + 1, total + sent + answer
        return Price(calls, total, usd)

    def refuse_if_dearer(self, price: Price) -> None:
        """Raises BudgetExceeded where the estimate alone is over a ceiling."""
        ceilings = self.budget.ceilings
        if ceilings.usd is not None and price.usd is not None and price.usd > ceilings.usd:
            raise BudgetExceeded(
                f"this takes about ${price.usd:.2f}, over the ceiling of ${ceilings.usd:g}: raise --budget or lower --n"
            )


@asynccontextmanager
async def bench(
    configs: Sequence[LLMConfig], *, ceilings: Ceilings, concurrency: int = 8, seed: int = 0
) -> AsyncIterator[Bench]:
    """The judges of `configs`, connected. Raises ConfigurationError before any call."""
    budget = Budget(ceilings)
    async with Pool() as pool:
        wiring = Wiring(pool, Limits(concurrency), seed=seed)
        yield Bench(tuple(Metered(connect(config, wiring), budget) for config in configs), budget, concurrency)
