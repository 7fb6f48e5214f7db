"""`personae generate`: make personas, scenarios and queries, by one method per file of `generation/`.

Each method is a command of its own, whose options are the fields of its class; it is imported when it is asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

Context = Annotated[Path, typer.Option(help="File that describes the company and its product.")]
Provider = Annotated[str, typer.Option(help="The model's provider: anthropic (default), openai, ..., or offline.")]
BaseUrl = Annotated[str, typer.Option(help="Address of an OpenAI-compatible endpoint.")]
ModelName = Annotated[str, typer.Option(help="Who writes. Default: the provider's.")]
Price = Annotated[str, typer.Option(help="INPUT/OUTPUT dollars a million tokens, where no price list knows the model.")]
Budget = Annotated[float, typer.Option(min=0, help="Hard ceiling in US dollars.")]
Seed = Annotated[int, typer.Option(help="Seed of all draws.")]


class Methods(TyperGroup):
    """The commands of this group, and one for each method. Its types are Typer's own."""

    def list_commands(self, ctx: Any) -> list[str]:
        from personae.generation import generators  # only where the group is asked

        return sorted({*super().list_commands(ctx), *(name.replace("_", "-") for name in generators.names())})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        from personae.cli._generate import command  # only where a method is asked for

        return command(cmd_name)


def register(commands: typer.Typer) -> None:
    """`personae generate`."""
    generate = typer.Typer(cls=Methods, no_args_is_help=True)
    generate.callback()(_group)
    for command in (topics, plan, refine, compare):
        generate.command()(command)
    commands.add_typer(generate, name="generate")


def _group() -> None:
    """Make personas, scenarios and queries: one method per command."""


def topics(
    context: Context,
    n: Annotated[int, typer.Option("-n", min=1, help="How many topics.")] = 20,
    out: Annotated[Path, typer.Option(help="The file of topics (YAML), for people to edit.")] = Path("topics.yaml"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Replace the file where it is there.")] = False,
    provider: Provider = "",
    base_url: BaseUrl = "",
    model: ModelName = "",
    price: Price = "",
    budget: Budget = 1.0,
    seed: Seed = 0,
) -> None:
    """Propose topics with example users from a company profile, for people to edit."""
    from personae.cli._generate_beside import Writer  # not needed for --help
    from personae.cli._generate_beside import topics as propose

    propose(Writer(provider, base_url, model, price, budget, seed), context, n, out, fresh=fresh)


def refine(
    queries: Annotated[Path, typer.Argument(help="A reviewed file of `personae generate queries`.")],
    context: Context,
    topics: Annotated[Path, typer.Option(help="The topics that the queries were made after (YAML).")],
    guidance: Annotated[Path | None, typer.Option(help="The guidance that the writer had, if any.")] = None,
    decisions: Annotated[
        Path | None, typer.Option(help="What was decided. Default: QUERIES.review.jsonl beside the queries.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The topics as they should be.")] = Path("topics.next.yaml"),
    out_guidance: Annotated[Path, typer.Option(help="The guidance as it should be.")] = Path("guidance.next.md"),
    provider: Provider = "",
    base_url: BaseUrl = "",
    model: ModelName = "",
    price: Price = "",
    budget: Budget = 1.0,
    seed: Seed = 0,
) -> None:
    """Propose a change to topics and guidance by the reasons for which queries were rejected, shown as a diff."""
    from personae.cli._generate_beside import Writer  # not needed for --help
    from personae.cli._generate_beside import refine as propose

    writer = Writer(provider, base_url, model, price, budget, seed)
    propose(writer, queries, context, topics, guidance, decisions, out, out_guidance)


def compare(
    first: Annotated[Path, typer.Argument(help="A file of queries, such as the naive baseline or the last round.")],
    second: Annotated[Path, typer.Argument(help="Another file of queries.")],
    seed: Seed = 0,
    json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")] = False,
) -> None:
    """Which of two sets of queries is more varied and more specific, with the uncertainty of each difference."""
    from personae.cli._generate_beside import compare as run_compare  # not needed for --help

    run_compare(first, second, seed=seed, as_json=json)


def plan(
    context: Annotated[Path, typer.Option(help="File that describes the population.")],
    out: Annotated[Path, typer.Option(help="The file of the plan (YAML), for people to edit.")] = Path("plan.yaml"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Replace the file where it is there.")] = False,
    provider: Provider = "",
    base_url: BaseUrl = "",
    model: ModelName = "",
    price: Price = "",
    budget: Budget = 1.0,
    seed: Seed = 0,
) -> None:
    """Propose a sampling plan for a population: what matters, and how common each value is. Its shares are guesses."""
    from personae.cli._generate_beside import Writer  # not needed for --help
    from personae.cli._generate_beside import plan as propose

    propose(Writer(provider, base_url, model, price, budget, seed), context, out, fresh=fresh)
