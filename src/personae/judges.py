"""The Python door to the judge: hold it against people, and ask it where nothing that matters is another.

What `personae judge` does on the command line: `check_judge`, `probe_judge`, `identify_roles`, `persona_score`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from personae.core.rating import Criterion
from personae.core.result import SimulationResult
from personae.decisions import Results, rows_of
from personae.experiments.asking import Asking
from personae.experiments.probing import Probed
from personae.experiments.result_file import results as read_results
from personae.experiments.settings import llm_configs
from personae.llm.config import LLMConfig
from personae.llm.providers import providers
from personae.rating.check import check
from personae.rating.checked import Check
from personae.rating.labels import Label, merge, read_labels
from personae.rating.persona_score import PersonaScore

Judge = str | LLMConfig
"""`PROVIDER/MODEL`, or a whole config. Blank: the default provider's default model."""


def check_judge(results: Results, labels: str | Path | Sequence[str | Path] | Iterable[Label]) -> Check:
    """What people's labels say of the judge: per criterion kappa, alpha, sensitivity, specificity, corrected pass rate.

    `labels` are one file or several as `personae judge label` writes them, or labels. What could not be used is in
    `problems`. Asks no model. Raises InputError for a file that cannot be read.
    """
    given = [labels] if isinstance(labels, str | Path) else list(labels)
    paths = [Path(one) for one in given if isinstance(one, str | Path)]
    found, conflicts = merge([*map(read_labels, paths), [one for one in given if isinstance(one, Label)]])
    checked = check(_results(results), found)
    clashes = (f"{two.rater} answers {two.criterion!r} of {two.key} differently in two files" for _, two in conflicts)
    return Check(checked.criteria, (*checked.problems, *clashes))


def probe_judge(
    results: Results,
    judge: Judge = "",
    *,
    kinds: Sequence[str] = (),
    n: int = 30,
    criteria: Iterable[Criterion] = (),
    budget_usd: float = 1.0,
    concurrency: int = 8,
    seed: int = 0,
) -> list[Probed]:
    """Verdicts that flip where they should not: asked again, in another order, with a longer bot. Calls the judge.

    `kinds`: `consistency`, `order`, `length`; all, if none is named. `criteria`: those of the run, where they have
    names. Raises InputError, ConfigurationError, BudgetExceeded before the first call.
    """
    asking = Asking(_configs([judge]), budget_usd, concurrency, seed)
    texts = {one.label: one for one in criteria}
    return asyncio.run(asking.probe(_results(results), kinds=kinds, n=n, criteria=texts))[1]


def identify_roles(
    results: Results,
    judge: Judge = "",
    *,
    n: int = 40,
    options: int = 4,
    budget_usd: float = 1.0,
    concurrency: int = 8,
    seed: int = 0,
) -> dict[str, Any]:
    """Can this judge tell who is speaking? `top_1`, `rank`, `brier` with intervals, `ece`, `chance`. Calls it."""
    asking = Asking(_configs([judge]), budget_usd, concurrency, seed)
    return asyncio.run(asking.roles(_results(results), n=n, options=options))


def persona_score(
    results: Results,
    judges: Sequence[Judge] = ("",),
    *,
    persona: str = "",
    n: int | None = None,
    budget_usd: float = 1.0,
    concurrency: int = 8,
    seed: int = 0,
) -> PersonaScore:
    """How well the bot plays `persona` (blank: its system prompt), 1 to 5, by PersonaGym's five tasks. Calls them."""
    asking = Asking(_configs(judges), budget_usd, concurrency, seed)
    return asyncio.run(asking.persona_score(_results(results), persona=persona, n=n))


def _results(results: Results) -> Iterable[SimulationResult]:
    return read_results(rows_of(results)) if isinstance(results, str | Path) else results


def _configs(judges: Sequence[Judge]) -> tuple[LLMConfig, ...]:
    return tuple(one if isinstance(one, LLMConfig) else _config(one) for one in judges)


def _config(name: str) -> LLMConfig:
    provider, _, model = name.partition("/")
    if provider in providers.names():
        return llm_configs(provider=provider, judge_model=model)[1]
    return llm_configs(judge_model=name)[1]
