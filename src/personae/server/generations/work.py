"""One run of a generation, from its first call to its last record, as a task of the launcher."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from personae.core.model import Model
from personae.core.seed import digest
from personae.errors import ConfigurationError, InputError, NotFound
from personae.experiments.budget import Budget, Ceilings
from personae.experiments.generating import Generating, metered
from personae.experiments.nearness import embeddings
from personae.generation import Draft, Generator, Reporting
from personae.llm.config import LLMConfig
from personae.server.bot_specs import model_config
from personae.server.generations.flagging import flagged
from personae.server.generations.keeping import InStore
from personae.server.generations.methods import opened, told
from personae.server.models import outgoing, simulator_config
from personae.server.services import Services
from personae.store import drafts, generations, llm_configs, tasks
from personae.store.columns import Record
from personae.store.engine import Connection
from personae.transport import Transport

PIECES_AT_ONCE = 16


@dataclass(slots=True)
class Making:
    """One task while this process runs it."""

    services: Services
    task: Record
    owner: str
    wanted: str = ""
    """`cancel`, or `hand over` where this process ends."""
    _running: Generating | None = None

    @property
    def task_id(self) -> str:
        return str(self.task["id"])

    @property
    def generation_id(self) -> int:
        return int(self.task["payload"]["generation_id"])

    def hear(self, wish: str, settings: Record) -> None:  # noqa: ARG002 - it has none that change as it runs
        """What people want of it by now: to cancel."""
        if wish:
            self.stop(wish)

    def stop(self, why: str) -> None:
        """Finish the pieces that are under way, record them, and begin no new one."""
        if not self.wanted:
            self.wanted = why
        if self._running is not None:
            self._running.stop(why)

    async def began(self, connection: Connection) -> None:
        """A process has taken the task."""
        row = await generations.whole(connection, self.generation_id)
        if row is not None and row["task_id"] == self.task_id:
            now = self.services.now()
            values = {"status": "running", "started_at": row["started_at"] or now}
            await generations.change(connection, self.generation_id, now=now, **values)

    async def work(self) -> None:
        """The whole run. Raises what stopped it; see `Launcher` for what becomes of that."""
        services = self.services
        async with services.database.reading() as connection:
            row = await generations.whole(connection, self.generation_id)
            if row is None:
                raise NotFound("the generation was deleted")
            config, carrier = await writer(connection, services, row["project_id"], row["llm_config_id"])
        trouble = services.troubles.of(f"generation {row['id']}")
        async with (
            opened(row["method"], row["options"]) as method,
            metered(
                config,
                ceilings=Ceilings(row["budget_usd"]),
                concurrency=PIECES_AT_ONCE,
                seed=row["seed"],
                carrier=carrier,
            ) as (model, budget),
        ):
            kept = await InStore.open(services, row, self.task_id, self.owner, trouble)
            try:
                async with _near(services, row, config, budget) as near:
                    await self._make(row, method, kept, model, budget, near)
            finally:
                await kept.close()
                trouble("")

    async def _make(
        self, row: Record, method: Generator, kept: InStore, model: Model, budget: Budget, near: Model | None
    ) -> None:
        run = await asyncio.to_thread(_run_of, row, model.name)  # options may be a log of a hundred megabytes
        self._running = running = Generating(model, budget, kept, PIECES_AT_ONCE, run, near)
        if self.wanted:
            running.stop(self.wanted)
        try:
            async for _ in running.generate(method, row["n"], row["seed"]):
                pass
        except InputError as error:
            raise told(error) from error
        finally:
            async with self.services.database.writing() as connection:
                if await tasks.still_owned(connection, self.task_id, self.owner, now=self.services.now()):
                    await self._sum_up(connection, row, method, kept, running)

    async def _sum_up(
        self, connection: Connection, row: Record, method: Generator, kept: InStore, running: Generating
    ) -> None:
        """Flags of all drafts, what the method says of them, and why the run ended early, where it did."""
        rows = await drafts.records(connection, row["id"])
        topics = getattr(method, "topics", ())
        found = await asyncio.to_thread(flagged, rows, row["makes"], topics)
        open_ids = {one["id"] for one in await drafts.in_state(connection, row["id"], "open")}
        await drafts.change_each(connection, ({"draft_id": id_, "flags": mine} for id_, mine in found.items()))
        await drafts.change_each(
            connection,
            ({"draft_id": id_, "priority": len(mine)} for id_, mine in found.items() if id_ in open_ids),
        )
        values: dict[str, Any] = {"problem": None if running.cut == self.wanted else running.cut or None}
        if len(kept.found) >= row["n"]:
            await drafts.forget_answers(connection, row["id"])
        nearness = running.nearness
        values["told"] = _report(method, list(kept.found.values())) + (nearness.told() if nearness is not None else [])
        await generations.change(connection, row["id"], now=self.services.now(), **values)

    async def paused(self, connection: Connection, now: datetime) -> None:
        """A generation goes on by `resume` alone: it is as good as cancelled."""
        await self.ended(connection, "cancelled", None, has_failed=True, now=now)

    async def ended(
        self, connection: Connection, status: str, problem: str | None, *, has_failed: bool, now: datetime
    ) -> None:
        """The run is over; which ceiling ended it stands there already."""
        row = await generations.whole(connection, self.generation_id)
        if row is not None and row["task_id"] == self.task_id:
            values = {"status": status, "ended_at": now}
            if status == "failed":
                values["problem"] = problem or ""
            await generations.change(connection, self.generation_id, now=now, **values)
        await tasks.set_status(connection, self.task_id, "FAILURE" if has_failed else "SUCCESS", error=problem, now=now)


def _run_of(row: Record, model: str) -> str:
    """Names the work; see `experiments.generating.run_of`."""
    return digest(row["method"], json.dumps(row["options"], sort_keys=True), model, str(row["seed"]))


def _report(method: Generator, made: Sequence[Draft]) -> list[str]:
    return list(method.report(made).lines) if made and isinstance(method, Reporting) else []


async def writer(
    connection: Connection, services: Services, project_id: int, llm_config_id: int | None
) -> tuple[LLMConfig, AbstractAsyncContextManager[Transport] | None]:
    """The model that writes, and what carries its requests: to an address of a user's never into the network behind.

    Raises InputError for a config that is not there or is no model, ConfigurationError for a key that cannot be read.
    """
    if llm_config_id is None:
        return simulator_config(services.settings), None
    row = await llm_configs.get(connection, project_id, llm_config_id)
    if row is None:
        raise InputError(f"there is no LLM config {llm_config_id} in this project", field="llm_config_id")
    return model_config(row["settings"], services.cipher.unseal(row["secrets"])), outgoing(services)


@asynccontextmanager
async def _near(services: Services, row: Record, config: LLMConfig, budget: Budget) -> AsyncIterator[Model | None]:
    """Who tells near-copies by meaning; None where words alone do."""
    if not row["embeddings_model"]:
        yield None
        return
    carrier = None if row["llm_config_id"] is None else outgoing(services)
    async with embeddings(config, row["embeddings_model"], budget, PIECES_AT_ONCE, carrier) as near:
        yield near


@asynccontextmanager
async def connected(
    services: Services, project_id: int, llm_config_id: int | None, embeddings_model: str = ""
) -> AsyncIterator[Model]:
    """That model, for what it costs. Raises as `writer`, ConfigurationError, and InputError where its endpoint has no
    embeddings and some are asked for.
    """
    async with services.database.reading() as connection:
        config, carrier = await writer(connection, services, project_id, llm_config_id)
    async with metered(config, ceilings=Ceilings(), concurrency=1, seed=0, carrier=carrier) as (model, budget):
        if embeddings_model:
            try:
                async with embeddings(config, embeddings_model, budget, 1):
                    pass
            except ConfigurationError as error:
                raise InputError(str(error), field="embeddings_model") from error
        yield model
