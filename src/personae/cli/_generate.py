"""What `personae generate METHOD` does: options from the method's file, the estimate, the run, what came of it."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from personae.cli import FAILED_GATE, INTERRUPTED, NOTHING_MEASURED
from personae.cli._generate_live import Live
from personae.cli._say import console, say
from personae.errors import BudgetExceeded, Conflict, NotFound, ProviderError
from personae.experiments.budget import Ceilings
from personae.experiments.draft_file import DraftFile
from personae.experiments.generating import Generating, foreseen, metered, run_of
from personae.experiments.nearness import embeddings
from personae.experiments.settings import llm_configs
from personae.generation import Effort, Generator, Reporting, generators
from personae.generation._options import Option, built, options_of
from personae.llm.config import LLMConfig
from personae.llm.prices import Rates
from personae.reports._text import dollars, plural

MODEL, LIMITS, OUTPUT = "The model", "Limits", "Output"


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that all methods share, as typed."""

    n: int
    seed: int
    provider: str
    base_url: str
    model: str
    embeddings_model: str
    price: str
    budget: float
    max_calls: int | None
    max_tokens: int | None
    concurrency: int
    requests_per_minute: float | None
    tokens_per_minute: float | None
    out: Path
    resume: bool | None
    json: bool
    quiet: bool

    def config(self) -> LLMConfig:
        return llm_configs(
            provider=self.provider,
            base_url=self.base_url,
            simulator_model=self.model,
            rates=Rates.parse(self.price) if self.price else None,
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
        )[0]

    @property
    def ceilings(self) -> Ceilings:
        return Ceilings(self.budget, self.max_calls, self.max_tokens)


def _option(kind: Any, default: Any, panel: str | None, help_text: str, *names: str, **more: Any) -> tuple[Any, Any]:
    return Annotated[kind, typer.Option(*names, help=help_text, rich_help_panel=panel, **more)], default


def _shared(noun: str) -> dict[str, tuple[Any, Any]]:
    """Annotation and default of each option that all methods have."""
    return {
        "n": _option(int, 10, None, f"How many {noun}.", "-n", min=1),
        "seed": _option(int, 0, None, "Seed of all draws. Models still vary between runs."),
        "provider": _option(
            str, "", MODEL, "anthropic (default), openai, azure, google, openrouter, ollama, vllm, lmstudio, litellm, "
            "or offline to try without a model.",
        ),
        "base_url": _option(str, "", MODEL, "Address of an OpenAI-compatible endpoint."),
        "model": _option(str, "", MODEL, "Who writes. Default: the provider's."),
        "embeddings_model": _option(
            str, "", MODEL, "Who tells near-copies by meaning, at the same address (/embeddings). Default: words alone."
        ),
        "price": _option(
            str, "", LIMITS, "INPUT/OUTPUT dollars a million tokens, for models that no price list knows."
        ),
        "budget": _option(float, 1.0, LIMITS, "Hard ceiling in US dollars.", min=0),
        "max_calls": _option(int | None, None, LIMITS, "Most model calls.", min=1),
        "max_tokens": _option(int | None, None, LIMITS, "Most tokens.", min=1),
        "concurrency": _option(int, 16, LIMITS, "Pieces at once.", min=1),
        "requests_per_minute": _option(float | None, None, LIMITS, "To the model.", min=0.1),
        "tokens_per_minute": _option(float | None, None, LIMITS, "To the model.", min=1),
        "out": _option(Path, Path(f"{noun}.jsonl"), OUTPUT, f"The file of {noun} (JSONL)."),
        "resume": _option(
            bool | None, None, OUTPUT,
            "Go on from the file, which must be there; or replace it. Default: go on where there is one.",
            "--resume/--fresh",
        ),
        "json": _option(bool, False, OUTPUT, "Print the summary as JSON on stdout.", "--json"),
        "quiet": _option(bool, False, OUTPUT, "No progress.", "--quiet", "-q"),
    }  # fmt: skip


PLURAL = {"persona": "personas", "query": "queries", "scenario": "scenarios", "attribute": "attributes"}


def command(name: str) -> Any:
    """The command of the method `name`, as Typer has it; None where there is no such method."""
    try:
        method = generators.get(name)
    except NotFound:
        return None
    options, shared = options_of(method), _shared(PLURAL[method.makes])

    def run_method(**values: Any) -> None:
        asked = Asked(**{one: values.pop(one) for one in shared})
        _run(name.replace("-", "_"), built(method, values), asked)

    parameters = {option.field: _of_method(option) for option in options} | shared
    run_method.__doc__ = _help(method)
    run_method.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(field, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=_given(default))
            for field, (annotation, default) in parameters.items()
        ]
    )
    run_method.__annotations__ = {field: annotation for field, (annotation, _) in parameters.items()}
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(name, context_settings={"help_option_names": ["-h", "--help"]})(run_method)
    return typer.main.get_command(app)


def _given(default: Any) -> Any:
    return inspect.Parameter.empty if default is ... else default


def _of_method(option: Option) -> tuple[Any, Any]:
    kind, default = option.type, option.default
    if isinstance(default, tuple):
        kind, default = list[str], list(default)
    name = f"--{option.name}"
    return _option(kind, default, None, option.help, name, **({"metavar": "FILE"} if option.read else {}))


