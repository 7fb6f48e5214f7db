"""The budget: ceilings that hold, over all conversations that run at once.

The most that a call can cost is reserved before it is made and settled by what it did cost. A reservation that does not
fit waits for others to settle. Only where waiting cannot help, because nothing else is under way, is it refused.

Rating needs its share: each running conversation holds back what its rating can cost. The hold grows with its
transcript and is given back when the rating begins.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from personae.core.model import Capabilities, Model, Reply, Request
from personae.core.usage import NO_USAGE, Usage
from personae.errors import BudgetExceeded

BYTES_PER_TOKEN = 2.0
"""For reservations: real text has 3 to 5 bytes a token, so this errs on the dear side."""


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What a run may take at most. None: no ceiling."""

    usd: float | None = None
    calls: int | None = None
    tokens: int | None = None


class Amount(NamedTuple):
    """Of each kind that has a ceiling."""

    usd: float = 0.0
    calls: int = 0
    tokens: int = 0

    def plus(self, other: Amount) -> Amount:
        return Amount(self.usd + other.usd, self.calls + other.calls, self.tokens + other.tokens)

    def minus(self, other: Amount) -> Amount:
        return Amount(self.usd - other.usd, self.calls - other.calls, self.tokens - other.tokens)

    def times(self, calls: int) -> Amount:
        return self if calls == 1 else Amount(self.usd * calls, self.calls * calls, self.tokens * calls)


NOTHING = Amount()
ENDLESS = Amount(float("inf"), 2**62, 2**62)


@dataclass(slots=True)
class Budget:
    """One meter over every call of a run."""

    ceilings: Ceilings
    spent: Usage = NO_USAGE
    """What was really spent, by earlier runs of the same file too."""
    _taken: Amount = NOTHING
    """Reserved for calls that are under way, and held back for ratings to come."""
    _conversations: int = 0
    _waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    _starting: deque[asyncio.Future[None]] = field(default_factory=deque)

    def left(self, *, with_others: bool) -> Amount:
        """What is not spent; `with_others`, and not reserved either. `ENDLESS` of what has no ceiling."""
        limits, gone = self.ceilings, amount_of(self.spent).plus(self._taken if with_others else NOTHING)
        return Amount(
            ENDLESS.usd if limits.usd is None else limits.usd - gone.usd,
            ENDLESS.calls if limits.calls is None else limits.calls - gone.calls,
            ENDLESS.tokens if limits.tokens is None else limits.tokens - gone.tokens,
        )

    def take(self, amount: Amount) -> None:
        """Reserve what is known to be left. Settle it once."""
        usd, calls, tokens = self._taken  # spelled out here and below: this is done for every call
        self._taken = Amount(usd + amount.usd, calls + amount.calls, tokens + amount.tokens)

    def shortage(self, need: Amount, *, with_others: bool) -> str:
        """Which ceiling `need` does not fit under, or an empty text. `with_others` counts what others have reserved."""
        spent, limits = self.spent, self.ceilings
        others = self._taken if with_others else NOTHING
        if limits.usd is not None and spent.priced_usd + need.usd + others.usd > limits.usd:
            left = max(0.0, limits.usd - spent.priced_usd - others.usd)
            return f"${left:.4f} of the budget of ${limits.usd:g} is free, and what comes next may cost ${need.usd:.4f}"
        if limits.calls is not None and spent.calls + need.calls + others.calls > limits.calls:
            return f"the ceiling of {limits.calls:,} calls is reached"
        if limits.tokens is not None and spent.tokens + need.tokens + others.tokens > limits.tokens:
            return f"the ceiling of {limits.tokens:,} tokens is reached (used {spent.tokens:,})"
        return ""

    async def reserve(self, need: Amount) -> None:
        """Take `need` out of what is left. Raises BudgetExceeded. Settle it once."""
        if self.shortage(need, with_others=True):
            await self._until_it_fits(need, self._waiting)
        self.take(need)

    def settle(self, need: Amount, used: Usage) -> None:
        """Give back a reservation and count what was used instead."""
        usd, calls, tokens = self._taken
        self._taken = Amount(usd - need.usd, calls - need.calls, tokens - need.tokens)
        self.spent = self.spent + used
        if self._waiting or self._starting:
            self._wake()

    def set_ceilings(self, ceilings: Ceilings) -> None:
        """Other ceilings, from now on."""
        self.ceilings = ceilings
        self._wake()

    async def _until_it_fits(self, need: Amount, queue: deque[asyncio.Future[None]]) -> None:
        while short := self.shortage(need, with_others=True):
            if self.shortage(need, with_others=False):
                raise BudgetExceeded(short)
            others = self._conversations - (queue is self._waiting)
            if len(self._waiting) >= others:  # every other conversation waits as well: nothing will be given back
                raise BudgetExceeded(short)
            turn = asyncio.get_running_loop().create_future()
            queue.append(turn)
            try:
                await turn
            finally:
                if turn in queue:
                    queue.remove(turn)

    def _wake(self) -> None:
        """Something was given back: let everybody who waits look again, those inside a conversation first."""
        for queue in (self._waiting, self._starting):
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)

    async def open(self, rating: Amount) -> Hold:
        """Begin a conversation that will need `rating` at its end. Raises BudgetExceeded. Close the hold once."""
        await self._until_it_fits(rating, self._starting)
        self._conversations += 1
        self._taken = self._taken.plus(rating)
        return Hold(rating)

    async def raise_hold(self, hold: Hold, amount: Amount) -> None:
        """Hold back `amount` where it is more than before. Raises BudgetExceeded where it is not there."""
        more = Amount(
            max(0.0, amount.usd - hold.amount.usd),
            max(0, amount.calls - hold.amount.calls),
            max(0, amount.tokens - hold.amount.tokens),
        )
        if more == NOTHING:
            return
        await self._until_it_fits(more, self._waiting)
        self._taken = self._taken.plus(more)
        hold.amount = hold.amount.plus(more)

    def give_back(self, hold: Hold) -> None:
        """The rating begins, and reserves for itself what it needs: nobody else runs in between."""
        self._taken = self._taken.minus(hold.amount)
        hold.amount = NOTHING

    def give_part(self, hold: Hold, amount: Amount) -> None:
        """A call other than the rating, for which `amount` was held too, reserves for itself what it needs."""
        usd, calls, tokens = (min(part, held) for part, held in zip(amount, hold.amount, strict=True))
        part = Amount(usd, int(calls), int(tokens))
        self._taken = self._taken.minus(part)
        hold.amount = hold.amount.minus(part)

    def close(self, hold: Hold) -> None:
        """The conversation is over."""
        self.give_back(hold)
        self._conversations -= 1
        self._wake()


