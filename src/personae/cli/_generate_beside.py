"""What `personae generate topics`, `plan`, `refine` and `compare` do: what stands before and after a method's run."""

from __future__ import annotations

import asyncio
import difflib
import json
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from personae.cli._say import say
from personae.core.model import Model
from personae.errors import Conflict, RecordingError
from personae.experiments.budget import Budget, Ceilings
from personae.experiments.generating import metered
from personae.experiments.settings import llm_configs
from personae.generation._options import read_text_file
from personae.generation._plan_proposal import propose_plan, text_of_plan
from personae.generation.authoring.refine import Refinement
from personae.generation.authoring.refine import refine as propose_change
from personae.generation.authoring.topics import write_topics
from personae.generation.quality.variety import Compared, compared
from personae.generation.review import Reviewed, beside, read_decisions, reviewed
from personae.llm.prices import Rates
from personae.reports._text import decimal, dollars, percent, plural, visible
from personae.sources import read_queries
from personae.sources._topics import read_topics, text_of_topics
from personae.stats.intervals import Estimate, rate


@dataclass(frozen=True, slots=True)
class Writer:
    """The model that is asked, and within which limits."""

    provider: str
    base_url: str
    model: str
    price: str
    budget: float
    seed: int

    def metered(self) -> AbstractAsyncContextManager[tuple[Model, Budget]]:
        """The model and its meter. Raises ConfigurationError."""
        rates = Rates.parse(self.price) if self.price else None
        config, _ = llm_configs(provider=self.provider, base_url=self.base_url, simulator_model=self.model, rates=rates)
        return metered(config, ceilings=Ceilings(self.budget), concurrency=1, seed=self.seed)


def topics(writer: Writer, context: Path, n: int, out: Path, *, fresh: bool) -> None:
    """Propose topics and write them for people to edit. Raises Conflict where the file is there."""
    text = read_text_file(context, "company profile")
    if out.exists() and not fresh:
        raise Conflict(f"{out} is there already, and people may have edited it: give another --out, or --fresh")

    async def work() -> str:
        async with writer.metered() as (model, budget):
            found = await write_topics(model, text, n, writer.seed)
            _write(out, text_of_topics(found))
            return f"{plural(len(found), 'topic')} in {out}; {_spent(budget)}"

    say(asyncio.run(work()))
    say(f"read and edit them; then: personae generate queries --context {context} --topics {out} -n 260")


def plan(writer: Writer, context: Path, out: Path, *, fresh: bool) -> None:
    """Propose a sampling plan and write it for people to edit. Raises Conflict where the file is there."""
    text = read_text_file(context, "description of the population")
    if out.exists() and not fresh:
        raise Conflict(f"{out} is there already, and people may have edited it: give another --out, or --fresh")

    async def work() -> str:
        async with writer.metered() as (model, budget):
            found = await propose_plan(model, text)
            said = f"Proposed by {model.name} from {context.name}: these shares are guesses. Correct them first."
            _write(out, text_of_plan(found, said))
            return f"{plural(len(found.attributes), 'attribute')} in {out}; {_spent(budget)}"

    say(asyncio.run(work()))
    say(f"its shares are guesses: correct them; then: personae generate population --context {context} --plan {out}")


def refine(
    writer: Writer,
    queries: Path,
    context: Path,
    topics_file: Path,
    guidance_file: Path | None,
    decisions: Path | None,
    out: Path,
    out_guidance: Path,
) -> None:
    """Propose a change by what was rejected, show it as a diff, and write it into new files."""
    company = read_text_file(context, "company profile")
    now, guidance = read_topics(topics_file), read_text_file(guidance_file, "guidance") if guidance_file else ""
    for path in (out, out_guidance):
        if path.exists():
            raise Conflict(f"{path} is there already: give another file for what is proposed")
    found = _reviewed(queries, decisions)

    async def work() -> tuple[Refinement, str]:
        async with writer.metered() as (model, budget):
            return await propose_change(model, company, now, guidance, found), _spent(budget)

    change, spent = asyncio.run(work())
    console = Console(highlight=False)
    console.print(Text(visible(change.why)), soft_wrap=True)
    before, after = text_of_topics(now), text_of_topics(change.topics)
    _show_diff(console, before, after, topics_file.name, out.name)
    _show_diff(
        console, guidance, change.guidance, guidance_file.name if guidance_file else "guidance", out_guidance.name
    )
    _write(out, after)
    if change.guidance:
        _write(out_guidance, change.guidance + "\n")
    more = f" --guidance {out_guidance}" if change.guidance else ""
    files = f"{out} and {out_guidance}" if change.guidance else str(out)
    say(f"proposed: {files}; {spent}. Edit them, and make the next round:")
    say(f"personae generate queries --context {context} --topics {out}{more} --out next.jsonl")
    say(f"then: personae generate compare {queries} next.jsonl")


