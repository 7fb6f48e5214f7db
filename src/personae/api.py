"""The Python door: `simulate`, `score_simulations`, `propose_personas`. Plain functions, in a running loop too."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import signal
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

from personae.bots import BotSpec
from personae.bots._targets import parse_target
from personae.bots.python import PythonBot
from personae.core.conversation import DISCLAIMER
from personae.core.persona import Behaviour, Persona, Scenario
from personae.core.rating import Criterion, Mode
from personae.core.result import SimulationResult
from personae.errors import BotError, ConfigurationError, ExecutorError, ProviderError, RecordingError
from personae.executors import Executor
from personae.executors import executor as executor_of
from personae.experiments.budget import Ceilings
from personae.experiments.build import engine
from personae.experiments.generating import Generating, metered
from personae.experiments.recorders import InMemory
from personae.experiments.recorders.jsonl import Jsonl
from personae.experiments.settings import DEFAULT_BUDGET_USD, DEFAULT_MAX_TURNS, DEFAULT_METRICS, Settings, llm_configs
from personae.generation.propose import Propose
from personae.llm.config import LLMConfig
from personae.simulation import dose
from personae.stats.intervals import rate

log = logging.getLogger(__name__)

T = TypeVar("T")
Bot = Callable[..., Any] | str | BotSpec
"""A function, what one would write behind `--bot` (a URL, a file, ...), or a bot's spec."""


def simulate(
    bot: Bot,
    personas: Sequence[Persona] = (),
    *,
    scenarios: Sequence[Scenario] = (),
    max_turns: int = DEFAULT_MAX_TURNS,
    budget_usd: float | None = DEFAULT_BUDGET_USD,
    epochs: int = 1,
    seed: int = 0,
    behaviours: Sequence[Behaviour | str] = (),
    criteria: Sequence[Criterion | str] = (),
    metrics: Sequence[str] = DEFAULT_METRICS,
    provider: str = "",
    base_url: str = "",
    simulator_model: str = "",
    judge_model: str = "",
    judge_provider: str = "",
    simulator: LLMConfig | None = None,
    judge: LLMConfig | None = None,
    judge_mode: Mode = "detailed",
    audit: bool = False,
    repeat_invalid: int = 1,
    concurrency: int = 16,
    executor: str = "local",
    workers: int = 0,
    max_calls: int | None = None,
    max_tokens: int | None = None,
    turn_timeout_s: float = 60.0,
    out: str | Path | None = None,
    fresh: bool = False,
    retry_errors: bool = False,
    cassette: str | Path | None = None,
) -> list[SimulationResult]:
    """Let every persona talk with `bot`, in every scenario, and rate each conversation.

    `bot` is a function `model_fn(prompt: str) -> str`, which gets the conversation rendered as lines `USER: ...` and
    `ASSISTANT: ...`, or one with a parameter `messages`, which gets chat messages; sync or async. A text or a spec
    names any other bot. `behaviours` are how all personas speak now and then, as records or as `typos=0.3`; of one name
    a persona's own, or its scenario's, counts instead.

    Returns one result per persona, scenario and epoch, in the order of the plan, whatever happens: what failed or was
    cut says so in its `stop_reason`. With `out`, results are recorded as they come, and a broken-off run goes on from
    there; `retry_errors` tries those again that failed, or whose rating did. What stops the run early (an interrupt, an
    account without credit, a full disk) never loses what is done: the rest is `cancelled`, and its `error` says why.

    `executor="ray"` holds the conversations in `workers` processes, on a Ray of this machine or at RAY_ADDRESS.

    Every result says in its `validity` whether the conversation was a fair test of the bot. One in which the simulator
    misbehaved is held again, at most `repeat_invalid` times; `audit` asks the judge for what rules cannot see.

    Raises InputError, ConfigurationError and Conflict before the first call; and ProviderError, BotError or
    RecordingError where nothing at all could be done (a wrong key, an unknown model).
    """
    simulator_config, judge_config = llm_configs(
        provider=provider,
        base_url=base_url,
        simulator_model=simulator_model,
        judge_model=judge_model,
        judge_provider=judge_provider,
    )
    settings = Settings(
        bot=_spec(bot),
        simulator=simulator or simulator_config,
        judge=judge or simulator or judge_config,
        criteria=tuple(Criterion(question=one) if isinstance(one, str) else one for one in criteria),
        metrics=tuple(metrics),
        judge_mode=judge_mode,
        audit=audit,
        repeat_invalid=repeat_invalid,
        max_turns=max_turns,
        epochs=epochs,
        seed=seed,
        behaviours=tuple(dose.parsed(one) if isinstance(one, str) else one for one in behaviours),
        concurrency=concurrency,
        ceilings=Ceilings(budget_usd, max_calls, max_tokens),
        turn_timeout_s=turn_timeout_s,
        cassette=Path(cassette) if cassette is not None else None,
    )
    recorder = partial(Jsonl, Path(out), fresh=fresh, retry_errors=retry_errors) if out is not None else InMemory
    return _run(_simulate(settings, personas, scenarios, recorder, executor_of(executor, workers)))


