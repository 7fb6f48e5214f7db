"""Leases: a worker's part of the budget and of the rates, lent in portions that come back.

Idea: the driver's budget counts what is lent as taken, so all workers together never have more than there is. A worker
      spends from its lease as a single process spends from its budget, and asks for more where it is short. It keeps
      half of what is in use ahead, so that not every call has to be asked for; where anybody waits, it keeps nothing.
      A reservation is refused where waiting cannot help: nothing is ahead anywhere, and all conversations wait.
      Rates are not lent ahead: a request waits until the driver's own limiter, which all workers share, lets it go.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from itertools import count

from personae.core.seed import digest
from personae.core.usage import NO_USAGE
from personae.errors import BudgetExceeded
from personae.executors._messages import Allowance, Ask, Standing
from personae.experiments.budget import ENDLESS, NOTHING, Amount, Budget, Ceilings, amount_of
from personae.llm.limits import Limits, OwnPace, Pace

_AHEAD = 0.5
"""What a worker may keep ahead, as a share of what it has in use."""
_TINY = Amount(usd=1e-9)
"""Asked for beside what is needed: sums of fractions are not exact to the last digit."""


@dataclass
class Lease(Budget):
    """The budget of a worker. `ceilings` are what is lent to it."""

    ceilings: Ceilings = field(default_factory=Ceilings)
    news: Callable[[], None] = lambda: None
    """Called when somebody waits."""
    in_touch: Callable[[], Awaitable[None]] | None = None
    """Returns when the driver surely counts on this worker still. No call is made before that."""
    _lent: Amount = NOTHING
    _returned: Amount = NOTHING
    _refusals: int = 0
    _kinds: Ceilings = field(default_factory=Ceilings)
    """The run's ceilings: which there are."""
    _is_tight: bool = False
    _needs: dict[asyncio.Future[None], Amount] = field(default_factory=dict)

    async def reserve(self, need: Amount) -> None:
        if self.in_touch is not None:
            await self.in_touch()
        await super().reserve(need)

    async def _until_it_fits(self, need: Amount, queue: deque[asyncio.Future[None]]) -> None:
        while self.shortage(need, with_others=True):
            turn = asyncio.get_running_loop().create_future()
            self._needs[turn] = need
            queue.append(turn)
            self.news()
            try:
                await turn
            finally:
                del self._needs[turn]
                if turn in queue:
                    queue.remove(turn)

    def standing(self) -> Standing:
        """How it stands, after giving back what is not needed."""
        used = amount_of(self.spent).plus(self._taken)
        ahead = NOTHING if self._is_tight else _share(self._taken, _AHEAD)
        self._returned = self._returned.plus(_beyond(self._lease(), used.plus(ahead)))
        self._keep_to_lease()
        first = next((turn for turn in (*self._waiting, *self._starting) if not turn.done()), None)
        return Standing(
            lent=self._lent,
            returned=self._returned,
            spent=self.spent,
            taken=self._taken,
            wants=None if first is None else _beyond(used.plus(self._needs[first]), self._lease()).plus(_TINY),
            wants_inside=bool(self._waiting),
            conversations=self._conversations,
            waiting=len(self._waiting),
            refusals=self._refusals,
            keeps_nothing=self._is_tight,
        )

    def allowed(self, allowance: Allowance) -> None:
        """What the driver says by now."""
        heard = (allowance.lent, allowance.is_tight, allowance.refusals)
        if heard != (self._lent, self._is_tight, self._refusals):
            self.news()  # the driver decides by what this worker has heard
        has_more = allowance.lent != self._lent or allowance.ceilings != self._kinds
        self._lent, self._is_tight, self._kinds = allowance.lent, allowance.is_tight, allowance.ceilings
        self._keep_to_lease()
        for turn, need in self._needs.items():
            if not _fits(need, allowance.room):
                _refuse(turn, allowance.why)
        if allowance.refusals > self._refusals:
            self._refusals = allowance.refusals
            for turn in list(self._waiting)[-1:] or list(self._starting):
                _refuse(turn, allowance.why)
        if has_more:
            self._wake()

    def _lease(self) -> Amount:
        return self._lent.minus(self._returned)

    def _keep_to_lease(self) -> None:
        lease, kinds = self._lease(), self._kinds
        self.ceilings = Ceilings(
            None if kinds.usd is None else lease.usd,
            None if kinds.calls is None else lease.calls,
            None if kinds.tokens is None else lease.tokens,
        )


