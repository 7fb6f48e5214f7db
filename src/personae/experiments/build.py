"""From settings to an experiment that can run: connections, models behind the meter, the live bot, the plan."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from personae.bots import AsksForColumns, Bot, BotSpec, BotWiring
from personae.bots._targets import settings as bot_settings
from personae.core.model import Model
from personae.core.persona import Behaviour, Persona, Scenario
from personae.core.seed import digest
from personae.errors import Conflict, PersonaeError
from personae.experiments.budget import Budget, Metered
from personae.experiments.estimate import Estimate, estimate
from personae.experiments.kit import Guard, Kit
from personae.experiments.origin import origin
from personae.experiments.plan import Plan, make_plan
from personae.experiments.recorders import Recorder
from personae.experiments.run import Experiment
from personae.experiments.settings import Settings
from personae.experiments.traces import traced
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.providers import connect
from personae.rating.auditor import PROMPT_VERSIONS as AUDITOR
from personae.rating.judge import Judge
from personae.rating.metrics import metrics
from personae.rating.panel import Panel
from personae.simulation import dose
from personae.simulation.conversation import Rules
from personae.simulation.simulator import FACTS_VERSIONS, NOTE_VERSIONS, PROMPT_VERSIONS
from personae.transport import Pool, Transport
from personae.transport.cassette import Cassette


@dataclass(slots=True)
class Engine:
    """What all conversations of a run share, live."""

    settings: Settings
    budget: Budget
    simulator: Model
    judge: Judge
    bot: Bot
    bot_model: Model | None
    """The model that is the bot, where the bot is a bare model."""
    created_at: str
    cassette: Cassette | None = None
    guard: Guard | None = None

    def plan(self, personas: Sequence[Persona], scenarios: Sequence[Scenario], *, system_prompt: str = "") -> Plan:
        """The plan, checked. `system_prompt` takes the place of the bot's own; either is filled from each scenario.

        Raises InputError.
        """
        settings, prompt = self.settings, system_prompt or self.bot.system_prompt
        return make_plan(
            personas,
            scenarios,
            criteria=settings.criteria,
            epochs=settings.epochs,
            seed=settings.seed,
            bot_columns=settings.bot.columns if isinstance(settings.bot, AsksForColumns) else (),
            system_prompt=prompt,
            behaviours=settings.behaviours,
            settings=digest(
                settings.bot.label,
                _identity(settings.bot),
                prompt,
                self.simulator.name,
                str(settings.simulator.temperature),
                str(settings.max_turns),
                str(settings.seed),
                *PROMPT_VERSIONS.values(),
                *_beside(personas, scenarios, settings.behaviours),
            ),
        )

    def experiment(self, plan: Plan, recorder: Recorder) -> Experiment:
        """The experiment for `plan`, going on from what `recorder` holds.

        Raises Conflict where it holds results of something else.
        """
        if recorder.strangers(spec.key for spec in plan):
            raise Conflict(
                "the file holds results of other personas, scenarios, bot or settings. Give another --out, or replace "
                "it with --fresh"
            )
        if recorder.finished and recorder.rating_version not in ("", self.rating_version):
            raise Conflict(
                "the results in the file were rated by other criteria, metrics or another judge. Give another --out, "
                "or replace them with --fresh"
            )
        recorder.begin()
        self.budget.spent = self.budget.spent + recorder.spent
        experiment = self.assembled(Kit(self.settings, self.run_id, self.metadata(), self.guard), plan, recorder)
        experiment.progress.begin(len(plan), recorder.finished)
        return experiment

    def assembled(self, kit: Kit, plan: Plan, recorder: Recorder) -> Experiment:
        """The experiment of `kit` with this engine's parts."""
        settings = self.settings
        return traced(
            Experiment(
                plan=plan,
                simulator=self.simulator,
                bot=self.bot,
                judge=self.judge,
                rules=Rules(settings.max_turns, settings.conversation_timeout_s),
                budget=self.budget,
                recorder=recorder,
                metadata=kit.metadata,
                repeat_invalid=settings.repeat_invalid,
                audits=settings.audit,
                run_id=kit.run_id,
                kit=kit,
            )
        )

    @property
    def run_id(self) -> str:
        """Names this run among all others. A replay's is the recorded run's, since it stands in what was recorded."""
        return digest(self.created_at) if self.cassette is not None else uuid4().hex[:12]

    def metadata(self) -> dict[str, Any]:
        """What every row says about how it came to be."""
        settings = self.settings
        prompts = {**PROMPT_VERSIONS, **self.judge.prompt_versions, **(AUDITOR if settings.audit else {})}
        return {
            "bot": settings.bot.label,
            "simulator_model": self.simulator.name,
            "judge_model": self.judge.name,
            "judge_provider": settings.judge.provider,
            "judge_mode": settings.judge_mode,
            "max_turns": settings.max_turns,
            "run_seed": settings.seed,
            "rating_version": self.rating_version,
            **({"criteria": {one.label: one.version_hash for one in settings.criteria}} if settings.criteria else {}),
            "provenance": origin(self.created_at, prompts),
        }

    @property
    def rating_version(self) -> str:
        """Names exactly how transcripts are rated: criteria, metrics, judge and its prompts."""
        judge = self.judge
        questions = (criterion.version_hash for criterion in judge.criteria)
        names = (metric.name for metric in judge.metrics)
        return digest(judge.name, judge.mode, *questions, *names, *judge.prompt_versions.values())

    def estimate(self, conversations: int, *, is_scripted: bool = False) -> Estimate:
        """What so many conversations will take. Scripted ones need no simulator."""
        turns = max(self.settings.max_turns, 1)
        per_turn = len(self.judge.metrics) + (len(self.judge.criteria) + 1 + turns - 1) // turns
        return estimate(
            conversations=conversations,
            max_turns=self.settings.max_turns,
            simulator=None if is_scripted else self.simulator,
            judges=[member.model for member in self.judge.members],
            answers=per_turn,
            bot=self.bot_model,
            bot_system=self.bot.system_prompt,
            auditor=self.judge.model if self.settings.audit else None,
        )