def _help(method: type[Any]) -> str:
    """What the method is, and from whom, for `--help`."""
    header = inspect.getdoc(inspect.getmodule(method)) or ""
    return "\n\n".join([method.__doc__ or "", *("\b\n" + part for part in header.split("\n\n")[1:2])])


def _run(name: str, method: Generator, asked: Asked) -> None:
    """The whole command. Ends the program with its exit code."""
    if asked.resume and not (asked.out.exists() or asked.out.with_name(asked.out.name + ".part").exists()):
        raise Conflict(f"there is nothing to go on from: no file {str(asked.out)!r}")
    gc.freeze()  # what was imported stays: no need to look through it again and again
    try:
        code = asyncio.run(_generate(name, method, asked))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    if code:
        sys.exit(code)


async def _generate(name: str, method: Generator, asked: Asked) -> int:
    config = asked.config()
    async with AsyncExitStack() as stack:
        model, budget = await stack.enter_async_context(
            metered(config, ceilings=asked.ceilings, concurrency=asked.concurrency, seed=asked.seed)
        )
        near = None
        if asked.embeddings_model:
            near = await stack.enter_async_context(
                embeddings(config, asked.embeddings_model, budget, asked.concurrency)
            )
        run = run_of(name, method, model.name, asked.seed)
        file = DraftFile(asked.out, method.makes, run, fresh=asked.resume is False)
        generating = Generating(model, budget, file, asked.concurrency, run, near)
        found, done, stopped = len(file.found), 0, ""
        interrupted = False
        try:
            if not asked.quiet:
                _announce(method, generating, asked, found)
            with Live(generating, console(), PLURAL[method.makes], quiet=asked.quiet) as live:
                async for draft in generating.generate(method, asked.n, asked.seed):
                    done += 1
                    live.made(draft)
        except asyncio.CancelledError:
            interrupted = True
            if (task := asyncio.current_task()) is not None:
                task.uncancel()
        except (ProviderError, BudgetExceeded) as error:
            stopped = str(error)
        finally:
            done = max(done, min(len(file.found), asked.n))
            file.close(is_complete=done >= asked.n)
    return _sum_up(generating, method, asked, done, stopped, interrupted=interrupted)


def _announce(method: Generator, generating: Generating, asked: Asked, found: int) -> None:
    noun = PLURAL[method.makes]
    if generating.behind.name.startswith("offline/"):
        say("The offline engine writes plain texts by rules: for trying and testing.", "dim")
    if found or generating.budget.spent.calls:
        say(f"going on: {found} of {asked.n} {noun} are there already; --fresh makes all of them again")
    left = max(0, asked.n - found)
    if left:
        say(f"spend estimate: {_estimate(method.effort(left), generating, asked)}")


def _estimate(effort: Effort, generating: Generating, asked: Asked) -> str:
    found = foreseen(effort, generating.behind)
    low, high = found.calls
    calls = plural(low, "call") if low == high else f"{low:,} to {high:,} calls"
    takes = f"{calls}, up to about {found.tokens / 1000:,.0f}k tokens"
    if found.usd is None:
        return (
            f"{takes}; the price of {generating.behind.name} is not known, so the ceiling of ${asked.budget:.2f} "
            "cannot hold for it: give --price, or cap by --max-calls or --max-tokens"
        )
    money = f"{dollars(found.usd[0])} to {dollars(found.usd[1])}" if found.usd[1] else "at no cost"
    return f"{takes}, {money}; hard ceiling ${asked.budget:.2f}"


def _sum_up(
    generating: Generating,
    method: Generator,
    asked: Asked,
    done: int,
    stopped: str,
    *,
    interrupted: bool,
) -> int:
    """Say what came of it, and how the command ends."""
    noun = PLURAL[method.makes]
    spent = generating.budget.spent
    told = method.report(list(generating.found.values())) if isinstance(method, Reporting) else None
    summary: Mapping[str, Any] = {
        "asked": asked.n,
        "made": done,
        "failed": dict(generating.failures),
        "cut": generating.cut or None,
        "stopped": stopped or None,
        "usage": spent.as_dict(),
        "out": str(asked.out),
    } | ({"report": told.data} if told else {})
    if asked.json:
        sys.stdout.write(json.dumps(summary, ensure_ascii=False, indent=2) + "\n")
    cost = "price not known" if spent.cost_usd is None else dollars(spent.cost_usd) if spent.cost_usd else "at no cost"
    if not asked.quiet:
        say(f"{done:,} of {asked.n:,} {noun} in {asked.out}; {plural(spent.calls, 'call')}, {cost}", "bold")
        for line in told.lines if told and done else ():
            say(line)
        _tell_near(generating)
    if done >= asked.n:
        return 0
    for key, why in list(generating.failures.items())[:5]:
        say(f"  {key}: {why}", "red")
    if (more := len(generating.failures) - 5) > 0:
        say(f"  … and {more} more that gave nothing", "red")
    if why := generating.cut or stopped:
        say(f"stopped: {why}", "bold red")
    say(f"{asked.n - done} are missing. What is paid for is kept: run the same command again to go on.")
    if interrupted:
        return INTERRUPTED
    return FAILED_GATE if done else NOTHING_MEASURED


def _tell_near(generating: Generating) -> None:
    if (nearness := generating.nearness) is not None:
        for line in nearness.told():
            say(line, "red" if nearness.problem else "")
