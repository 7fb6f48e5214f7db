"""What `personae simulate` does: read the inputs, show the plan and its price, run, sum up."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console

from personae.cli import FAILED_GATE, INTERRUPTED, NOTHING_MEASURED
from personae.cli._bot_spec import bot_spec
from personae.cli._live import Live
from personae.core.conversation import DISCLAIMER
from personae.core.persona import Persona, Scenario
from personae.errors import BotError, ConfigurationError, Conflict, PersonaeError, ProviderError, RecordingError
from personae.executors import executors
from personae.experiments.budget import Ceilings
from personae.experiments.build import Engine, engine
from personae.experiments.estimate import Estimate
from personae.experiments.recorders.jsonl import Jsonl
from personae.experiments.run import Experiment
from personae.experiments.settings import Settings, llm_configs
from personae.generation.propose import Propose
from personae.llm.prices import Rates
from personae.rating.judge import Mode
from personae.reports import ReportSource, reports
from personae.reports.json import JsonReport
from personae.reports.terminal import TerminalReport
from personae.sources import read_criteria, read_personas, read_scenarios, write_personas


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command, as typed."""

    bot: str | None
    model_cmd: Path | None
    bot_model: str
    bot_system: str
    personas: str | None
    propose_from: Path | None
    n_personas: int
    scenarios: str | None
    max_turns: int
    epochs: int
    seed: int
    provider: str
    base_url: str
    simulator_model: str
    judge_model: str
    judge_provider: str
    criteria: Path | None
    metrics: str
    judge_mode: str
    fail_under: float | None
    budget: float
    price: str
    max_calls: int | None
    max_tokens: int | None
    concurrency: int
    requests_per_minute: float | None
    tokens_per_minute: float | None
    turn_timeout: float
    conversation_timeout: float
    out: Path
    resume: bool | None
    html: Path | None
    junit: Path | None
    export_cases: Path | None
    cassette: Path | None
    json: bool
    quiet: bool

    def settings(self) -> Settings:
        """The run's settings. Raises ConfigurationError and InputError."""
        simulator, judge = llm_configs(
            provider=self.provider,
            base_url=self.base_url,
            simulator_model=self.simulator_model,
            judge_model=self.judge_model,
            judge_provider=self.judge_provider,
            rates=Rates.parse(self.price) if self.price else None,
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
        )
        if (self.bot is None) == (self.model_cmd is None):
            raise ConfigurationError("name the bot to test by --bot, or by --model-cmd FILE.py (one of the two)")
        mode: Mode = "fast" if self.judge_mode == "fast" else "detailed"
        names = [name.strip() for name in self.metrics.split(",") if name.strip() not in ("", "none")]
        return Settings(
            bot=bot_spec(self.bot or str(self.model_cmd), model=self.bot_model, system=self.bot_system),
            simulator=simulator,
            judge=judge,
            criteria=tuple(read_criteria(self.criteria)) if self.criteria is not None else (),
            metrics=tuple(names),
            judge_mode=mode,
            max_turns=self.max_turns,
            epochs=self.epochs,
            seed=self.seed,
            concurrency=self.concurrency,
            ceilings=Ceilings(self.budget, self.max_calls, self.max_tokens),
            turn_timeout_s=self.turn_timeout,
            conversation_timeout_s=self.conversation_timeout,
            cassette=self.cassette,
        )


def run(options: Options) -> None:
    """The whole command. Ends the program with its exit code."""
    console = Console(stderr=True, highlight=False)
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        code = asyncio.run(_run(options, options.settings(), console))
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code:
        sys.exit(code)


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    """A polite end by the system (SIGTERM) is an end by hand."""
    signal.raise_signal(signal.SIGINT)


async def _run(options: Options, settings: Settings, console: Console) -> int:
    if options.personas is None and options.propose_from is None and options.scenarios is None:
        raise ConfigurationError("give --personas FILE, --propose-from PRODUCT.md, or --scenarios FILE with personas")
    scenarios = read_scenarios(options.scenarios) if options.scenarios is not None else []
    personas = read_personas(options.personas, goal_required=not scenarios) if options.personas is not None else []
    recorder = Jsonl(options.out, fresh=options.resume is False)
    try:
        if options.resume and not (recorder.finished or recorder.unfinished):
            raise Conflict(f"there is nothing to go on from in {str(options.out)!r}")
        async with engine(settings) as running:
            if options.propose_from is not None and not personas:
                personas = await _proposed(options, running, console)
            return await _talk(options, running, recorder, personas, scenarios, console)
    finally:
        with suppress(RecordingError):
            recorder.close()