def amount_of(spent: Usage) -> Amount:
    """What was spent, as far as there are ceilings for it."""
    return Amount(spent.priced_usd, spent.calls, spent.tokens)


@dataclass(slots=True)
class Hold:
    """What one running conversation holds back for its rating."""

    amount: Amount


@dataclass(frozen=True, slots=True)
class Metered:
    """A model whose calls are reserved before they are made and settled after."""

    model: Model
    budget: Budget

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def capabilities(self) -> Capabilities:
        return self.model.capabilities

    def estimate_usd(self, input_tokens: int, output_tokens: int) -> float | None:
        return self.model.estimate_usd(input_tokens, output_tokens)

    async def complete(self, request: Request) -> Reply:
        need = self._need(request)
        await self.budget.reserve(need)
        used = NO_USAGE
        try:
            reply = await self.model.complete(request)
            used = reply.usage
        finally:
            self.budget.settle(need, used)
        return reply

    def _need(self, request: Request) -> Amount:
        size = size_of("".join([message["content"] for message in request.messages])) + 8 * len(request.messages)
        if request.output is not None or request.tools:
            size += 2000
        output = request.max_output_tokens or DEFAULT_OUTPUT_TOKENS
        return most(self.model, int(size / BYTES_PER_TOKEN), output)


DEFAULT_OUTPUT_TOKENS = 4096


def size_of(text: str) -> int:
    """Bytes."""
    return len(text) if text.isascii() else len(text.encode())


def most(model: Model, input_tokens: int, output_tokens: int) -> Amount:
    """The most that one such call can take. A price that is not known counts as nothing: that is said, not hidden."""
    return Amount(model.estimate_usd(input_tokens, output_tokens) or 0.0, 1, input_tokens + output_tokens)