def _reviewed(queries: Path, decisions: Path | None = None) -> list[Reviewed]:
    return reviewed(read_queries(queries), read_decisions(decisions or beside(queries)))


def _show_diff(console: Console, before: str, after: str, old: str, new: str) -> None:
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), old, new, lineterm="", n=2):
        console.print(Text(visible(line), style=styles.get(line[:1], "dim")), soft_wrap=True)


def compare(first: Path, second: Path, *, seed: int, as_json: bool) -> None:
    """Which set is more varied and more specific; and, where they are reviewed, of which more was accepted."""
    one, two = _reviewed(first), _reviewed(second)
    found = compared([r.query.query for r in one], [r.query.query for r in two], seed=seed)
    shares = _accepted(one), _accepted(two)
    if as_json:
        data = {
            "first": {"file": str(first), "queries": len(one)},
            "second": {"file": str(second), "queries": len(two)},
            "measures": [
                {
                    "name": number.name,
                    "what": number.what,
                    "first": number.first.as_dict(),
                    "second": number.second.as_dict(),
                    "difference": number.difference.as_dict(),
                    "better": (None, "first", "second")[number.winner],
                }
                for number in found
            ],
            "accepted": [share.as_dict() for share in shares],
        }
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
        return
    console = Console(highlight=False)
    console.print(_table(found, shares, first, second))
    for line in _verdicts(found, first, second):
        console.print(Text(visible(line), style="bold"), soft_wrap=True)


def _accepted(found: Sequence[Reviewed]) -> Estimate:
    """The share of decided queries that were accepted."""
    decided = [one for one in found if one.state in ("accepted", "rejected")]
    return rate([(float(one.state == "accepted"), 1) for one in decided], reason="not reviewed")


def _table(found: Sequence[Compared], shares: tuple[Estimate, Estimate], first: Path, second: Path) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("", visible(first.name), visible(second.name), "difference (95 %)", "better"):
        table.add_column(Text(heading))
    for one in found:
        better = ("", "first", "second")[one.winner]
        show = _length if one.name == "length" else decimal
        apart = one.difference
        sure = "" if apart.low is None or apart.high is None else f"{show(apart.low)} to {show(apart.high)}"
        value = f"{show(apart.value)} ({sure})" if apart.value is not None else apart.reason
        cells = (one.name, show(one.first.value), show(one.second.value), value, better)
        table.add_row(*map(Text, cells))
    if any(share.value is not None for share in shares):
        told = [f"{percent(share.value)} of {share.n}" if share.value is not None else share.reason for share in shares]
        table.add_row(Text("accepted"), *map(Text, told), Text(""), Text(""))
    return table


def _length(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.1f}"


def _verdicts(found: Sequence[Compared], first: Path, second: Path) -> list[str]:
    names = ("", first.name, second.name)
    lines = []
    for word, wanted in (("varied", ("difference", "distinct pairs")), ("specific", ("specificity",))):
        winners = {one.winner for one in found if one.name in wanted}
        if len(winners) == 1 and (winner := winners.pop()):
            lines.append(f"{names[winner]} is more {word}")
        else:
            lines.append(f"which is more {word} cannot be told: the numbers do not agree or are too close")
    return lines


def _spent(budget: Budget) -> str:
    spent = budget.spent
    cost = "price not known" if spent.cost_usd is None else dollars(spent.cost_usd) if spent.cost_usd else "at no cost"
    return f"{plural(spent.calls, 'call')}, {cost}"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RecordingError(f"cannot write {str(path)!r}: {error.strerror or error}") from error