async def _proposed(options: Options, running: Engine, console: Console) -> list[Persona]:
    """Personas proposed from the product text. They are kept in a file, so that a broken-off run finds the same again."""
    path = options.out.with_suffix(".personas.jsonl")
    if path.exists() and options.resume is not False:
        console.print(f"personas: the ones proposed before, from {path} (--fresh proposes anew)")
        return read_personas(path)
    source = options.propose_from
    if source is None or not source.is_file():
        raise ConfigurationError(f"there is no file {str(source)!r} to propose personas from")
    method = Propose(source.read_text(encoding="utf-8-sig"))
    generated = method.generate(running.simulator, options.n_personas, options.seed)
    personas = [draft.persona async for draft in generated]
    write_personas(path, personas)
    console.print(f"personas: {len(personas)} proposed, kept in {path} to edit and to use again with --personas")
    return personas


async def _talk(
    options: Options,
    running: Engine,
    recorder: Jsonl,
    personas: list[Persona],
    scenarios: list[Scenario],
    console: Console,
) -> int:
    plan = running.plan(personas, scenarios)
    experiment = running.experiment(plan, recorder)
    _check_rating(running, recorder)
    left = len(plan) - recorder.finished
    if not options.quiet:
        _announce(options, running, experiment, console)
    stopped: PersonaeError | None = None
    interrupted = False
    with Live(experiment, console, options.quiet) as live:
        try:
            if left:
                async for result in executors.get("local")().execute(experiment, options.concurrency):
                    live.finished(result)
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is not None:
                task.uncancel()
            interrupted = True
        except (ProviderError, BotError, RecordingError) as error:
            stopped = error
    measured = _sum_up(options, console)
    if interrupted or stopped is not None:
        if stopped is not None:
            console.print(f"[bold red]stopped:[/] {stopped}", markup=True)
        done = experiment.progress.found_done + experiment.progress.done
        console.print(
            f"{done} of {len(plan)} conversations are done and kept in {options.out}; "
            f"{recorder.unfinished} half-done ones are kept too. Run the same command again to go on."
        )
        return INTERRUPTED if interrupted else NOTHING_MEASURED
    return measured


def _check_rating(running: Engine, recorder: Jsonl) -> None:
    """Going on with other criteria or another judge would mix two ways of rating in one file."""
    before = recorder.left.first_metadata.get("rating_version")
    if recorder.finished and before is not None and before != running.rating_version:
        raise Conflict(
            f"the results in {str(recorder.path)!r} were rated by other criteria, metrics or another judge. Give "
            "another --out, or replace them with --fresh"
        )


def _announce(options: Options, running: Engine, experiment: Experiment, console: Console) -> None:
    progress = experiment.progress
    left = progress.planned - progress.found_done
    console.print(f"[dim]{DISCLAIMER}[/]")
    console.print(f"plan: {progress.planned} conversations, up to {options.max_turns} turns each, {options.epochs} epoch(s)")
    if progress.found_done or experiment.recorder.spent.calls:
        console.print(f"going on: {progress.found_done} are done already, {left} left")
    console.print(f"spend estimate: {_price(running.estimate(left), options)}")


def _price(estimate: Estimate, options: Options) -> str:
    calls = f"{estimate.calls[0]:,} to {estimate.calls[1]:,} model calls"
    tokens = f"{estimate.tokens[0] / 1000:,.0f}k to {estimate.tokens[1] / 1000:,.0f}k tokens"
    ceiling = f"hard ceiling ${options.budget:.2f}"
    if estimate.usd is None:
        names = ", ".join(estimate.unpriced)
        return (
            f"{calls}, {tokens}; the price of {names} is not known, so the ceiling of ${options.budget:.2f} cannot "
            "hold for it: give --price, or cap by --max-calls or --max-tokens"
        )
    low, high = estimate.usd
    if high == 0:
        return f"{calls}, {tokens}, at no cost"
    return f"{calls}, {tokens}, ${low:.4f} to ${high:.4f}; {ceiling}"


def _sum_up(options: Options, console: Console) -> int:
    """Write the reports that were asked for, print the summary, and say how the command ends."""
    source = ReportSource.from_file(options.out)
    written: list[tuple[str, Path]] = [("results", options.out)]
    for name, path in (("html", options.html), ("junit", options.junit), ("cases", options.export_cases)):
        if path is not None:
            reports.get(name)().write(source, path)
            written.append((name, path))
    if options.json:
        sys.stdout.write(JsonReport().render(source))
    elif not options.quiet:
        TerminalReport().show(source, Console(highlight=False))
    if not options.quiet:
        for name, path in written:
            console.print(f"{name}: {path}", soft_wrap=True)
        if options.html is None:
            console.print(f"to read it: personae view {options.out}", soft_wrap=True)
    goal = source.data.goal
    if not source.data.measured:
        console.print("[bold red]nothing was measured[/]")
        return NOTHING_MEASURED
    if options.fail_under is not None and (goal.value is None or goal.value < options.fail_under):
        reached = "not measured" if goal.value is None else f"{goal.value:.0%}"
        console.print(f"[bold red]gate:[/] goal completion is {reached}, under --fail-under {options.fail_under:.0%}")
        return FAILED_GATE
    return 0

