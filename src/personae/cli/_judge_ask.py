"""What `personae judge probe`, `roles` and `persona-score` do: ask judges about conversations that are there."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from personae.cli import NOTHING_MEASURED
from personae.cli._judge import existing, today
from personae.core.result import SimulationResult
from personae.experiments.asking import Asking
from personae.experiments.judging import Bench, Price
from personae.experiments.probing import Probed
from personae.experiments.result_file import read_rows, results
from personae.experiments.settings import llm_configs
from personae.llm.prices import Rates
from personae.rating.card import JudgeCard
from personae.rating.labels import GOAL
from personae.reports._text import decimal, dollars, figure, interval, one_line, percent, plural, visible
from personae.sources import read_criteria
from personae.stats.intervals import Estimate

_LONGEST_NAME = 250


@dataclass(frozen=True, slots=True)
class Asked:
    """What the three commands share."""

    results: Path
    provider: str
    base_url: str
    models: list[str]
    price: str
    budget: float
    concurrency: int
    seed: int
    json: bool
    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))

    def asking(self) -> Asking:
        """The judges. Raises ConfigurationError."""
        rates = Rates.parse(self.price) if self.price else None
        chosen = (
            llm_configs(provider=self.provider, base_url=self.base_url, judge_model=model, rates=rates)[1]
            for model in self.models
        )
        return Asking(tuple(chosen), self.budget, self.concurrency, self.seed, self.announce, self.results)

    def read(self) -> Iterable[SimulationResult]:
        """The conversations, streamed. Raises InputError."""
        return results(read_rows(existing(self.results)))

    def announce(self, running: Bench, price: Price) -> None:
        """Say what it takes before it is spent. Raises BudgetExceeded."""
        cost = (
            "price not known: give --price" if price.usd is None else dollars(price.usd) if price.usd else "at no cost"
        )
        calls = f"{plural(price.calls, 'call')}, about {price.tokens / 1000:,.0f}k tokens, {cost}"
        self.say(f"spend estimate: {calls}; hard ceiling ${self.budget:.2f}")
        running.refuse_if_dearer(price)
        if any(model.name.startswith("offline/") for model in running.models):
            self.say("The offline judge matches words: it is for trying and testing, and says nothing of a real judge.")

    def say(self, line: str) -> None:
        self.console.print(Text(visible(line), style="dim"), soft_wrap=True)

    def show(self, data: Mapping[str, Any], rows: Iterable[tuple[str, str, str]]) -> None:
        """The result: as JSON, or as a table of name, value and how sure it is."""
        if self.json:
            sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
            return
        table = Table.grid(padding=(0, 2))
        for _ in range(2):
            table.add_column(no_wrap=True)
        table.add_column()
        for name, value, sure in rows:
            table.add_row(Text(visible(name)), Text(value), Text(visible(sure), style="dim"))
        Console(highlight=False).print(table)


def probe(asked: Asked, kinds: Sequence[str], *, n: int, criteria: Path | None, card: Path | None) -> None:
    """Probe and print. Exits with 3 where nothing could be compared."""
    texts = {one.label: one for one in read_criteria(criteria)} if criteria is not None else {}
    model, found = asyncio.run(asked.asking().probe(asked.read(), kinds=kinds, n=n, criteria=texts))
    data = {"judge_model": model, "probes": {one.probe: one.as_dict() for one in found}}
    if any(one.fresh for one in found):
        asked.say(f"another judge gave the verdicts in the file, so {model} was asked as usual first")
    asked.show(data, _probe_rows(found))
    if card is not None:
        _put(card, asked, probes=data)
    if not any(one.flips[0].rate.n for one in found):
        sys.exit(NOTHING_MEASURED)


def _probe_rows(found: Sequence[Probed]) -> Iterable[tuple[str, str, str]]:
    for one in found:
        yield f"{one.probe}: verdicts that flip", _share(one.flips[0].rate), _sure(one.flips[0].rate)
        for flip in one.flips[1:]:
            name = "goal achieved" if flip.criterion == GOAL else one_line(flip.criterion, 40)
            ways = f"{interval(flip.rate, 'criterion')}; {flip.to_yes} to YES, {flip.to_no} to NO"
            yield f"  {name}", _share(flip.rate), ways
        if one.errors:
            yield "  without an answer", str(one.errors), ""


def roles(asked: Asked, *, n: int, options: int, card: Path | None) -> None:
    """Ask who is speaking, and print. Exits with 3 where no answer could be used."""
    data = asyncio.run(asked.asking().roles(asked.read(), n=n, options=options))
    numbers = {name: Estimate(**data[name]) for name in ("top_1", "rank", "brier")}
    chance = "" if data["chance"] is None else f"; by chance {percent(data['chance'])}"
    rows = [
        ("the right persona first", _share(numbers["top_1"]), _sure(numbers["top_1"]) + chance),
        ("its mean rank", decimal(numbers["rank"].value), interval(numbers["rank"], "metric")),
        ("Brier score (0 is best)", decimal(numbers["brier"].value), interval(numbers["brier"], "metric")),
        (
            "calibration error",
            decimal(data["ece"]),
            f"{data['cases']} cases, {data['failures']} without a usable answer",
        ),
    ]
    asked.show(data, rows)
    if data["why"]:
        asked.say(f"why an answer could not be used, most often: {data['why']}")
    if card is not None:
        _put(card, asked, roles=data)
    if not data["cases"]:
        sys.exit(NOTHING_MEASURED)


def persona_score(asked: Asked, persona: str, *, n: int | None) -> None:
    """Rate and print. Exits with 3 where nothing was scored."""
    found = asyncio.run(asked.asking().persona_score(asked.read(), persona=_text(persona), n=n))
    tasks = ((name.replace("_", " "), one) for name, one in found.tasks.items())
    rows = [
        (name, figure(one, "metric"), interval(one, "metric"))
        for name, one in [("PersonaScore", found.overall), *tasks]
    ]
    evaluators = len({one.evaluator for one in found.evaluations})
    rated = len({one.key for one in found.evaluations})
    rest = f"of {plural(rated, 'conversation')} and {plural(evaluators, 'evaluator')}, five scores each"
    counted = [("does not apply (NA)", str(found.not_shown), rest), ("unparsed", str(found.unparsed), rest)]
    asked.show(found.as_dict(), [*rows, *counted])
    if error := next((one.error for one in found.evaluations if one.error), ""):
        asked.say(f"why scores could not be read, such as: {error}")
    if not any(one.value is not None for one in found.tasks.values()):
        sys.exit(NOTHING_MEASURED)


def _text(given: str) -> str:
    """What is given, or what the file holds that is given."""
    if len(given) > _LONGEST_NAME or not Path(given).is_file():
        return given.strip()
    return Path(given).read_text(encoding="utf-8").strip()


def _put(path: Path, asked: Asked, **found: Any) -> None:
    known = JudgeCard.read(path) if path.exists() else JudgeCard(date=today(), source=asked.results.name)
    known.with_(**found).write(path)
    asked.say(f"judge card: {path}")


def _share(estimate: Estimate) -> str:
    return figure(estimate, "criterion")


def _sure(estimate: Estimate) -> str:
    return f"{interval(estimate, 'criterion')}; of {estimate.n}" if estimate.n else estimate.reason
