"""The local executor: so many at once, results as they come, and nothing running once it is left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lab.fake_llm import BAD_KEY, Delay, FakeLLM, Reply
from personae.bots.mock import MockBot
from personae.errors import ConfigurationError, NotFound, ProviderError
from personae.executors import executor, executors
from personae.experiments.budget import Ceilings
from personae.experiments.build import engine
from personae.experiments.recorders import InMemory
from personae.experiments.run import Experiment
from personae.experiments.settings import Settings
from personae.llm.config import LLMConfig
from tests.running import personas

pytestmark = pytest.mark.anyio


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM.in_thread(end_after=1) as served:
        yield served


def settings(fake: FakeLLM, **changes: Any) -> Settings:
    config = LLMConfig("openai", "m", base_url=fake.url + "/v1")
    return replace(Settings(bot=MockBot(), simulator=config, judge=config, metrics=(), ceilings=Ceilings()), **changes)


async def collected(experiment: Experiment, concurrency: int) -> list[str]:
    return [result.persona.name async for result in executors.get("local")().execute(experiment, concurrency)]


@pytest.mark.parametrize("concurrency", [1, 3, 50])
async def test_every_conversation_comes_once(fake: FakeLLM, concurrency: int) -> None:
    async with engine(settings(fake, concurrency=concurrency)) as running:
        experiment = running.experiment(running.plan(personas(10), []), InMemory())
        names = await collected(experiment, concurrency)
    assert sorted(names) == sorted(persona.name for persona in personas(10))


def test_an_executor_is_found_by_its_name_and_a_wrong_choice_is_told() -> None:
    assert executor("ray", 3) == executors.get("ray")(workers=3)  # type: ignore[call-arg]
    with pytest.raises(NotFound, match="no executor is called 'rays'; there is ray"):
        executor("rays")
    with pytest.raises(ConfigurationError, match="'local' runs in one process"):
        executor("local", 3)


async def test_no_more_run_at_once_than_allowed(fake: FakeLLM) -> None:
    fake.play(Delay(5))
    async with engine(settings(fake, concurrency=3)) as running:
        await collected(running.experiment(running.plan(personas(10), []), InMemory()), 3)
    assert fake.ledger.max_in_flight == 3


async def test_results_come_in_the_order_in_which_conversations_end(fake: FakeLLM) -> None:
    fake.play(lambda request: Delay(200) if "order 1." in request.first_text else None)
    async with engine(settings(fake)) as running:
        names = await collected(running.experiment(running.plan(personas(3), []), InMemory()), 3)
    assert names[-1] == "persona 1"


async def test_what_cannot_heal_ends_the_run_after_giving_what_was_done(fake: FakeLLM) -> None:
    fake.play(lambda request: BAD_KEY if "order 3." in request.first_text else None)
    names = []
    async with engine(settings(fake)) as running:
        experiment = running.experiment(running.plan(personas(9), []), InMemory())

        async def collect() -> None:
            async for result in executors.get("local")().execute(experiment, 1):
                names.append(result.persona.name)

        with pytest.raises(ProviderError, match="401"):
            await collect()
    assert names == ["persona 1", "persona 2"]
    assert experiment.progress.running == 0


async def test_a_cancelled_run_leaves_no_task_and_keeps_half_done_turns(fake: FakeLLM) -> None:
    fake.play({"simulator": [Reply("Hello."), Reply("Hello."), *[Delay(60_000)] * 9]})
    async with engine(settings(fake)) as running:
        plan = running.plan(personas(2), [])
        experiment = running.experiment(plan, InMemory())
        before = asyncio.all_tasks()
        task = asyncio.create_task(collected(experiment, 2))
        while experiment.progress.turns < 4:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() <= before
        cancelled = [experiment.cancelled(spec) for spec in plan]
    assert [(result.stop_reason, result.turns) for result in cancelled] == [("cancelled", 1), ("cancelled", 1)]


async def test_a_conversation_cancelled_while_it_is_rated_keeps_its_turns(fake: FakeLLM) -> None:
    fake.play({"judge": Delay(60_000)})
    async with engine(settings(fake)) as running:
        plan = running.plan(personas(1), [])
        experiment = running.experiment(plan, InMemory())
        task = asyncio.create_task(collected(experiment, 2))
        while not fake.ledger.calls(role="judge"):
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        result = experiment.cancelled(next(iter(plan)))
    assert (result.stop_reason, result.turns) == ("cancelled", 1)
    assert result.goal_achieved is None