async def _simulate(
    settings: Settings,
    personas: Sequence[Persona],
    scenarios: Sequence[Scenario],
    record: Callable[[], InMemory | Jsonl],
    executor: Executor,
) -> list[SimulationResult]:
    async with engine(settings) as running:
        plan = running.plan(personas, scenarios)
        recorder = record()
        try:
            experiment = running.experiment(plan, recorder)
            done: dict[str, SimulationResult] = {}
            why = ""
            try:
                async for result in executor.execute(experiment, settings.concurrency):
                    done[result.key] = result
            except asyncio.CancelledError:
                if (task := asyncio.current_task()) is not None:
                    task.uncancel()
                why = "interrupted"
            except (ProviderError, BotError, RecordingError, ExecutorError) as error:
                if not experiment.progress.done:
                    raise
                why = str(error)
                log.warning("the run stopped early: %s", why)
            done = recorder.results() | done
            return [done.get(spec.key) or experiment.cancelled(spec, why) for spec in plan]
        finally:
            recorder.close()


def score_simulations(results: Sequence[SimulationResult]) -> dict[str, Any]:
    """The summary of results, as plain data: how many reached their goal, with an interval, and scores per persona.

    What was not measured is None with its reason, never 0 or 1. With several conversations per persona, scores are
    means over those that were measured, and `goal_achieved` is a list.
    """
    asked = [result for result in results if result.goal_achieved is not None]
    judged = [result for result in asked if not _is_invalid(result)]
    achieved = sum(result.goal_achieved is True for result in judged)
    clusters: dict[tuple[str, str], tuple[int, int]] = {}
    for result in judged:
        cluster = (result.persona.name, result.scenario.version_hash)
        yes, n = clusters.get(cluster, (0, 0))
        clusters[cluster] = (yes + (result.goal_achieved is True), n + 1)
    share = rate(clusters.values())
    costs = [result.cost_usd for result in results]
    by_persona: dict[str, list[SimulationResult]] = defaultdict(list)
    for result in results:
        by_persona[result.persona.name].append(result)
    return {
        "simulated": True,
        "disclaimer": DISCLAIMER,
        "n_personas": len(by_persona),
        "n_conversations": len(results),
        "per_persona": {name: _summed_up(own) for name, own in by_persona.items()},
        "goal_completion": {
            "achieved": achieved,
            "judged": len(judged),
            "rate": share.value,
            "interval": None if share.low is None else [share.low, share.high],
        },
        "goal_completion_with_invalid": {
            "achieved": sum(result.goal_achieved is True for result in asked),
            "judged": len(asked),
            "rate": sum(result.goal_achieved is True for result in asked) / len(asked) if asked else None,
        },
        "validity": dict(Counter(_verdict(result) or "not checked" for result in results)),
        "total_cost_usd": None if None in costs else round(sum(cost or 0.0 for cost in costs), 6),
    }


def _is_invalid(result: SimulationResult) -> bool:
    return result.validity is not None and result.validity.verdict == "invalid"


def _verdict(result: SimulationResult) -> str | None:
    return None if result.validity is None else result.validity.verdict


def _summed_up(results: Sequence[SimulationResult]) -> dict[str, Any]:
    scores: dict[str, list[float]] = {}
    reasons: dict[str, list[str]] = {}
    for result in results:
        for score in () if _is_invalid(result) else result.scores:
            measured = scores.setdefault(score.metric, [])
            if score.value is not None:
                measured.append(score.value)
            reasons.setdefault(score.metric, []).append(score.reason)
    several = len(results) > 1
    return {
        "scores": {name: round(fmean(values), 4) if values else None for name, values in scores.items()},
        "reasons": {name: texts if several else texts[0] for name, texts in reasons.items()},
        "turns": [result.turns for result in results] if several else results[0].turns,
        "stop_reason": [result.stop_reason for result in results] if several else results[0].stop_reason,
        "goal_achieved": [result.goal_achieved for result in results] if several else results[0].goal_achieved,
        "validity": [_verdict(result) for result in results] if several else _verdict(results[0]),
    }


def propose_personas(
    text: str,
    n: int = 5,
    seed: int = 0,
    *,
    provider: str = "",
    base_url: str = "",
    model: str = "",
) -> list[Persona]:
    """`n` personas from a product's description, with one call and at most one more to mend it.

    At least one of them is adversarial, and no two share a name. Raises ProviderError where the model cannot do it.
    """
    config, _ = llm_configs(provider=provider, base_url=base_url, simulator_model=model)
    return _run(_propose(text, n, seed, config))


async def _propose(text: str, n: int, seed: int, config: LLMConfig) -> list[Persona]:
    async with metered(config, ceilings=Ceilings(), concurrency=1, seed=seed) as (model, budget):
        return [draft.persona async for draft in Generating(model, budget).generate(Propose(text), n, seed)]


def _spec(bot: Bot) -> BotSpec:
    if isinstance(bot, str):
        return parse_target(bot)
    if callable(bot):
        return PythonBot(function=bot)
    if not hasattr(bot, "open"):
        raise ConfigurationError(f"the bot must be a function, a text or a bot's spec, not {type(bot).__name__}")
    return bot


def _run(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, in an event loop of its own: in this thread, or beside the loop that runs in it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outcome: Future[T] = Future()
    runner = asyncio.Runner()
    tasks: list[asyncio.Task[T]] = []

    async def owned() -> T:
        tasks.append(asyncio.ensure_future(work))
        return await tasks[0]

    def run() -> None:
        try:
            with runner:
                outcome.set_result(runner.run(owned()))
        except BaseException as error:  # handed over to the thread that waits, whatever it is
            outcome.set_exception(error)

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(run,), name="personae", daemon=True)
    thread.start()
    try:
        with _interruptible():
            return outcome.result()
    except KeyboardInterrupt:
        if tasks:
            runner.get_loop().call_soon_threadsafe(tasks[0].cancel)
        return outcome.result()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C ends the wait at once. `asyncio.run` would hold it back until the wait is over."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.default_int_handler)
