"""Driver: one run over many worker processes, whatever engine starts them. It alone draws from the plan and records.

Idea: each worker holds a shard of the running conversations (`_shard`). As one ends, the next of the plan goes to the
      worker with room for it, so a slow worker holds back nobody. Turns and results come back in batches and are
      recorded before the worker goes on with these conversations, so memory and pace are bounded as in one process.
      What a lost worker held is planned again, from the last recorded turn. A conversation with which workers are lost
      again and again is held alone, and is given up where that takes its worker along as well.
Cost: an exchange of messages takes the driver about a millisecond, and a turn in it less than a tenth.
"""

from __future__ import annotations

import asyncio
import logging
import math
import pickle
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from personae.core.conversation import Turn
from personae.core.result import SimulationResult, Spec
from personae.core.validity import Attempt
from personae.errors import ConfigurationError, ExecutorError
from personae.executors._cluster import Cluster, Worker, WorkerLost
from personae.executors._leases import Lender, Paces
from personae.executors._messages import Ask, BrokenOff, Event, Given, Report, Restart, Told
from personae.executors._sealed import sealed
from personae.experiments.recorders import SoFar
from personae.experiments.recorders.journal import RESTART, ended_entry, followed, repeat_entry, turn_entry
from personae.experiments.run import Experiment
from personae.simulation.conversation import Ended

log = logging.getLogger(__name__)

CLOSE_S = 10.0
"""How long a worker may take to end its bot."""
_PULSE_PER_WORKER_S, _LONGEST_PULSE_S = 0.003, 0.25
"""So long does a report gather for each worker there is: many workers do not drown the driver in small ones."""
_LOOK_S = 1.0
"""How soon it is seen that somebody stopped the run."""
_COMPANY, _ALONE = 2, 2
"""So often may a worker be lost with a conversation in company, and then alone, until it is given up."""
_MOST_FAILURES = _COMPANY + _ALONE + 1
"""So many workers in a row may be lost before they have reported anything, until their place stays empty. More than one
conversation can take along."""


@dataclass(eq=False, slots=True)
class Running:
    """A conversation that a worker holds, or that is to be held again since its worker was lost."""

    spec: Spec
    so_far: SoFar
    """As it was when it was given."""
    events: list[Event] = field(default_factory=list)
    """Recorded since then."""
    losses: int = 0
    """How often its worker was lost."""

    def now(self) -> SoFar:
        """What is recorded of it."""
        so_far = self.so_far
        for event in self.events:
            so_far = followed(so_far, _entry(event))
        return so_far


@dataclass(eq=False, slots=True)
class Post:
    """A worker's post, from the day it is hired until it leaves."""

    number: int
    running: dict[str, Running] = field(default_factory=dict)
    recorded: int = 0
    """The number of its last report of which everything is recorded."""
    may_go: list[int] = field(default_factory=list)
    asking: set[asyncio.Task[None]] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """There is something to tell it before it reports by itself."""

    @property
    def has_one_alone(self) -> bool:
        return any(one.losses >= _COMPANY for one in self.running.values())


