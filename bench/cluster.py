"""A run over worker processes: what the driver costs, and what a second worker brings.

`python -m bench.cluster driver ...` is one run whose workers do nothing but wait: as many turns as they say come from
them, each after a latency, and the driver draws, hands out and records as always. `... here` has the workers in a
thread of the same process, for more of them than a machine has room for; else they are Ray's.
`python -m bench.cluster workers ...` is one run against a fake model server. Both print one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pickle
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

from bench.measure import high_water_mib
from personae.bots.mock import MockBot
from personae.core.conversation import Conversation, Turn
from personae.core.persona import Persona, Scenario
from personae.core.result import SimulationResult, Spec
from personae.core.usage import Usage
from personae.executors._driver import Driver
from personae.executors._messages import Given
from personae.executors._shard import Shard
from personae.executors.ray import Ray, connected
from personae.experiments.budget import Ceilings
from personae.experiments.build import engine
from personae.experiments.recorders import InMemory
from personae.experiments.recorders.jsonl import Jsonl
from personae.experiments.run import Experiment
from personae.experiments.settings import Settings
from personae.llm.config import LLMConfig

TEXT = "I ordered it two weeks ago, and nobody could tell me so far where it is. What happens next, and when? " * 2
USED = Usage(calls=1, input_tokens=700, output_tokens=60, priced_usd=0.001)
LATENCY_S = 0.5


class LatencyOnly(Shard):
    """A worker whose conversations take no CPU to speak of: each turn comes after a latency."""

    turns = 8
    """Of the user, and as many of the bot."""

    async def begin(self, letter: bytes, silence_s: float) -> None:  # noqa: ARG002 - nothing is opened
        self._experiment = cast("Any", self)

    async def _hold(self, experiment: Experiment, given: Given) -> None:  # noqa: ARG002 - and nobody is asked
        spec, turns = given.spec, []
        for _ in range(self.turns):
            for role in ("user", "assistant"):
                await asyncio.sleep(LATENCY_S)
                turns.append(Turn(cast("Any", role), TEXT, 500.0, USED))
                await self._outbox.turn(spec, turns[-1])
        await self._outbox.finish(_result(spec, turns))
        self._outbox.end(spec.key)
        self._running.pop(spec.key, None)


def _result(spec: Spec, turns: list[Turn]) -> SimulationResult:
    talk = Conversation(tuple(turns), "max_turns")
    return SimulationResult(spec.key, spec.persona, spec.scenario, spec.epoch, talk, usage={"bot": USED})


class Forgetful(InMemory):
    """Keeps nothing, so that what grows is the driver's."""

    async def finish(self, result: SimulationResult) -> None: ...


class Here:
    """Workers in a thread with a loop of its own: what they cost is not in the driver's CPU time."""

    most_workers = 1000

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def hire(self) -> _InThread:
        return _InThread(self.loop)

    def packed(self, thing: object) -> bytes:
        return pickle.dumps(thing)


class _InThread:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._shard = LatencyOnly()

    async def _there(self, work: Any) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def address(self) -> bytes:
        return cast("bytes", await self._there(self._shard.address()))

    async def begin(self, letter: bytes, silence_s: float) -> None:
        await self._there(self._shard.begin(letter, silence_s))

    async def exchange(self, told: bytes) -> bytes:
        return cast("bytes", await self._there(self._shard.exchange(told)))

    async def close(self) -> None: ...

    def kill(self) -> None: ...


async def drive(conversations: int, workers: int, concurrency: int, *, here: bool, turns: int) -> dict[str, float]:
    """One run of latency-only workers."""
    LatencyOnly.turns = turns
    side = max(1, round(conversations**0.5))
    people = [Persona(name=f"p{number}", description="Short of time.") for number in range(side)]
    scenarios = [Scenario(goal=f"Ask for order {number}.") for number in range(-(-conversations // side))]
    config = LLMConfig("offline")
    settings = Settings(bot=MockBot(), simulator=config, judge=config, metrics=(), ceilings=Ceilings())
    with tempfile.TemporaryDirectory() as folder:
        recorder: Any = Forgetful() if here else Jsonl(Path(folder) / "r.jsonl")
        async with engine(settings) as running:
            experiment = running.experiment(running.plan(people, scenarios), recorder)
            cluster: Any = Here() if here else await connected(LatencyOnly)
            driver = Driver(experiment, concurrency, cluster, workers=workers, patience_s=600)
            clock = time.thread_time if here else time.process_time
            return await _measured(driver.results(), clock, turns)


async def _measured(results: AsyncIterator[SimulationResult], clock: Any, turns: int) -> dict[str, float]:
    done, cpu, wall = 0, clock(), time.perf_counter()
    async for _ in results:
        done += 1
        if done % 100_000 == 0:
            print(f"{done:,} done: {1000 * (clock() - cpu) / done:.3f} CPU ms each", file=sys.stderr, flush=True)
    cpu_s = clock() - cpu
    return {
        "conversations": done,
        "cpu_ms_per_turn": 1000 * cpu_s / (done * turns * 2),
        "cpu_ms_per_conversation": 1000 * cpu_s / done,
        "wall_s": time.perf_counter() - wall,
        "peak_mib": high_water_mib(os.getpid()),
    }


async def work(url: str, workers: int, per_worker: int, conversations: int) -> dict[str, float]:
    """One run of real workers against the server at `url`; counted from the first turn on."""
    config = LLMConfig("openai", "m", base_url=f"{url}/v1", api_key="sk-x")
    bot = MockBot()
    people = [
        Persona(name=f"p{number}", description="Hasty.", goal=f"Ask for {number}.") for number in range(conversations)
    ]
    settings = Settings(bot=bot, simulator=config, judge=config, metrics=(), ceilings=Ceilings())
    async with engine(settings) as running:
        experiment = running.experiment(running.plan(people, []), InMemory())
        executor = Ray(workers=workers, per_worker=per_worker)
        began = 0.0
        async for _ in executor.execute(experiment, workers * per_worker):
            began = began or time.perf_counter()  # not counted: Ray's start, and the first round
        return {"conversations_per_s": (conversations - workers * per_worker) / (time.perf_counter() - began)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.cluster")
    parser.add_argument("what", choices=("driver", "workers"))
    parser.add_argument("--url", default="")
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--per-worker", type=int, default=32)
    parser.add_argument("--concurrency", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=8)
    parser.add_argument("--here", action="store_true")
    o = parser.parse_args()
    if o.what == "driver":
        found = asyncio.run(drive(o.conversations, o.workers, o.concurrency, here=o.here, turns=o.turns))
    else:
        found = asyncio.run(work(o.url, o.workers, o.per_worker, o.conversations))
    print(json.dumps({name: round(value, 4) for name, value in found.items()}))


if __name__ == "__main__":
    main()
