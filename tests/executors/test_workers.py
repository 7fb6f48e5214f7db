"""One run over many workers, whatever starts them: same results, same ceilings, and nothing lost with a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.fake_bot import FakeBots
from lab.fake_llm import BAD_KEY, Delay, FakeLLM, Reply
from personae.bots import BotSpec
from personae.bots._targets import parse_target
from personae.bots.mock import MockBot
from personae.bots.python import PythonBot
from personae.core.result import SimulationResult
from personae.errors import ConfigurationError, ExecutorError, ProviderError, RecordingError
from personae.executors import executors
from personae.executors._messages import Told
from personae.experiments.budget import Ceilings
from personae.experiments.build import engine
from personae.experiments.recorders import InMemory, Recorder
from personae.experiments.recorders.jsonl import Jsonl
from personae.experiments.settings import Settings
from personae.llm.config import LLMConfig
from personae.llm.prices import Rates
from tests.executors.in_process import InProcess, InProcessWorker
from tests.running import personas, rows

pytestmark = pytest.mark.anyio

CALLS = 5
"""Of one conversation: four of the simulator, the last of which ends it, and the judge's."""


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM.in_thread(end_after=3) as served:
        yield served


def settings(fake: FakeLLM, bot: BotSpec | None = None, **changes: Any) -> Settings:
    config = LLMConfig("openai", "m", base_url=fake.url + "/v1", rates=Rates.parse("1/2"))
    config = config.with_(**changes.pop("config", {}))
    made = Settings(bot=bot or MockBot(), simulator=config, judge=config, metrics=(), ceilings=Ceilings())
    return replace(made, **{"concurrency": 6} | changes)


async def run(
    cluster: InProcess, chosen: Settings, count: int, recorder: Recorder | None = None, **options: Any
) -> list[SimulationResult]:
    async with engine(chosen) as running:
        experiment = running.experiment(running.plan(personas(count), []), recorder or InMemory())
        found = [one async for one in cluster.execute(experiment, chosen.concurrency, **options)]
        assert experiment.progress.running == 0
        return found


def lost_once(at: int) -> InProcess:
    """A cluster that loses its first worker at that exchange."""
    return InProcess(lambda worker, told: "lost" if worker.number == 0 and worker.exchanges == at else "")


async def test_the_results_are_those_of_one_process(fake: FakeLLM) -> None:
    chosen = settings(fake)
    async with engine(chosen) as running:
        experiment = running.experiment(running.plan(personas(20), []), InMemory())
        here = [one async for one in executors.get("local")().execute(experiment, 6)]
    fake.reset()
    there = await run(cluster := InProcess(), chosen, 20)

    def shown(results: list[SimulationResult]) -> dict[str, Any]:
        return {
            one.key: (
                one.stop_reason,
                one.goal_achieved,
                one.metadata["seed"],
                [turn.content for turn in one.conversation.turns],
            )
            for one in results
        }

    assert shown(there) == shown(here)
    assert {one.metadata["bot"] for one in there} == {"mock"}
    assert fake.ledger.max_in_flight <= 6
    assert [len(worker.given) > 0 for worker in cluster.workers] == [True, True, True]


@pytest.mark.parametrize("ceiling", [0, 5, 11, 23, 40, 77])
async def test_all_workers_together_keep_to_the_ceiling_of_calls(fake: FakeLLM, ceiling: int) -> None:
    results = await run(InProcess(), settings(fake, ceilings=Ceilings(calls=ceiling)), 20)
    ended = [one for one in results if one.stop_reason == "goal_reached"]
    assert len(results) == 20
    assert fake.ledger.calls() <= ceiling
    assert fake.ledger.calls() > ceiling - CALLS * 3
    assert all(one.goal_achieved is not None for one in ended)
    assert all("ceiling" in one.conversation.error for one in results if one not in ended)


@pytest.mark.parametrize("budget", [0.0, 0.02, 0.05, 0.1, 0.2])
async def test_all_workers_together_keep_to_the_budget_to_the_cent(fake: FakeLLM, budget: float) -> None:
    chosen = settings(fake, ceilings=Ceilings(usd=budget), criteria=())
    results = await run(InProcess(), chosen, 40)
    assert sum(one.cost_usd or 0 for one in results) <= budget
    assert all(one.goal_achieved is not None for one in results if one.stop_reason == "goal_reached")
    assert budget < 0.05 or any(one.stop_reason == "goal_reached" for one in results)