class Driver:
    """One run. `patience_s` is how long a worker may be silent until it counts as lost."""

    def __init__(
        self, experiment: Experiment, concurrency: int, cluster: Cluster, *, workers: int, patience_s: float
    ) -> None:
        self._experiment = experiment
        self._concurrency = concurrency
        self._cluster = cluster
        self._workers = workers
        self._patience_s = patience_s
        self._left = _left(experiment)
        self._next: Spec | None = None
        self._again: deque[Running] = deque()
        """Lost with their workers."""
        self._posts: dict[int, Post] = {}
        self._numbers = count(1)
        self._lender = Lender(experiment.budget)
        self._paces = Paces()
        self._results: asyncio.Queue[SimulationResult | None] = asyncio.Queue(maxsize=concurrency)
        self._is_over = asyncio.Event()
        self._lost_why = ""
        self._has_heard = False
        """Some worker has reported."""

    async def results(self) -> AsyncIterator[SimulationResult]:
        """Each as it is recorded. Raises what stops the whole run."""
        kit = _packed(self._experiment, self._cluster)
        if self._peek() is None:
            return
        places = [asyncio.create_task(self._fill_place(kit)) for _ in range(self._workers)]
        ending = asyncio.create_task(self._end(places))
        try:
            while (result := await self._results.get()) is not None:
                yield result
            await ending
        finally:
            for task in (ending, *places):
                task.cancel()
            await asyncio.gather(ending, *places, return_exceptions=True)
            for running in (*self._again, *(one for post in self._posts.values() for one in post.running.values())):
                self._experiment.broken_off(running.spec, running.now())
            self._experiment.progress.running = 0

    async def _end(self, places: list[asyncio.Task[None]]) -> None:
        """Wait for all places, or for the first that fails: its error is the run's."""
        under_way = set(places)
        while under_way:
            done, under_way = await asyncio.wait(under_way, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            if any(place.exception() for place in done):
                break
            self._see_if_over()  # somebody may stop the run while no worker is there
        await self._results.put(None)
        for place in done:
            place.result()
        if not self._is_over.is_set():
            raise ExecutorError(
                f"no worker of the cluster could be kept ({self._lost_why}). What was recorded is whole: "
                "run the same again to go on"
            )

    async def _fill_place(self, kit: bytes) -> None:
        """Keep one worker, and hire another where it is lost."""
        failures = 0
        while not self._is_over.is_set() and failures < _MOST_FAILURES:
            post, worker = Post(next(self._numbers)), self._cluster.hire()
            try:
                if await self._has_begun(worker, kit):
                    await self._follow(worker, post)
            except WorkerLost as lost:
                failures = 0 if post.recorded else failures + 1
                await self._lose(post, str(lost))
            finally:
                for ask in post.asking:
                    ask.cancel()
                worker.kill()

    async def _has_begun(self, worker: Worker, kit: bytes) -> bool:
        """Whether the worker got its kit before the run was over. It may wait for room in the cluster for long."""

        async def begin() -> None:
            await worker.begin(sealed(kit, await worker.address()), self._patience_s / 2)

        begun = asyncio.create_task(begin())
        try:
            if await _is_first(begun, self._is_over):
                begun.result()
                return True
            return False
        finally:
            begun.cancel()
            await asyncio.gather(begun, return_exceptions=True)

    async def _follow(self, worker: Worker, post: Post) -> None:
        """Exchange messages with a worker until the run is over. Raises WorkerLost."""
        self._posts[post.number] = post
        calls = deque([self._call(worker, post)])
        try:
            while not self._is_over.is_set():
                if not await _is_first(calls[0], post.news, self._is_over, timeout_s=self._patience_s):
                    calls.append(self._call(worker, post))  # which makes the worker answer the one before
                report = await self._answer(calls.popleft())
                await self._take(post, report)
                if not calls:
                    calls.append(self._call(worker, post))
                elif report.events:
                    post.news.set()  # they wait to hear that they are recorded
            with suppress(TimeoutError, WorkerLost):
                async with asyncio.timeout(CLOSE_S):
                    await worker.close()
            self._posts.pop(post.number)
            self._lender.forget(post.number)
        finally:
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)

    def _call(self, worker: Worker, post: Post) -> asyncio.Task[bytes]:
        post.news.clear()
        return asyncio.create_task(worker.exchange(pickle.dumps(self._told(post), pickle.HIGHEST_PROTOCOL)))

    async def _answer(self, call: asyncio.Task[bytes]) -> Report:
        try:
            async with asyncio.timeout(self._patience_s):
                report: Report = pickle.loads(await call)  # noqa: S301 - our own process sent it, over the cluster's own channel
                return report
        except TimeoutError:
            raise WorkerLost(f"it gave no sign of life for {self._patience_s:g} s") from None

    def _told(self, post: Post) -> Told:
        """All that there is to say to a worker, with as many conversations as it has room for."""
        given = []
        while (running := self._drawn(post)) is not None:
            post.running[running.spec.key] = running
            self._experiment.progress.running += 1
            given.append(Given(running.spec, running.so_far, self._experiment.beside_messages(running.spec)))
        may_go, post.may_go = post.may_go, []
        return Told(
            recorded=post.recorded,
            allowance=self._lender.allowance(post.number),
            given=given,
            may_go=may_go,
            is_stopping=self._experiment.is_stopping,
            pulse_s=min(_LONGEST_PULSE_S, _PULSE_PER_WORKER_S * len(self._posts)),
        )

    def _drawn(self, post: Post) -> Running | None:
        """The next conversation for a worker; None where it, or the run, has enough under way."""
        under_way = sum(len(other.running) for other in self._posts.values())
        if under_way >= self._concurrency or len(post.running) >= self._share or post.has_one_alone:
            return None
        if self._experiment.is_stopping:
            return None
        for running in self._again:
            if running.losses < _COMPANY or not post.running:
                self._again.remove(running)
                return running
        if (spec := self._peek()) is not None:
            self._next = None
            return Running(spec, self._experiment.recorder.so_far(spec.key))
        return None

    @property
    def _share(self) -> int:
        """Conversations at once for each worker that is there."""
        return math.ceil(self._concurrency / len(self._posts))

    def _offer_room(self) -> None:
        """Something ended, or a worker: whoever has less than its share may have more now."""
        if self._posts and (self._again or self._peek()):
            share = self._share
            for post in self._posts.values():
                if len(post.running) < share:
                    post.news.set()

    def _peek(self) -> Spec | None:
        """The next of the plan."""
        self._next = self._next or next(self._left, None)
        return self._next

    def _see_if_over(self) -> None:
        if any(post.running for post in self._posts.values()):
            return
        if self._experiment.is_stopping or not (self._again or self._peek()):
            self._is_over.set()

    async def _take(self, post: Post, report: Report) -> None:
        """Record what a worker reports. Raises what is to stop the whole run."""
        self._lender.report(post.number, report.standing)
        for ask in report.asks:
            task = asyncio.create_task(self._let_go(post, ask))
            post.asking.add(task)
            task.add_done_callback(post.asking.discard)
        recorded = await asyncio.gather(*(self._record(post, one) for one in report.events), return_exceptions=True)
        for result in recorded:
            if isinstance(result, BaseException):
                raise result
            if result is not None:
                await self._results.put(result)
                self._offer_room()
        post.recorded, self._has_heard = report.number, True
        if report.failed is not None:
            raise report.failed
        for other in self._posts.values():
            if self._lender.has_news_for(other.number):
                other.news.set()
        self._see_if_over()

    async def _let_go(self, post: Post, ask: Ask) -> None:
        await self._paces.keep(ask)
        post.may_go.append(ask.number)
        post.news.set()

    async def _record(self, post: Post, event: Event) -> SimulationResult | None:
        """Record one event. The result, where it is the conversation's last."""
        experiment, recorder, running = self._experiment, self._experiment.recorder, post.running[event.key]
        spec = running.spec
        result: SimulationResult | None = None
        match event.what:
            case Turn() as turn:
                await recorder.turn(spec, turn, event.beside)
                experiment.progress.turns += 1
            case Ended() as ended:
                await recorder.ended(spec, ended, event.beside)
            case Attempt() as attempt:
                await recorder.repeat(spec, attempt, event.beside)
                experiment.progress.repeated += 1
            case Restart():
                await recorder.restart(spec)
            case BrokenOff():
                experiment.broken_off(spec, running.now())
                result = experiment.half_done[spec.key]
            case SimulationResult() as finished:
                await recorder.finish(finished)
                experiment.progress.finished(finished)
                result = finished
        if result is None:
            running.events.append(event)
        else:
            del post.running[event.key]
            experiment.progress.running -= 1
        return result

    async def _lose(self, post: Post, why: str) -> None:
        """A worker is lost: what it held is for others, but for what has taken several workers along."""
        self._lost_why = why
        self._posts.pop(post.number, None)
        self._lender.write_off(post.number)
        log.warning("a worker is lost", extra={"why": why, "conversations": len(post.running)})
        self._experiment.progress.running -= len(post.running)
        for running in post.running.values():
            running.so_far, running.events = running.now(), []
            running.losses += 1
            if running.losses < _COMPANY + _ALONE or not self._has_heard:  # it may be the cluster's own fault
                self._again.append(running)
                continue
            times = f"{running.losses} workers were lost while they held this conversation"
            problem = f"{times}, the last {_ALONE} of them nothing else: {why}"
            await self._results.put(await self._experiment.given_up(running.spec, running.so_far, problem))
        self._offer_room()
        self._see_if_over()


