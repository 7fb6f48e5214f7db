"""What `personae simulate` does: show the plan and its price, run, sum up."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from personae.cli import FAILED_GATE, INTERRUPTED, NOTHING_MEASURED
from personae.cli._say import console, say
from personae.cli._simulate_options import Options
from personae.core.conversation import DISCLAIMER
from personae.core.persona import Persona
from personae.errors import BotError, ExecutorError, InputError, ProviderError, RecordingError
from personae.executors import executor
from personae.experiments import foresight, traces
from personae.experiments.build import Engine, engine
from personae.experiments.estimate import Estimate
from personae.experiments.progress import Progress
from personae.experiments.recorders.jsonl import Jsonl
from personae.experiments.run import Experiment
from personae.experiments.settings import Settings
from personae.experiments.stopping import Stopping
from personae.sources import read_personas, write_personas
from personae.stats.sequential import Decision, RateTest

if TYPE_CHECKING:
    from personae.cli._live import Live


def run(options: Options) -> None:
    """The whole command. Ends the program with its exit code."""
    for name in ("stamina", "personae"):  # what matters stands in the results; no retry or traceback between the lines
        logging.getLogger(name).addHandler(logging.NullHandler())
    gc.freeze()  # what was imported stays: no need to look through it again and again
    try:
        with traces.exported("personae", wanted=traces.are_wanted()):
            code = asyncio.run(_run(options, options.settings()))
    except asyncio.CancelledError:  # by SIGTERM, before there was anything to sum up
        raise KeyboardInterrupt from None
    if code:
        sys.exit(code)


def _end_politely_on_sigterm() -> None:
    """A polite end by the system is an end by hand. (Where loops take no signals, on Windows, there is no such end.)"""
    task = asyncio.current_task()
    if task is not None:
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


async def _run(options: Options, settings: Settings) -> int:
    _end_politely_on_sigterm()
    scenarios, personas = options.inputs()
    options.check_outputs()
    recorder = Jsonl(options.out, fresh=options.resume is False, retry_errors=options.retry_errors)
    try:
        async with engine(settings) as running:
            if options.propose_from is not None:
                personas = await _proposed(options, running, max(1, len(scenarios)))
            plan = replace(running.plan(personas, scenarios), is_shuffled=options.stop_when_sure)
            experiment = running.experiment(plan, recorder)
            return await _talk(options, running, experiment)
    finally:
        with suppress(RecordingError):
            recorder.close()


async def _proposed(options: Options, running: Engine, per_persona: int) -> list[Persona]:
    """Personas proposed from the product text, kept in a file, so that a broken-off run finds the same again."""
    from personae.experiments.generating import Generating  # both heavy, and only for runs that bring no personas
    from personae.generation.propose import Propose

    path = options.out.with_suffix(".personas.jsonl")
    if path.exists() and options.resume is not False:
        say(f"personas: the ones proposed before, from {path} (--fresh proposes anew)")
        return read_personas(path)
    source = options.propose_from
    assert source is not None
    try:
        text = source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text: {error}", file=source) from error
    if not options.quiet:
        planned = options.n_personas * per_persona * options.epochs
        price = _price(running.estimate(planned), options)
        say(f"spend estimate: 1 or 2 calls to propose {options.n_personas} personas, then {price}")
    generated = Generating(running.simulator, running.budget).generate(Propose(text), options.n_personas, options.seed)
    personas = [draft.persona async for draft in generated]
    write_personas(path, personas)
    cost = running.budget.spent.cost_usd
    price = f" for ${cost:.4f}, which no row counts" if cost else ""
    say(f"personas: {len(personas)} proposed{price}; kept in {path} to edit and to use again with --personas")
    return personas


@dataclass(frozen=True, slots=True)
class _Early:
    """Why a run ended before its plan did."""

    code: int
    why: str = ""
    """What stopped it, where it was no person."""


async def _talk(options: Options, running: Engine, experiment: Experiment) -> int:
    """Run what is left, and sum up whatever there is then."""
    if not options.quiet:
        _announce(options, running, experiment)
    stopping = _stopping(options, experiment)
    early = await _executed(options, experiment, stopping)
    if early is None:
        progress = experiment.progress
        if stopping is None or stopping.decision is None:
            return _sum_up(options, progress)
        say(stopping.in_words(progress.planned - progress.found_done - progress.done), "bold")
        return _sum_up(options, progress, stopping.decision)
    done = experiment.progress.found_done + experiment.progress.done
    try:
        if done:
            _sum_up(options, experiment.progress)
    except RecordingError as error:  # a full disk is full for the reports too
        say(f"error: {error}", "bold red")
    if early.why:
        say(f"stopped: {early.why}", "bold red")
    if done or experiment.recorder.unfinished:
        say(
            f"{done} of {experiment.progress.planned} conversations are done and kept in {options.out}; "
            f"{experiment.recorder.unfinished} half-done ones are kept too. Run the same command again to go on.",
        )
    elif not early.why:
        say("stopped before anything was recorded")
    return early.code


async def _executed(options: Options, experiment: Experiment, stopping: Stopping | None) -> _Early | None:
    """Run what is left, and show how far it is. None where all is done that was to be."""
    if experiment.progress.planned == experiment.progress.found_done or (stopping and stopping.decision):
        return None
    with nullcontext() if options.quiet else _live(experiment) as live:
        try:
            where = executor(options.executor, options.workers)
            async for result in where.execute(experiment, options.concurrency):
                if live is not None:
                    live.finished(result)
                if stopping is not None:
                    stopping.finished(result)
                    experiment.has_enough = stopping.decision is not None
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is not None:
                task.uncancel()
            return _Early(INTERRUPTED)
        except (ProviderError, BotError, RecordingError, ExecutorError) as error:
            return _Early(NOTHING_MEASURED, str(error))
    return None


def _live(experiment: Experiment) -> Live:
    from personae.cli._live import Live  # heavy; a quiet run shows nothing

    return Live(experiment, console())


def _stopping(options: Options, experiment: Experiment) -> Stopping | None:
    """The test that may stop the run, with what earlier runs of the same file found."""
    if not options.stop_when_sure or options.fail_under is None:
        return None
    stopping = Stopping(RateTest(options.fail_under), experiment.plan)
    stopping.read(options.out)
    return stopping


def _announce(options: Options, running: Engine, experiment: Experiment) -> None:
    progress = experiment.progress
    left = progress.planned - progress.found_done
    say(DISCLAIMER, "dim")
    conversations = f"{progress.planned:,} conversation{'' if progress.planned == 1 else 's'}"
    repeats = "" if options.epochs == 1 else f", each persona and scenario {options.epochs} times"
    say(f"plan: {conversations}, up to {options.max_turns} turns each{repeats}")
    if progress.found_done or experiment.recorder.spent.calls:
        nothing = "" if left else "; --fresh runs all of them again"
        say(f"going on: {progress.found_done} are done already, {left} left{nothing}")
    if left:
        say(f"spend estimate: {_price(running.estimate(left), options)}")
        say(foresight.in_words(progress.planned, options.epochs))
    if options.stop_when_sure:
        say(f"in random order, until it is sure whether {options.fail_under:.0%} of goals are reached")


def _price(estimate: Estimate, options: Options) -> str:
    calls = f"{estimate.calls[0]:,} to {estimate.calls[1]:,} model calls"
    tokens = f"{estimate.tokens[0] / 1000:,.0f}k to {estimate.tokens[1] / 1000:,.0f}k tokens"
    if estimate.usd is None:
        names = ", ".join(estimate.unpriced)
        return (
            f"{calls}, {tokens}; the price of {names} is not known, so the ceiling of ${options.budget:.2f} cannot "
            "hold for it: give --price, or cap by --max-calls or --max-tokens"
        )
    low, high = estimate.usd
    if high == 0:
        return f"{calls}, {tokens}, at no cost"
    return f"{calls}, {tokens}, ${low:.4f} to ${high:.4f}; hard ceiling ${options.budget:.2f}"


def _sum_up(options: Options, progress: Progress, decided: Decision | None = None) -> int:
    """Write the reports that were asked for, print the summary, and say how the command ends."""
    asked = (options.json, options.html, options.junit, options.export_cases)
    if options.quiet and not any(asked) and not progress.found_done:  # nobody reads a summary: spare reading the file
        return _exit_code(options, progress.measured, progress.goal_rate, decided)
    from personae.cli._simulate_summary import summed_up

    data = summed_up(options)
    return _exit_code(options, data.measured, data.goal.value, decided)


def _exit_code(options: Options, measured: int, goal: float | None, decided: Decision | None = None) -> int:
    """How the command ends: whether there are numbers, and whether they pass the gate."""
    if not measured:
        say("nothing was measured", "bold red")
        return NOTHING_MEASURED
    if decided is not None:
        return FAILED_GATE if decided == "below" else 0
    if options.fail_under is not None and (goal is None or goal < options.fail_under):
        reached = "not measured" if goal is None else f"{goal:.0%}"
        say(f"gate: goal completion is {reached}, under --fail-under {options.fail_under:.0%}", "bold red")
        return FAILED_GATE
    return 0