async def test_what_a_lost_worker_may_have_spent_is_spent_by_nobody_else(fake: FakeLLM) -> None:
    for at in (2, 5, 9):
        fake.reset()
        results = await run(lost_once(at), settings(fake, ceilings=Ceilings(calls=50)), 20)
        assert fake.ledger.calls() <= 50
        assert len(results) == 20


async def test_all_workers_together_keep_to_the_rate(fake: FakeLLM) -> None:
    per_minute, began = 2400.0, time.monotonic()
    await run(InProcess(), settings(fake, config={"requests_per_minute": per_minute}), 20)
    burst, per_second = per_minute / 60, per_minute / 60
    assert time.monotonic() - began >= (fake.ledger.calls() - burst - 1) / per_second


async def test_a_slow_worker_holds_nobody_back(fake: FakeLLM) -> None:
    await run(cluster := InProcess(slow_s=0.05), settings(fake), 40)
    given = [len(worker.given) for worker in cluster.workers]
    assert sum(given) == 40
    assert 0 < given[0] < 13


@pytest.mark.parametrize("at", range(2, 14, 3))
async def test_what_a_lost_worker_held_goes_on_elsewhere_from_its_last_turn(
    fake: FakeLLM, tmp_path: Path, at: int
) -> None:
    recorder = Jsonl(tmp_path / "r.jsonl")
    results = await run(lost_once(at), settings(fake), 20, recorder)
    recorder.close()
    assert [one.stop_reason for one in results] == ["goal_reached"] * 20
    assert len({row["key"] for row in rows(tmp_path / "r.jsonl")}) == len(rows(tmp_path / "r.jsonl")) == 20
    assert {one.turns for one in results} == {3}
    assert 0 <= fake.ledger.calls() - sum(one.total_usage.calls for one in results) <= 6
    assert not (tmp_path / "r.jsonl.part").exists()


async def test_a_bot_that_remembers_is_met_anew_after_its_worker_was_lost(fake: FakeLLM) -> None:
    with FakeBots.in_thread() as bots:
        bot = parse_target(f"botario:{bots.url}/botario")
        cluster = InProcess(lambda worker, told: "lost" if worker.number == 0 and len(bots.sessions) == 2 else "")
        results = await run(cluster, settings(fake, bot, concurrency=2), 2, workers=1)
        sessions = list(bots.sessions.values())
    assert [(one.stop_reason, one.turns) for one in results] == [("goal_reached", 3)] * 2
    assert len(sessions) == 4


async def test_a_silent_worker_counts_as_lost(fake: FakeLLM) -> None:
    cluster = InProcess(lambda worker, told: "silent" if worker.number == 0 and worker.exchanges > 3 else "")
    results = await run(cluster, settings(fake), 20, patience_s=0.3)
    assert [one.stop_reason for one in results] == ["goal_reached"] * 20
    assert len(cluster.workers) == 4


async def test_a_conversation_that_takes_worker_after_worker_along_is_given_up_alone(fake: FakeLLM) -> None:
    chosen = settings(fake)
    async with engine(chosen) as running:
        bad = next(iter(running.plan(personas(10), []))).key

    def fate(worker: InProcessWorker, told: Told) -> str:
        return "lost" if bad in worker.given else ""

    results = {one.key: one for one in await run(InProcess(fate), chosen, 10)}
    assert results.pop(bad).stop_reason == "driver_error"
    assert [one.stop_reason for one in results.values()] == ["goal_reached"] * 9


async def test_a_cluster_without_any_worker_left_says_so(fake: FakeLLM) -> None:
    with pytest.raises(ExecutorError, match=r"it is gone.*run the same again"):
        await run(InProcess(lambda worker, told: "lost"), settings(fake), 3)
    assert fake.ledger.calls() == 0


async def test_a_worker_that_never_gets_room_holds_nobody_up(fake: FakeLLM) -> None:
    class NoRoom(InProcessWorker):
        async def begin(self, letter: bytes, silence_s: float) -> None:
            await asyncio.Event().wait()

    class Small(InProcess):
        def hire(self) -> InProcessWorker:
            if not self.workers:
                return super().hire()
            self.workers.append(NoRoom(self, len(self.workers)))
            return self.workers[-1]

    results = await run(Small(), settings(fake), 10)
    assert [one.stop_reason for one in results] == ["goal_reached"] * 10