def _left(experiment: Experiment) -> Iterator[Spec]:
    for spec in experiment.plan:
        if experiment.is_stopping or experiment.has_enough:
            return
        if not experiment.recorder.is_finished(spec.key):
            yield spec


def _packed(experiment: Experiment, cluster: Cluster) -> bytes:
    """The kit, ready to be sealed. Raises ConfigurationError and InputError where it cannot travel."""
    if experiment.kit is None:
        raise ConfigurationError("this run can be held in this process alone: use the executor `local`")
    kit = experiment.kit.for_travel()
    try:
        return cluster.packed(kit)
    except Exception as error:  # what a stranger's function holds on to may raise anything
        raise ConfigurationError(
            f"the bot {kit.settings.bot.label} cannot travel to the workers ({type(error).__name__}: {error}). Give it "
            "as FILE.py:FUNCTION, so that each worker loads it for itself"
        ) from error


async def _is_first(call: asyncio.Task[Any], *events: asyncio.Event, timeout_s: float | None = None) -> bool:
    """Whether `call` ends before any of the events comes. Raises WorkerLost where neither does in time."""
    waits = {asyncio.create_task(event.wait()) for event in events}
    try:
        done, _ = await asyncio.wait({call, *waits}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    if not done:
        raise WorkerLost(f"it gave no sign of life for {timeout_s:g} s")
    return call.done()


def _entry(event: Event) -> dict[str, Any]:
    """The same as an entry of a journal."""
    match event.what:
        case Turn() as turn:
            return turn_entry(turn, event.beside)
        case Ended() as ended:
            return ended_entry(ended, event.beside)
        case Attempt() as attempt:
            return repeat_entry(attempt, event.beside)
        case _:
            return RESTART
