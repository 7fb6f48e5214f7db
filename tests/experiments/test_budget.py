"""The budget holds whatever the calls, their prices and their order; and it never stands still."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personae.core.model import Capabilities, Reply, Request
from personae.core.usage import Usage
from personae.errors import BudgetExceeded
from personae.experiments.budget import Amount, Budget, Ceilings, Metered, most

ROUNDING = 1e-9


@dataclass(frozen=True)
class Call:
    """The most that a call can take, and the part of it that it does take."""

    usd: float
    tokens: int
    share: float


CALLS = st.builds(Call, st.floats(0, 1), st.integers(0, 100), st.floats(0, 1))
TALKS = st.lists(st.lists(CALLS, max_size=5), min_size=1, max_size=6)
CEILINGS = st.builds(
    Ceilings, st.none() | st.floats(0, 4), st.none() | st.integers(0, 20), st.none() | st.integers(0, 800)
)


@dataclass
class Watched:
    """A budget that is looked at after each step, and conversations that draw on it."""

    budget: Budget
    rating: Amount
    draw: random.Random
    rated: int = 0
    cut: int = 0
    refused_ratings: int = 0

    def check(self) -> None:
        budget, limits = self.budget, self.budget.ceilings
        taken = budget._taken
        assert min(taken) >= -ROUNDING
        if limits.usd is not None:
            assert budget.spent.priced_usd + taken.usd <= limits.usd + ROUNDING
        if limits.calls is not None:
            assert budget.spent.calls + taken.calls <= limits.calls
        if limits.tokens is not None:
            assert budget.spent.tokens + taken.tokens <= limits.tokens

    async def call(self, need: Amount, share: float) -> None:
        await self.budget.reserve(need)
        self.check()
        for _ in range(self.draw.randrange(3)):
            await asyncio.sleep(0)
        used = Usage(calls=1, input_tokens=int(need.tokens * share), priced_usd=need.usd * share)
        self.budget.settle(need, used)
        self.check()

    async def talk(self, calls: list[Call]) -> None:
        try:
            hold = await self.budget.open(self.rating)
        except BudgetExceeded:
            self.cut += 1
            return
        self.check()
        try:
            try:
                for call in calls:
                    await self.call(Amount(call.usd, 1, call.tokens), call.share)
            except BudgetExceeded:
                self.cut += 1
                return
            self.budget.give_back(hold)
            try:
                await self.call(self.rating, 1.0)
                self.rated += 1
            except BudgetExceeded:
                self.refused_ratings += 1
        finally:
            self.budget.close(hold)
            self.check()


@given(TALKS, CEILINGS, st.floats(0, 0.5), st.integers(0, 50), st.integers(1, 6), st.integers(0, 2**32))
def test_the_ceilings_hold_every_rating_gets_its_share_and_nobody_waits_for_ever(
    talks: list[list[Call]], ceilings: Ceilings, usd: float, tokens: int, at_once: int, seed: int
) -> None:
    watched = Watched(Budget(ceilings), Amount(usd, 1, tokens), random.Random(seed))

    async def run() -> None:
        left = iter(talks)

        async def worker() -> None:
            for calls in left:
                await watched.talk(calls)

        await asyncio.wait_for(asyncio.gather(*(worker() for _ in range(at_once))), 5)

    asyncio.run(run())
    assert watched.rated + watched.cut == len(talks)
    assert watched.refused_ratings == 0
    assert watched.budget._taken == pytest.approx((0, 0, 0), abs=ROUNDING)


@given(TALKS, st.integers(0, 2**32))
def test_without_ceilings_nobody_is_cut(talks: list[list[Call]], seed: int) -> None:
    watched = Watched(Budget(Ceilings()), Amount(1, 1, 1), random.Random(seed))

    async def run() -> None:
        await asyncio.wait_for(asyncio.gather(*map(watched.talk, talks)), 5)

    asyncio.run(run())
    assert watched.rated == len(talks)


@pytest.mark.anyio
async def test_a_call_waits_while_another_may_give_back() -> None:
    budget = Budget(Ceilings(usd=1.0))
    one, other = await budget.open(Amount()), await budget.open(Amount())
    await budget.reserve(Amount(0.8))
    waiting = asyncio.create_task(budget.reserve(Amount(0.5)))
    await asyncio.sleep(0)
    assert not waiting.done()
    budget.settle(Amount(0.8), Usage(calls=1, priced_usd=0.1))
    await asyncio.wait_for(waiting, 1)
    budget.close(one)
    budget.close(other)


@pytest.mark.anyio
async def test_a_new_conversation_waits_while_others_may_give_back() -> None:
    budget = Budget(Ceilings(usd=1.0))
    one = await budget.open(Amount(0.7))
    waiting = asyncio.create_task(budget.open(Amount(0.7)))
    await asyncio.sleep(0)
    assert not waiting.done()
    budget.close(one)
    budget.close(await asyncio.wait_for(waiting, 1))


@pytest.mark.anyio
async def test_what_can_never_fit_is_refused_at_once_although_others_run() -> None:
    budget = Budget(Ceilings(usd=1.0))
    await budget.open(Amount())
    await budget.open(Amount())
    with pytest.raises(BudgetExceeded, match=r"\$1.0000 of the budget of \$1 is free, .* may cost \$1.5000"):
        await budget.reserve(Amount(1.5))


@pytest.mark.anyio
async def test_a_cancelled_wait_leaves_nothing_behind() -> None:
    budget = Budget(Ceilings(usd=1.0))
    one, other = await budget.open(Amount()), await budget.open(Amount())
    await budget.reserve(Amount(0.8))
    waiting = asyncio.create_task(budget.reserve(Amount(0.5)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    budget.settle(Amount(0.8), Usage())
    await budget.reserve(Amount(1.0))
    budget.close(one)
    budget.close(other)


@pytest.mark.parametrize(
    ("ceilings", "says"),
    [
        (Ceilings(calls=1), "the ceiling of 1 calls is reached"),
        (Ceilings(tokens=1500), r"the ceiling of 1,500 tokens is reached \(used 1,000\)"),
        (Ceilings(usd=0.5), r"\$0.1000 of the budget of \$0.5 is free, .* may cost \$0.2000"),
    ],
)
def test_the_message_names_the_ceiling(ceilings: Ceilings, says: str) -> None:
    budget = Budget(ceilings, spent=Usage(calls=1, input_tokens=1000, priced_usd=0.4))
    with pytest.raises(BudgetExceeded, match=says):
        asyncio.run(budget.reserve(Amount(0.2, 1, 1000)))


@dataclass
class Priced:
    """A model whose calls cost what it was told, or nobody knows what."""

    usd_per_token: float | None
    fails: bool = False
    name: str = "lab/priced"
    capabilities: Capabilities = field(default_factory=Capabilities)

    async def complete(self, request: Request) -> Reply:
        if self.fails:
            raise RuntimeError("no answer")
        usage = Usage(calls=1, input_tokens=10, priced_usd=10 * (self.usd_per_token or 0))
        return Reply("yes", usage=usage)

    def estimate_usd(self, input_tokens: int, output_tokens: int) -> float | None:
        return None if self.usd_per_token is None else (input_tokens + output_tokens) * self.usd_per_token


REQUEST = Request([{"role": "user", "content": "hello"}], "judge", max_output_tokens=100)


@pytest.mark.anyio
async def test_a_metered_call_is_settled_by_what_it_took() -> None:
    budget = Budget(Ceilings(usd=1.0))
    await Metered(Priced(0.001), budget).complete(REQUEST)
    assert budget.spent.priced_usd == pytest.approx(0.01)
    assert budget._taken == pytest.approx((0, 0, 0))


@pytest.mark.anyio
async def test_a_call_that_fails_gives_its_reservation_back() -> None:
    budget = Budget(Ceilings(usd=1.0))
    with pytest.raises(RuntimeError):
        await Metered(Priced(0.001, fails=True), budget).complete(REQUEST)
    assert budget._taken == pytest.approx((0, 0, 0))


@pytest.mark.anyio
async def test_the_longest_answer_is_reserved_before_the_call() -> None:
    with pytest.raises(BudgetExceeded):
        await Metered(Priced(0.001), Budget(Ceilings(usd=0.09))).complete(REQUEST)


@pytest.mark.anyio
async def test_text_of_many_bytes_is_reserved_by_its_bytes() -> None:
    model = Metered(Priced(0.001), Budget(Ceilings()))
    request = Request([{"role": "user", "content": "語" * 100}], "judge", max_output_tokens=1)
    assert model._need(request).tokens >= 150


@pytest.mark.anyio
async def test_an_unknown_price_is_capped_by_calls_alone() -> None:
    model = Metered(Priced(None), Budget(Ceilings(usd=0.0, calls=2)))
    await model.complete(REQUEST)
    await model.complete(REQUEST)
    with pytest.raises(BudgetExceeded, match="2 calls"):
        await model.complete(REQUEST)


def test_the_most_of_an_unpriced_call_still_counts_its_tokens() -> None:
    assert most(Priced(None), 10, 20) == Amount(0.0, 1, 30)