async def test_what_cannot_heal_ends_the_run(fake: FakeLLM) -> None:
    fake.play(BAD_KEY)
    with pytest.raises(ProviderError, match="401") as caught:
        await run(InProcess(), settings(fake), 50)
    assert caught.value.hopeless
    assert fake.ledger.calls() <= 6


async def test_a_full_disk_ends_the_run(fake: FakeLLM) -> None:
    class Full(InMemory):
        async def turn(self, *args: Any, **options: Any) -> None:
            raise RecordingError("no room")

    with pytest.raises(RecordingError):
        await run(InProcess(), settings(fake), 10, Full())


async def test_a_stopped_run_keeps_its_turns_and_goes_on_later(fake: FakeLLM, tmp_path: Path) -> None:
    class Stopping(Jsonl):
        async def turn(self, *args: Any, **options: Any) -> None:
            await super().turn(*args, **options)
            if experiment.progress.turns == 44:
                experiment.stop()

    chosen, recorder = settings(fake), Stopping(tmp_path / "r.jsonl")
    async with engine(chosen) as running:
        experiment = running.experiment(running.plan(personas(20), []), recorder)
        async for _ in InProcess().execute(experiment, 6):
            pass
        half_done = list(experiment.half_done.values())
    recorder.close()
    assert half_done
    assert {one.stop_reason for one in half_done} == {"cancelled"}
    assert len(rows(tmp_path / "r.jsonl")) < 20
    again = Jsonl(tmp_path / "r.jsonl")
    await run(InProcess(), chosen, 20, again)
    again.close()
    assert len(rows(tmp_path / "r.jsonl")) == 20
    assert fake.ledger.calls() == sum(
        sum(used["calls"] for used in row["usage"].values()) for row in rows(recorder.path)
    )


async def test_a_cancelled_run_leaves_no_task_and_keeps_half_done_turns(fake: FakeLLM) -> None:
    fake.play({"simulator": [Reply("Hello."), Reply("Hello."), *[Delay(60_000)] * 9]})
    async with engine(settings(fake)) as running:
        plan = running.plan(personas(2), [])
        experiment = running.experiment(plan, InMemory())

        async def collect() -> None:
            async for _ in InProcess().execute(experiment, 2):
                pass

        task = asyncio.create_task(collect())
        while experiment.progress.turns < 4:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        cancelled = [experiment.cancelled(spec) for spec in plan]
    assert [(one.stop_reason, one.turns) for one in cancelled] == [("cancelled", 1), ("cancelled", 1)]


async def test_what_cannot_travel_is_told_before_the_first_call(fake: FakeLLM, tmp_path: Path) -> None:
    lock = asyncio.Lock()
    cases = {
        "cannot travel to the workers.*FILE.py": settings(fake, PythonBot(function=lambda prompt: str(lock))),
        "a cassette is recorded.*in one process": settings(fake, cassette=tmp_path / "c.jsonl"),
    }
    for says, chosen in cases.items():
        with pytest.raises(ConfigurationError, match=says):
            await run(InProcess(), chosen, 2)
    assert fake.ledger.calls() == 0


async def test_secrets_travel_sealed(fake: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the environment reaches the workers, and is in nothing that is carried."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    carried: list[bytes] = []

    class Watched(InProcessWorker):
        async def begin(self, letter: bytes, silence_s: float) -> None:
            carried.append(letter)
            monkeypatch.delenv("OPENAI_API_KEY", raising=False)  # another machine's environment
            await super().begin(letter, silence_s)

        async def exchange(self, told: bytes) -> bytes:
            carried.append(told)
            carried.append(answer := await super().exchange(told))
            return answer

    class WatchedCluster(InProcess):
        def hire(self) -> Watched:
            return Watched(self, 0)

    results = await run(WatchedCluster(), settings(fake), 3, workers=1)
    assert [one.stop_reason for one in results] == ["goal_reached"] * 3
    assert {request.headers["Authorization"] for request in fake.requests} == {"Bearer sk-very-secret"}
    assert len(carried) > 3
    assert not any(b"sk-very-secret" in message for message in carried)
