"""The Python door to generation: what `personae generate` does, with settings as values instead of files."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from personae.api import _run
from personae.experiments.budget import Ceilings
from personae.experiments.draft_file import DraftFile, InMemory
from personae.experiments.generating import Generating, metered, run_of
from personae.experiments.nearness import embeddings
from personae.experiments.settings import DEFAULT_BUDGET_USD, llm_configs
from personae.generation import Generator, Made, generators
from personae.llm.config import LLMConfig

log = logging.getLogger(__name__)


def generate(
    method: str | Generator,
    n: int = 10,
    seed: int = 0,
    *,
    provider: str = "",
    base_url: str = "",
    model: str = "",
    embeddings_model: str = "",
    budget_usd: float | None = DEFAULT_BUDGET_USD,
    concurrency: int = 16,
    out: str | Path | None = None,
    fresh: bool = False,
    **settings: Any,
) -> list[Made]:
    """`n` personas, queries or scenarios by a method of `personae.generation`, each with its provenance.

    `method` is a name, such as `profiles`, with its fields in `settings` (texts and values, not files), or one that is
    built. `embeddings_model`, at the same address, also tells near-copies by meaning. With `out`, drafts and every paid
    answer are kept, and a broken-off run goes on from there. Fewer come back where pieces failed or the budget ended:
    the log says why. Raises InputError before the first call, Conflict where `out` holds other work, and ProviderError
    where nothing can be made at all.
    """
    chosen = generators.get(method)(**settings) if isinstance(method, str) else method
    config, _ = llm_configs(provider=provider, base_url=base_url, simulator_model=model)
    file = Path(out) if out else None
    return _run(_generate(chosen, n, seed, config, embeddings_model, budget_usd, concurrency, file, fresh=fresh))


async def _generate(
    method: Generator,
    n: int,
    seed: int,
    config: LLMConfig,
    embeddings_model: str,
    budget_usd: float | None,
    concurrency: int,
    out: Path | None,
    *,
    fresh: bool,
) -> list[Made]:
    async with AsyncExitStack() as stack:
        model, budget = await stack.enter_async_context(
            metered(config, ceilings=Ceilings(budget_usd), concurrency=concurrency, seed=seed)
        )
        near = None
        if embeddings_model:
            near = await stack.enter_async_context(embeddings(config, embeddings_model, budget, concurrency))
        run = run_of(type(method).__name__, method, model.name, seed)
        file = DraftFile(out, method.makes, run, fresh=fresh) if out is not None else None
        running = Generating(model, budget, file or InMemory(), concurrency, run, near)
        made: list[Made] = []
        try:
            async for draft in running.generate(method, n, seed):
                made.append(draft.kept)  # noqa: PERF401 - how many were made counts also where it breaks off
        finally:
            if file is not None:
                file.close(is_complete=len(made) >= n)
    if running.nearness is not None and running.nearness.problem:
        log.warning("without embeddings, words alone told near-copies: %s", running.nearness.problem)
    if len(made) < n:
        why = running.cut or "; ".join(list(running.failures.values())[:3])
        log.warning("%d of %d were made: %s", len(made), n, why)
    return made
