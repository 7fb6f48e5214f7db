"""The gate before an endpoint: how many calls at once, in which order, and how many a minute."""

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.fake_llm import Delay, Reply, Status
from personae.llm.limits import Gate, Limits, OwnPace
from tests.llm.reach import answer, reach

pytestmark = pytest.mark.anyio


class _NoWait(selectors.DefaultSelector):
    """Where nothing happens, the wait is over at once and the loop's clock goes on by it."""

    loop: QuickLoop

    def select(self, timeout: float | None = None) -> Any:
        events = super().select(0)
        if not events and timeout is None:
            raise AssertionError("everybody waits for ever")
        if not events and timeout is not None:
            self.loop.now += max(timeout, 1e-6)
        return events


class QuickLoop(asyncio.SelectorEventLoop):
    """An event loop whose minutes take no time."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = _NoWait()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now


@pytest.fixture
def anyio_backend() -> Any:
    return "asyncio", {"loop_factory": QuickLoop}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_calls_than_allowed_are_under_way() -> None:
    gate = Gate(3)
    most = 0

    async def call() -> None:
        nonlocal most
        await gate.enter(1)
        most = max(most, gate.running)
        await asyncio.sleep(0.1)
        gate.leave()

    await asyncio.gather(*(call() for _ in range(20)))
    assert most == 3
    assert gate.running == 0


async def test_who_came_first_goes_first() -> None:
    gate, order = Gate(1), list[int]()

    async def call(number: int) -> None:
        await gate.enter(1)
        order.append(number)
        await asyncio.sleep(0.01)
        gate.leave()

    await asyncio.gather(*(call(number) for number in range(8)))
    assert order == list(range(8))


async def test_who_was_cancelled_while_waiting_takes_no_place() -> None:
    gate = Gate(1)
    await gate.enter(1)
    waiting = [asyncio.create_task(gate.enter(1)) for _ in range(3)]
    await settle()
    waiting[0].cancel()
    await settle()
    gate.leave()
    await settle()
    assert [task.done() for task in waiting] == [True, True, False]
    gate.leave()
    await asyncio.wait_for(waiting[2], 1)
    assert gate.running == 1


async def test_a_place_given_in_the_moment_of_cancellation_is_passed_on() -> None:
    gate = Gate(1)
    await gate.enter(1)
    first, second = (asyncio.create_task(gate.enter(1)) for _ in range(2))
    await settle()
    gate.leave()  # gives the place to the first, which has not woken up yet
    first.cancel()
    await asyncio.wait_for(second, 1)
    assert first.cancelled()
    assert gate.running == 1


@given(
    st.integers(1, 4), st.lists(st.sampled_from(["enter", "leave", "cancel", "overloaded", "succeeded"]), max_size=60)
)
def test_no_place_is_ever_lost_or_given_twice(most: int, steps: list[str]) -> None:
    async def play() -> None:
        clock = Clock()
        gate = Gate(most, clock=clock)
        tasks: deque[asyncio.Task[None]] = deque()
        inside = 0

        for step in steps:
            clock.now += 0.4
            if step == "enter":
                tasks.append(asyncio.create_task(gate.enter(1)))
            elif step == "cancel" and tasks:
                tasks.pop().cancel()
            elif step == "leave" and inside:
                inside -= 1
                gate.leave()
            elif step == "overloaded":
                gate.overloaded()
            elif step == "succeeded":
                gate.succeeded()
            await settle()
            done = [task for task in tasks if task.done()]
            inside += len(done)
            tasks = deque(task for task in tasks if not task.done())
            assert gate.running == inside <= most
            assert inside >= int(gate.limit) or not tasks
            assert 1 <= gate.limit <= most
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(play())


def test_overload_halves_the_calls_at_once_but_only_once_a_second() -> None:
    clock = Clock()
    gate = Gate(16, clock=clock)
    limits = []
    for seconds in (0.0, 0.1, 0.9, 1.0, 2.0, 3.0, 4.0, 5.0):
        clock.now = seconds
        gate.overloaded()
        limits.append(gate.limit)
    assert limits == [8.0, 8.0, 8.0, 4.0, 2.0, 1.0, 1.0, 1.0]


def test_each_round_of_successes_adds_one_up_to_what_is_allowed() -> None:
    gate = Gate(4, clock=Clock())
    gate.overloaded()
    grown = []
    for _ in range(12):
        gate.succeeded()
        grown.append(int(gate.limit))
    assert grown == [2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4]
    assert gate.limit == 4.0


async def test_growing_back_lets_the_waiting_in() -> None:
    gate = Gate(2, clock=Clock())
    gate.overloaded()
    await gate.enter(1)
    waiting = asyncio.create_task(gate.enter(1))
    await settle()
    assert not waiting.done()
    gate.succeeded()
    await asyncio.wait_for(waiting, 1)


@pytest.mark.parametrize("per_minute", [0.5, 6.0, 60.0, 600.0])
async def test_requests_keep_to_their_rate_in_any_minute(per_minute: float) -> None:
    gate, loop, began = Gate(100, OwnPace(per_minute, None)), asyncio.get_running_loop(), list[float]()

    async def call() -> None:
        await gate.enter(1)
        began.append(loop.time())
        gate.leave()

    count = int(per_minute * 2.5) + 3
    await asyncio.gather(*(call() for _ in range(count)))
    burst = max(1.0, per_minute / 60)
    assert all(sum(at <= later < at + 60 for later in began) <= per_minute + burst + 1 for at in began)
    assert max(began) <= count * 60 / per_minute + 1


async def test_tokens_keep_to_their_rate() -> None:
    gate, loop = Gate(100, OwnPace(None, 1000)), asyncio.get_running_loop()
    for _ in range(30):
        await gate.enter(100)
        gate.leave()
    assert 115 <= loop.time() <= 125


async def test_a_large_request_is_not_overtaken_by_small_ones() -> None:
    gate, order = Gate(100, OwnPace(None, 1000)), list[int]()

    async def call(tokens: int) -> None:
        await gate.enter(tokens)
        order.append(tokens)
        gate.leave()

    sizes = [1000, 900, 1, 2, 3]
    await asyncio.gather(*(call(size) for size in sizes))
    assert order == sizes


async def test_a_request_with_more_tokens_than_a_minute_has_is_let_through_alone() -> None:
    gate = Gate(1, OwnPace(None, 1000))
    await asyncio.wait_for(gate.enter(50_000), 120)
    assert gate.running == 1


def test_models_at_one_endpoint_with_one_key_share_a_gate() -> None:
    limits = Limits(4)
    gate = limits.gate("http://a", "key")
    assert limits.gate("http://a", "key") is gate
    assert limits.gate("http://b", "key") is not gate
    assert limits.gate("http://a", "other key") is not gate


def test_a_model_with_a_rate_of_its_own_keeps_it() -> None:
    limits = Limits(4)
    limits.gate("http://a", "key")
    assert limits.gate("http://a", "key", requests_per_minute=6).most == 4
    assert limits.gate("http://a", "key", requests_per_minute=6) is not limits.gate("http://a", "key")


class TestAtAnEndpoint:
    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    async def test_an_endpoint_never_sees_more_calls_at_once(self) -> None:
        async with reach(Reply("Fine."), at_once=3, latency_ms=5) as there:
            models = [there.model(), there.model(model="judge")]
            await asyncio.gather(*(answer(models[number % 2]) for number in range(24)))
            assert there.fake.ledger.max_in_flight == 3

    @pytest.mark.parametrize("status", [429, 503, 529])
    async def test_an_overloaded_endpoint_gets_half_as_many(self, status: int) -> None:
        async with reach([Status(status), Reply("Fine.")], at_once=8) as there:
            model = there.model()
            await answer(model)
            assert model.gate.limit == pytest.approx(4 + 1 / 4)

    async def test_a_bad_request_is_no_overload(self) -> None:
        async with reach([Status(500), Reply("Fine.")]) as there:
            model = there.model()
            await answer(model)
            assert model.gate.limit == 8

    async def test_a_failed_or_cancelled_call_gives_its_place_back(self) -> None:
        async with reach([Status(500), Delay(60_000)], at_once=1) as there:
            model = there.model(attempts=2)
            call = asyncio.create_task(answer(model))
            while there.calls < 2:
                await asyncio.sleep(0.001)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            assert model.gate.running == 0
            assert (await answer(model)).text