def _beside(
    personas: Sequence[Persona], scenarios: Sequence[Scenario], behaviours: Sequence[Behaviour]
) -> Iterator[str]:
    """What makes conversations others beside what all have: behaviours and facts. Nothing where there are none."""
    try:
        prompts = dose.prompt_versions(personas, scenarios, behaviours)
    except PersonaeError:  # the plan tells what is wrong with them
        return
    if prompts:
        yield from (*NOTE_VERSIONS.values(), *prompts.values())
        yield from (json.dumps(one.as_dict(), sort_keys=True) for one in behaviours)
    own = (scenario.persona for scenario in scenarios)
    if any(persona.facts for persona in (*personas, *own) if persona is not None):
        yield from FACTS_VERSIONS.values()


_HOW_FAST = frozenset(
    {"requests_per_minute", "tokens_per_minute", "processes", "timeout_s", "api_key_env", "api_key", "hidden"}
    | {"api_version", "uses_environment"}
)
"""Settings of a bot that change nothing in what it says: a run may go on with others."""


def _identity(bot: BotSpec) -> str:
    """The settings that make the bot the one it is, as text. Without secrets."""
    chosen = {name: value for name, value in bot_settings(bot).items() if name not in _HOW_FAST}
    return json.dumps(chosen, sort_keys=True, default=str)


@asynccontextmanager
async def engine(
    settings: Settings, guarded: Pool | None = None, *, budget: Budget | None = None, limits: Limits | None = None
) -> AsyncIterator[Engine]:
    """The engine for `settings`, closed at the end.

    `guarded` carries the requests to the bot, and to models whose address somebody else than the process's owner chose;
    it is closed as well. `budget` and `limits` are the settings' own where none are given. Raises ConfigurationError
    and InputError before any call.
    """
    budget = budget or Budget(settings.ceilings)
    created_at = datetime.now(UTC).isoformat(timespec="seconds")
    async with Pool() as pool, guarded or pool as outside:
        cassette = None
        transport: Transport = pool
        if settings.cassette is not None:
            cassette = Cassette(settings.cassette, pool, now=created_at, replay_only=settings.replay_only)
            transport = cassette
            created_at = cassette.recorded_at
        wiring = Wiring(transport, limits or Limits(settings.concurrency), seed=settings.seed)
        wiring_outside = wiring if guarded is None else replace(wiring, transport=outside)
        bot_models: list[Model] = []

        def metered(config: LLMConfig) -> Model:
            return Metered(connect(config, wiring if config.uses_environment else wiring_outside), budget)

        def connect_bot(**config: Any) -> Model:
            chosen = LLMConfig(**{"rates": settings.bot_rates, "attempts": settings.bot_attempts, **config})
            model = metered(chosen)
            if chosen.rates is None and model.estimate_usd(1, 1) is None:  # a price that is given serves the bot too
                model = metered(chosen.with_(rates=settings.simulator.rates))
            bot_models.append(model)
            return model

        simulator = metered(settings.simulator)
        same = settings.judge == settings.simulator
        judge = Judge(
            simulator if same else metered(settings.judge),
            settings.criteria,
            tuple(metrics.get(name)() for name in settings.metrics),
            settings.judge_mode,
        )
        if settings.more_judges:
            others = tuple(replace(judge, model=metered(config)) for config in settings.more_judges)
            judge = Panel(judge.model, judge.criteria, judge.metrics, judge.mode, others)
        bot_wiring = BotWiring(wiring_outside.transport, connect_bot, settings.turn_timeout_s, settings.concurrency)
        if settings.bot_attempts is not None:
            bot_wiring = replace(bot_wiring, attempts=settings.bot_attempts)
        bot = settings.bot.open(bot_wiring)
        try:
            yield Engine(
                settings,
                budget,
                simulator,
                judge,
                bot,
                bot_models[0] if bot_models else None,
                created_at,
                cassette,
                None if guarded is None else Guard(guarded.allowed),
            )
        finally:
            await bot.close()


@asynccontextmanager
async def unpacked(kit: Kit, recorder: Recorder, budget: Budget, limits: Limits) -> AsyncIterator[Experiment]:
    """The experiment of `kit` in a process of its own, without a plan. Raises ConfigurationError and InputError.

    Its run id is its own: a conversation that begins anew here is a new one for a bot that remembers.
    """
    kit.check()
    kit = replace(kit, run_id=uuid4().hex[:12])
    os.environ.update(kit.environment)
    guarded = None if kit.guard is None else Pool(allowed=kit.guard.allowed)
    async with engine(kit.settings, guarded, budget=budget, limits=limits) as running:
        yield running.assembled(kit, Plan(), recorder)
