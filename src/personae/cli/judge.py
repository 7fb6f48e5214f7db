"""`personae judge`: how far can the judge be trusted? Hold its ratings against people, and against itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Results = Annotated[Path, typer.Argument(help="A result file of `personae simulate`.")]
Budget = Annotated[float, typer.Option(min=0, help="Hard ceiling in US dollars.")]
Concurrency = Annotated[int, typer.Option(min=1, help="Calls at once.")]
Seed = Annotated[int, typer.Option(help="Seed of all draws.")]
Provider = Annotated[str, typer.Option(help="The judge's provider: anthropic (default), openai, ..., or offline.")]
BaseUrl = Annotated[str, typer.Option(help="Address of an OpenAI-compatible endpoint.")]
JudgeModel = Annotated[str, typer.Option(help="The judge. Default: the provider's.")]
Price = Annotated[str, typer.Option(help="INPUT/OUTPUT dollars a million tokens, where no price list knows the model.")]
Card = Annotated[Path | None, typer.Option(help="Put what is found onto this judge card.")]
Json = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]


def register(commands: typer.Typer) -> None:
    """`personae judge`."""
    judge = typer.Typer(help="Check the judge: against people, and against itself.", no_args_is_help=True)
    judge.callback()(_group)
    for command in (label, check, merge, probe, roles):
        judge.command()(command)
    judge.command("persona-score")(persona_score)
    commands.add_typer(judge, name="judge")


def _group() -> None:
    """Check the judge: against people, and against itself."""


def label(
    results: Results,
    rater: Annotated[str, typer.Option(help="Who labels: a name that stands in the file.")],
    out: Annotated[Path, typer.Option(help="The labels (JSONL). Where it is there already, you go on.")],
    n: Annotated[int, typer.Option(min=1, help="Labels of each criterion.")] = 60,
    criterion: Annotated[
        list[str] | None, typer.Option(help="Only this one, `goal` for the goal; may be given several times.")
    ] = None,
    criteria: Annotated[
        Path | None, typer.Option(help="The file of criteria, to show the questions behind their names.")
    ] = None,
    overlap: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the queue that all raters get; the rest is yours alone.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Raters with the same seed get the same conversations.")] = 0,
) -> None:
    """Label conversations in the terminal, by the keyboard, without seeing what the judge said."""
    from personae.cli._judge_label import Session  # not needed for --help
    from personae.cli._judge_label import label as run_label

    run_label(results, Session(rater, out), criteria, n=n, only=criterion or [], overlap=overlap, seed=seed)


def check(
    results: Results,
    labels: Annotated[list[Path], typer.Option(help="Labels of people (JSONL); may be given several times.")],
    card: Annotated[Path | None, typer.Option(help="Write the judge card here.")] = None,
    json: Json = False,
) -> None:
    """Hold the judge's verdicts against labels of people: agreement, errors, and the corrected pass rate."""
    from personae.cli._judge import check as run_check  # not needed for --help

    run_check(results, labels, card=card, as_json=json)


def merge(
    labels: Annotated[list[Path], typer.Argument(help="Files of labels (JSONL).")],
    out: Annotated[Path, typer.Option(help="The file with all of them.")],
) -> None:
    """Put several people's label files together."""
    from personae.cli._judge import merge as run_merge  # not needed for --help

    run_merge(labels, out)


def probe(
    results: Results,
    kind: Annotated[
        list[str] | None, typer.Option(help="consistency, order, length; may be given several times. Default: all.")
    ] = None,
    n: Annotated[int, typer.Option(min=1, help="Conversations to ask about again.")] = 30,
    criteria: Annotated[
        Path | None, typer.Option(help="The run's file of criteria, where its criteria have names.")
    ] = None,
    provider: Provider = "",
    base_url: BaseUrl = "",
    judge_model: JudgeModel = "",
    price: Price = "",
    budget: Budget = 1.0,
    concurrency: Concurrency = 8,
    seed: Seed = 0,
    card: Card = None,
    json: Json = False,
) -> None:
    """Ask the judge again where nothing that matters is another, and count the verdicts that flip."""
    from personae.cli._judge_ask import Asked  # not needed for --help
    from personae.cli._judge_ask import probe as run_probe

    asked = Asked(results, provider, base_url, [judge_model], price, budget, concurrency, seed, json)
    run_probe(asked, kind or [], n=n, criteria=criteria, card=card)


def roles(
    results: Results,
    options: Annotated[int, typer.Option(min=2, max=8, help="Personas to choose from.")] = 4,
    n: Annotated[int, typer.Option(min=1, help="Cases.")] = 40,
    provider: Provider = "",
    base_url: BaseUrl = "",
    judge_model: JudgeModel = "",
    price: Price = "",
    budget: Budget = 1.0,
    concurrency: Concurrency = 8,
    seed: Seed = 0,
    card: Card = None,
    json: Json = False,
) -> None:
    """Can this judge tell who is speaking? Conversations without the persona's name, and several to choose from."""
    from personae.cli._judge_ask import Asked  # not needed for --help
    from personae.cli._judge_ask import roles as run_roles

    asked = Asked(results, provider, base_url, [judge_model], price, budget, concurrency, seed, json)
    run_roles(asked, n=n, options=options, card=card)


def persona_score(
    results: Results,
    persona: Annotated[
        str, typer.Option(help="The persona that the bot plays: a text, or a file. Default: the bot's system prompt.")
    ] = "",
    n: Annotated[int | None, typer.Option(min=1, help="Conversations to rate, drawn by seed. Default: all.")] = None,
    provider: Provider = "",
    base_url: BaseUrl = "",
    judge_model: Annotated[
        list[str] | None, typer.Option(help="An evaluator; may be given several times. Default: the provider's.")
    ] = None,
    price: Price = "",
    budget: Budget = 1.0,
    concurrency: Concurrency = 8,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """For bots that play a persona: how well? PersonaScore, 1 to 5, by five tasks and one evaluator or more."""
    from personae.cli._judge_ask import Asked  # not needed for --help
    from personae.cli._judge_ask import persona_score as run_score

    asked = Asked(results, provider, base_url, judge_model or [""], price, budget, concurrency, seed, json)
    run_score(asked, persona, n=n)