@dataclass(slots=True)
class _Loan:
    """One worker's part, on the driver's side."""

    lent: Amount = NOTHING
    refusals: int = 0
    standing: Standing = field(default_factory=Standing)
    """As it last said."""

    @property
    def unspent(self) -> Amount:
        return _beyond(self.lent.minus(self.standing.returned), amount_of(self.standing.spent))

    @property
    def is_news_to_it(self) -> bool:
        """It has not heard all by the time it spoke last."""
        return self.standing.lent != self.lent or self.standing.refusals != self.refusals


class Lender:
    """The driver's side: a budget, and who has how much of it."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._loans: dict[int, _Loan] = {}
        self._is_tight = False

    def report(self, worker: int, standing: Standing) -> None:
        """How a worker stands: what it spent is counted, and what it gave back is there for others."""
        loan = self._loans.setdefault(worker, _Loan())
        before, unspent = loan.standing, loan.unspent
        loan.standing = standing
        used = standing.spent - before.spent
        exact = replace(used, priced_usd=standing.spent.priced_usd - before.spent.priced_usd)  # the difference rounds
        self._budget.settle(unspent.minus(loan.unspent), exact)
        self._is_tight = any(not self._can_lend(other) for other in self._loans.values())

    def allowance(self, worker: int) -> Allowance:
        """What a worker may spend from now on, after it was lent what it waits for, if that is there."""
        loan = self._loans.setdefault(worker, _Loan())
        wants, room = loan.standing.wants, self._budget.left(with_others=False)
        why = self._budget.shortage(wants or NOTHING, with_others=True)
        why = why or self._budget.shortage(ENDLESS, with_others=False)
        if wants is not None:
            if self._is_due(loan):
                lent = self._portion(loan, wants)
                self._budget.take(lent)
                loan.lent = loan.lent.plus(lent)
            elif self._must_give_up(loan):
                loan.refusals += 1
        return Allowance(self._budget.ceilings, loan.lent, room, self._is_tight, loan.refusals, why)

    def has_news_for(self, worker: int) -> bool:
        """Whether the worker should have its next allowance soon."""
        loan = self._loans.get(worker)
        if loan is None:
            return False
        standing = loan.standing
        if self._is_tight and not standing.keeps_nothing:
            return True
        if standing.wants is None or loan.is_news_to_it:
            return False
        return self._is_due(loan) or self._must_give_up(loan) or not self._can_ever(standing.wants)

    def forget(self, worker: int) -> None:
        """The worker has ended, and said so: all that it did not spend is there again."""
        if (loan := self._loans.pop(worker, None)) is not None:
            self._budget.settle(loan.unspent, NO_USAGE)

    def write_off(self, worker: int) -> None:
        """The worker is lost. It may have spent its lease, unseen; so nobody else gets it."""
        self._loans.pop(worker, None)

    def _is_due(self, loan: _Loan) -> bool:
        """Whether it is lent more now. Those that wait inside a conversation come first."""
        if loan.standing.wants is None or loan.is_news_to_it or not self._can_lend(loan):
            return False
        others = (other for other in self._loans.values() if other is not loan)
        return loan.standing.wants_inside or not any(
            other.standing.wants_inside and not self._can_lend(other) for other in others
        )

    def _can_lend(self, loan: _Loan) -> bool:
        wants = loan.standing.wants
        return wants is None or loan.is_news_to_it or _fits(wants, self._budget.left(with_others=True))

    def _can_ever(self, wants: Amount) -> bool:
        return _fits(wants.minus(_TINY), self._budget.left(with_others=False))

    def _must_give_up(self, loan: _Loan) -> bool:
        """Whether all conversations of all workers wait, and nothing is ahead anywhere. Then one inside is to end."""
        loans = self._loans.values()
        if not loan.standing.wants_inside and any(other.standing.wants_inside for other in loans):
            return False
        if any(loan.is_news_to_it or not loan.standing.keeps_nothing for loan in loans):
            return False
        return all(loan.standing.waiting >= loan.standing.conversations for loan in loans)

    def _portion(self, loan: _Loan, wants: Amount) -> Amount:
        """What it waits for, and something ahead: no more than its share of what is left then."""
        if self._is_tight:
            return wants
        fair = _share(self._budget.left(with_others=True).minus(wants), 1 / len(self._loans))
        return wants.plus(_least(_share(loan.standing.taken.plus(wants), _AHEAD), fair))


class SharedLimits(Limits):
    """The gates of a worker: their rates are kept by the driver, for all workers together."""

    def __init__(self, news: Callable[[], None]) -> None:
        super().__init__(1)
        self._news = news
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._asks: list[Ask] = []

    def pace(self, endpoint: str, key: str, requests_per_minute: float | None, tokens_per_minute: float | None) -> Pace:
        gate = digest(endpoint, key)
        return _AskedPace(lambda tokens: self._ask(gate, requests_per_minute, tokens_per_minute, tokens))

    async def _ask(self, gate: str, requests: float | None, tokens_per_minute: float | None, tokens: int) -> None:
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._asks.append(Ask(number, gate, requests, tokens_per_minute, tokens))
        self._news()
        try:
            await self._waiting[number]
        finally:
            del self._waiting[number]

    def asks(self) -> list[Ask]:
        """Those that are new."""
        new, self._asks = self._asks, []
        return new

    def may_go(self, numbers: list[int]) -> None:
        """The driver let these go."""
        for number in numbers:
            turn = self._waiting.get(number)
            if turn is not None and not turn.done():
                turn.set_result(None)


@dataclass(frozen=True, slots=True)
class _AskedPace:
    """Rates that somebody else keeps."""

    ask: Callable[[int], Awaitable[None]]

    async def keep(self, tokens: int) -> None:
        await self.ask(tokens)


class Paces:
    """The driver's side of the rates: one limiter for each gate of all workers."""

    def __init__(self) -> None:
        self._paces: dict[tuple[str, float | None, float | None], OwnPace] = {}

    async def keep(self, ask: Ask) -> None:
        """Returns when the request may be made."""
        name = (ask.gate, ask.requests_per_minute, ask.tokens_per_minute)
        if name not in self._paces:
            self._paces[name] = OwnPace(ask.requests_per_minute, ask.tokens_per_minute)
        await self._paces[name].keep(ask.tokens)


def _refuse(turn: asyncio.Future[None], why: str) -> None:
    if not turn.done():
        turn.set_exception(BudgetExceeded(why))


def _fits(need: Amount, room: Amount) -> bool:
    return need.usd <= room.usd and need.calls <= room.calls and need.tokens <= room.tokens


def _least(one: Amount, other: Amount) -> Amount:
    return Amount(min(one.usd, other.usd), min(one.calls, other.calls), min(one.tokens, other.tokens))


def _beyond(one: Amount, other: Amount) -> Amount:
    """By how much `one` is more."""
    return Amount(max(0.0, one.usd - other.usd), max(0, one.calls - other.calls), max(0, one.tokens - other.tokens))


def _share(amount: Amount, share: float) -> Amount:
    return Amount(amount.usd * share, int(amount.calls * share), int(amount.tokens * share))
