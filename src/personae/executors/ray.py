"""Ray executor: the conversations on the machines of a Ray cluster, or on a Ray that is started on this one.

Source: https://docs.ray.io, actors
Idea:   one actor per CPU, each with a shard of the running conversations; see `_driver`, which knows nothing of Ray.
        The cluster at RAY_ADDRESS is used where that is set. Messages are pulled from the actors, not streamed by
        generators: one call carries both directions for the price of one, and no actor can run ahead of the driver.
Cost:   some seconds until Ray has started, and about 100 MB for each worker.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import threading
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from personae.bots._files import is_installed
from personae.core.result import SimulationResult
from personae.errors import ConfigurationError, ExecutorError
from personae.executors import executors
from personae.executors._cluster import WorkerLost
from personae.executors._driver import Driver
from personae.executors._shard import Shard
from personae.experiments.kit import Kit
from personae.experiments.run import Experiment

T = TypeVar("T")


@executors.method("ray")
@dataclass(frozen=True)
class Ray:
    """Many processes, on one machine or many."""

    workers: int = 0
    """Processes at most. 0: as many as are of use, and as the cluster has CPUs."""
    per_worker: int = 64
    """Conversations at once for which one process is enough."""
    patience_s: float = 30.0
    """So long may a worker be silent until it counts as lost, and what it held is given to others."""

    async def execute(self, experiment: Experiment, concurrency: int) -> AsyncIterator[SimulationResult]:
        cluster = await connected()
        wanted = self.workers or min(-(-concurrency // self.per_worker), cluster.most_workers)
        workers = max(1, min(wanted, concurrency, len(experiment.plan)))
        driver = Driver(experiment, concurrency, cluster, workers=workers, patience_s=self.patience_s)
        async for result in driver.results():
            yield result


async def connected(shard: type[Shard] = Shard) -> _Cluster:
    """The cluster at RAY_ADDRESS, or one that this process has started and that ends with it. Its actors are `shard`s.

    In a thread of its own that never ends: in the main one Ray would replace signal handlers, and the processes that it
    starts are killed with the thread that started them.
    """
    loop = asyncio.get_running_loop()
    connected: asyncio.Future[_Cluster] = loop.create_future()

    def connect() -> None:
        outcome: _Cluster | Exception
        try:
            outcome = _connect(shard)
        except Exception as error:  # handed over to who waits
            outcome = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_hand_over, connected, outcome)
        threading.Event().wait()

    threading.Thread(target=connect, name="ray", daemon=True).start()
    return await connected


def _hand_over(to: asyncio.Future[_Cluster], outcome: _Cluster | Exception) -> None:
    if to.done():
        return
    if isinstance(outcome, Exception):
        to.set_exception(outcome)
    else:
        to.set_result(outcome)


def _connect(shard: type[Shard]) -> _Cluster:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray: Any = import_module("ray")  # unseen by type checkers: they would read all of it, and learn nothing
    except ModuleNotFoundError as error:
        raise ConfigurationError("Ray is not installed: pip install 'personae[ray]'") from error
    if not ray.is_initialized():
        address = os.environ.get("RAY_ADDRESS") or "local"
        try:
            logging.getLogger("ray").setLevel(logging.ERROR)  # it warns of what we do on purpose
            ray.init(address, log_to_driver=False, configure_logging=False, **_quiet(address))
        except Exception as error:  # whatever keeps a cluster from being reached
            raise ConfigurationError(f"no Ray at {address!r} (RAY_ADDRESS says where): {error}") from error
    return _Cluster(ray, shard)


def _quiet(address: str) -> dict[str, Any]:
    """A Ray of our own has no dashboard, and other machines cannot reach it: nobody asked for that."""
    return {"include_dashboard": False, "_node_ip_address": "127.0.0.1"} if address == "local" else {}


class _Cluster:
    """A Ray that this process is connected to."""

    def __init__(self, ray: Any, shard: type[Shard]) -> None:
        self._ray = ray
        self._actor = ray.remote(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")(shard)

    @property
    def most_workers(self) -> int:
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def hire(self) -> _Worker:
        return _Worker(self._ray, self._actor.remote())

    def packed(self, thing: object) -> bytes:
        function = getattr(thing.settings.bot, "function", None) if isinstance(thing, Kit) else None
        module = inspect.getmodule(function) if callable(function) else None
        file = getattr(module, "__file__", None)
        pickle = self._ray.cloudpickle
        if module is None or file is None or is_installed(Path(file)):
            return bytes(pickle.dumps(thing))
        pickle.register_pickle_by_value(module)  # the workers do not have this file
        try:
            return bytes(pickle.dumps(thing))
        finally:
            pickle.unregister_pickle_by_value(module)


class _Worker:
    """One actor."""

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray = ray
        self._actor = actor

    async def address(self) -> bytes:
        return await self._answer(self._actor.address.remote())

    async def begin(self, letter: bytes, silence_s: float) -> None:
        await self._answer(self._actor.begin.remote(letter, silence_s))

    async def exchange(self, told: bytes) -> bytes:
        return await self._answer(self._actor.exchange.remote(told))

    async def close(self) -> None:
        await self._answer(self._actor.close.remote())

    def kill(self) -> None:
        self._ray.kill(self._actor)

    async def _answer(self, reference: Awaitable[T]) -> T:
        exceptions = self._ray.exceptions
        try:
            return await reference
        except exceptions.RayTaskError as error:  # a defect of ours: it would come again on any other worker
            raise ExecutorError(f"a worker failed: {error}") from error
        except exceptions.RayError as error:
            raise WorkerLost(str(error).strip()) from error
