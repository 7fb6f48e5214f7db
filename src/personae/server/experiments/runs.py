"""One task of an experiment, from its first call to its last record.

run       every conversation of the plan that has no response yet
respond   some places of the plan once more, as responses beside the others
rate      responses that are there, by another criterion set or judge; nothing is simulated again
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from personae.errors import NotFound, PersonaeError
from personae.executors import executor
from personae.experiments.budget import Budget
from personae.experiments.build import Engine, engine
from personae.experiments.plan import Plan
from personae.experiments.recorders.sql import Sql, Target
from personae.experiments.run import Experiment
from personae.server.bot_specs import secrets_for
from personae.server.experiments.inputs import criteria, engine_settings, inputs
from personae.server.experiments.rerate import rate
from personae.server.experiments.results import summed_up
from personae.server.models import Models, experiment_models
from personae.server.outgoing import pool
from personae.server.services import Services
from personae.store import experiments, llm_configs, tasks
from personae.store.columns import Record
from personae.store.engine import Connection


@dataclass(slots=True)
class Run:
    """One task while this process runs it."""

    services: Services
    task: Record
    owner: str
    _stop: Callable[[], None] = field(default=lambda: None)
    _budget: Budget | None = None
    wanted: str = ""
    """`pause`, `cancel`, or `hand over` where this process ends."""

    def hear(self, wish: str, settings: Record) -> None:
        """What people want of it by now: to pause, to cancel, another ceiling."""
        if wish:
            self.stop(wish)
        budget, usd = self._budget, settings.get("budget_usd", self.services.settings.budget_usd)
        if budget is not None and usd != budget.ceilings.usd:
            budget.set_ceilings(replace(budget.ceilings, usd=usd))

    def stop(self, why: str) -> None:
        """Finish the calls that are under way, record them, and make no new one."""
        if not self.wanted:
            self.wanted = why
        self._stop()

    @property
    def task_id(self) -> str:
        return str(self.task["id"])

    async def began(self, connection: Connection) -> None:
        """A process has taken the task."""
        experiment = await experiments.by_id(connection, self.task["experiment_id"])
        if experiment is not None and experiment["task_id"] == self.task_id:
            now = self.services.now()
            started: Any = experiment["started_at"] or now
            await experiments.change(connection, experiment["id"], now=now, status="running", started_at=started)

    async def paused(self, connection: Connection, now: datetime) -> None:
        """It waits until somebody wants it to go on."""
        await tasks.set_status(connection, self.task_id, "PAUSED", now=now)
        experiment = await experiments.by_id(connection, self.task["experiment_id"])
        if experiment is not None and experiment["task_id"] == self.task_id:
            await experiments.change(connection, experiment["id"], now=now, status="paused")

    async def ended(
        self, connection: Connection, status: str, problem: str | None, *, has_failed: bool, now: datetime
    ) -> None:
        """The task is over: its experiment is `status`, with what came out summed up for lists and pages."""
        experiment = await experiments.by_id(connection, self.task["experiment_id"])
        if experiment is not None:
            ended_at = experiment["ended_at"] or now
            values: dict[str, Any] = {"results": await summed_up(connection, experiment, until=ended_at)}
            if experiment["task_id"] == self.task_id:  # a task beside the run leaves its state alone
                values |= {"status": status, "problem": problem, "ended_at": ended_at}
            await experiments.change(connection, experiment["id"], now=now, **values)
        await tasks.set_status(connection, self.task_id, "FAILURE" if has_failed else "SUCCESS", error=problem, now=now)

    async def work(self) -> None:
        """The whole task. Raises what stopped it; see `Launcher` for what becomes of that."""
        services, experiment_id = self.services, self.task["experiment_id"]
        async with services.database.reading() as connection:
            experiment = await experiments.by_id(connection, experiment_id)
            if experiment is None:
                raise NotFound("the experiment was deleted")
            rows = await experiments.rows(connection, experiment_id)
            secrets, models = await secrets_and_models(connection, services, experiment)
        payload = self.task["payload"]
        experiment["rating_mode"] = payload.get("rating_mode", experiment["rating_mode"])
        settings = engine_settings(experiment, secrets, models, services.settings)
        async with engine(settings, pool(services.settings)) as running:
            self._budget = running.budget
            match self.task["kind"]:
                case "rate":
                    await rate(self, experiment, running)
                case "respond":
                    await self._converse(experiment, rows, running, f"~{self.task_id[:8]}", payload["places"])
                case _:
                    await self._converse(experiment, rows, running)
                    for suffix, places in payload.get("beside", {}).items():
                        await self._converse(experiment, rows, running, suffix, places)

    async def _converse(
        self,
        experiment: Record,
        rows: list[Record],
        running: Engine,
        suffix: str = "",
        places: list[int] | None = None,
    ) -> None:
        """The whole plan; or some places of it once more, as responses whose keys end with `suffix`."""
        services = self.services
        response_column = experiment["settings"].get("response_column")
        given = inputs(
            experiment["snapshot"], rows, mode=experiment["evaluation_mode"], response_column=response_column
        )
        plan = running.plan(given.personas, given.scenarios, system_prompt=given.system_prompt)
        target = Target(
            project_id=experiment["project_id"],
            experiment_id=experiment["id"],
            task_id=self.task_id,
            owner=self.owner,
            cell_at=given.cell_at,
            criteria=criteria(experiment["snapshot"])[1],
            rater=running.judge.name,
            now=services.now,
            suffix=suffix,
        )
        trouble = services.troubles.of(f"experiment {experiment['id']}")
        retry_errors = bool(self.task["payload"].get("retry_errors"))
        recorder = await Sql.open(services.database, target, retry_errors=retry_errors, on_trouble=trouble)
        try:
            if places is not None:
                plan = _some(plan, places)
            run = running.experiment(plan, recorder)
            run.beside_messages = given.beside_messages
            self._stop = run.stop
            if self.wanted:
                run.stop()
            await self._execute(run, running.settings.concurrency, _providers(experiment, running))
        finally:
            with suppress(PersonaeError):
                await recorder.close()
            trouble("")

    async def _execute(self, run: Experiment, concurrency: int, providers: dict[str, str]) -> None:
        metrics, settings = self.services.metrics, self.services.settings
        with metrics.following(run.progress):
            async for result in executor(settings.executor, settings.executor_workers).execute(run, concurrency):
                if result.key not in run.half_done:
                    metrics.conversation_finished(result, providers)


def _some(plan: Plan, places: list[int]) -> Plan:
    epochs = max((place // max(plan.per_epoch, 1) + 1 for place in places), default=1)
    return replace(plan, only=frozenset(places), epochs=max(plan.epochs, epochs))


def _providers(experiment: Record, running: Engine) -> dict[str, str]:
    bot = (experiment["snapshot"]["llm_config"] or {}).get("provider", running.settings.simulator.provider)
    return {"bot": bot, "simulator": running.settings.simulator.provider, "judge": running.settings.judge.provider}


async def secrets_and_models(
    connection: Connection, services: Services, experiment: Record
) -> tuple[dict[str, Any], Models]:
    """The keys of the bot's LLM config, and the simulator's and the judges' configs.

    Raises ConfigurationError where a stored key cannot be read, InputError where a config is gone.
    """
    config_id, secrets = experiment["llm_config_id"], dict[str, Any]()
    if config_id is not None:
        config = await llm_configs.get(connection, experiment["project_id"], config_id)
        if config is not None:
            secrets = secrets_for(experiment["snapshot"]["llm_settings"] or {}, config, services.cipher)
    models = await experiment_models(connection, services, experiment["project_id"], experiment["settings"])
    return secrets, models
