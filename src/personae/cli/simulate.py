"""`personae simulate`: personas talk with your bot over whole conversations, and every transcript is rated."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Mode(StrEnum):
    """How much the judge reasons before it answers."""

    fast = "fast"
    detailed = "detailed"


BOT, MODELS, RATING, LIMITS, OUTPUT = "The bot", "Simulator and judge", "Rating", "Limits", "Output"


def register(commands: typer.Typer) -> None:
    """`personae simulate`."""
    commands.command()(simulate)


def simulate(
    bot: Annotated[
        str | None,
        typer.Option(
            help="The bot to test: an OpenAI-compatible URL, FILE.py, a spec file (.yaml), `command:PROGRAM`, "
            "`model:PROVIDER/MODEL`, `botario:URL`, `mock`.",
            rich_help_panel=BOT,
        ),
    ] = None,
    model_cmd: Annotated[
        Path | None,
        typer.Option(help="A Python file with `model_fn(prompt: str) -> str`, the bot.", rich_help_panel=BOT),
    ] = None,
    bot_model: Annotated[str, typer.Option(help="The model's name at the bot's URL.", rich_help_panel=BOT)] = "",
    bot_system: Annotated[
        str, typer.Option(help="The bot's system prompt: a text, or a file that holds it.", rich_help_panel=BOT)
    ] = "",
    personas: Annotated[
        str | None, typer.Option(help="File of personas: JSONL, JSON, YAML or CSV.", metavar="FILE")
    ] = None,
    propose_from: Annotated[
        Path | None, typer.Option(help="File that describes the product: personas are proposed from it.")
    ] = None,
    n_personas: Annotated[int, typer.Option(min=1, help="How many to propose.")] = 5,
    scenarios: Annotated[
        str | None,
        typer.Option(
            help="File of scenarios to cross with the personas, or NAME:FILE for an importer, such as tau2:tasks.json.",
            metavar="FILE",
        ),
    ] = None,
    behaviours: Annotated[
        str,
        typer.Option(
            help="How the personas speak now and then: typos=0.3,gives_up=0.1, or a file of behaviours.",
            metavar="NAME=PROBABILITY,...|FILE",
        ),
    ] = "",
    max_turns: Annotated[int, typer.Option(min=1, help="Most replies of the bot per conversation.")] = 8,
    epochs: Annotated[int, typer.Option(min=1, help="Repeats of each persona and scenario.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of all draws. Models still vary between runs.")] = 0,
    provider: Annotated[
        str,
        typer.Option(
            help="Of simulator and judge: anthropic (default), openai, azure, google, openrouter, ollama, vllm, "
            "lmstudio, litellm, or offline to try without a model.",
            rich_help_panel=MODELS,
        ),
    ] = "",
    base_url: Annotated[
        str, typer.Option(help="Address of an OpenAI-compatible endpoint.", rich_help_panel=MODELS)
    ] = "",
    simulator_model: Annotated[
        str, typer.Option(help="Plays the personas. Default: the judge's.", rich_help_panel=MODELS)
    ] = "",
    judge_model: Annotated[
        str, typer.Option(help="Rates the transcripts. Default: the simulator's.", rich_help_panel=MODELS)
    ] = "",
    judge_provider: Annotated[
        str, typer.Option(help="The judge's provider, where it is another.", rich_help_panel=MODELS)
    ] = "",
    judges: Annotated[
        str,
        typer.Option(
            help="PROVIDER/MODEL, separated by commas: several judges, of whom the majority decides.",
            rich_help_panel=MODELS,
        ),
    ] = "",
    criteria: Annotated[
        Path | None, typer.Option(help="File of yes/no questions about a transcript.", rich_help_panel=RATING)
    ] = None,
    metrics: Annotated[
        str,
        typer.Option(help="Metrics, separated by commas; `none` for none.", rich_help_panel=RATING),
    ] = "conversation_relevance,knowledge_retention,turn_consistency",
    judge_mode: Annotated[
        Mode, typer.Option(help="How much the judge reasons before it answers.", rich_help_panel=RATING)
    ] = Mode.detailed,
    audit: Annotated[
        bool,
        typer.Option(
            "--audit",
            help="Ask the judge, too, whether each simulated user behaved as the persona would: one call more each.",
            rich_help_panel=RATING,
        ),
    ] = False,
    repeat_invalid: Annotated[
        int,
        typer.Option(
            min=0,
            max=10,
            metavar="N",
            help="Hold a conversation again, at most N times, in which the simulator misbehaved.",
            rich_help_panel=RATING,
        ),
    ] = 1,
    fail_under: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Exit with 1 if fewer than this share of goals is reached.", rich_help_panel=RATING
        ),
    ] = None,
    stop_when_sure: Annotated[
        bool,
        typer.Option(
            "--stop-when-sure",
            help="Begin no further conversation once it is sure whether --fail-under is reached.",
            rich_help_panel=RATING,
        ),
    ] = False,
    budget: Annotated[
        float, typer.Option(min=0, help="Hard ceiling in US dollars over all calls.", rich_help_panel=LIMITS)
    ] = 1.0,
    price: Annotated[
        str,
        typer.Option(
            help="INPUT/OUTPUT dollars a million tokens, for models that no price list knows.", rich_help_panel=LIMITS
        ),
    ] = "",
    max_calls: Annotated[int | None, typer.Option(min=1, help="Most model calls.", rich_help_panel=LIMITS)] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Most tokens.", rich_help_panel=LIMITS)] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Conversations at once.", rich_help_panel=LIMITS)] = 16,
    executor: Annotated[
        str,
        typer.Option(
            help="Where conversations run: local, in this process; or ray, on a Ray of this machine or at RAY_ADDRESS.",
            metavar="NAME",
            rich_help_panel=LIMITS,
        ),
    ] = "local",
    workers: Annotated[
        int,
        typer.Option(min=0, help="Processes of the executor ray. 0: as many as are of use.", rich_help_panel=LIMITS),
    ] = 0,
    requests_per_minute: Annotated[
        float | None, typer.Option(min=0.1, help="To simulator and judge.", rich_help_panel=LIMITS)
    ] = None,
    tokens_per_minute: Annotated[
        float | None, typer.Option(min=1, help="To simulator and judge.", rich_help_panel=LIMITS)
    ] = None,
    turn_timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds for one reply of the bot.", rich_help_panel=LIMITS)
    ] = 60.0,
    conversation_timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds for one whole conversation.", rich_help_panel=LIMITS)
    ] = 1800.0,
    out: Annotated[Path, typer.Option(help="Result file (JSONL).", rich_help_panel=OUTPUT)] = Path(
        "simulation_results.jsonl"
    ),
    resume: Annotated[
        bool | None,
        typer.Option(
            "--resume/--fresh",
            help="Go on from the result file, which must be there; or replace it. Default: go on where there is one.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    retry_errors: Annotated[
        bool,
        typer.Option(
            "--retry-errors",
            help="Going on, run again what ended by driver_error, and rate again what could not be rated.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write the HTML report here.", rich_help_panel=OUTPUT)] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.", rich_help_panel=OUTPUT)] = None,
    export_cases: Annotated[
        Path | None, typer.Option(help="Write the transcripts as evaluation cases (JSONL).", rich_help_panel=OUTPUT)
    ] = None,
    judge_card: Annotated[
        Path | None,
        typer.Option(
            help="What `personae judge check --card` wrote: shown beside what the judge says.", rich_help_panel=OUTPUT
        ),
    ] = None,
    cassette: Annotated[
        Path | None,
        typer.Option(help="Record HTTP exchanges here, and play back what it holds.", rich_help_panel=OUTPUT),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON on stdout.", rich_help_panel=OUTPUT)
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.", rich_help_panel=OUTPUT)] = False,
) -> None:
    """Let personas talk with your bot over whole conversations, and rate every transcript.

    Simulated personas: this measures behavior under synthetic users, not real traffic.
    """
    options = dict(locals())
    # The work imports much; `--help` and wrong options should not wait for it.
    from personae.cli._simulate import run
    from personae.cli._simulate_options import Options

    run(Options(**options))
