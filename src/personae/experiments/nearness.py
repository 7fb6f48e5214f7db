"""Near-copies by meaning: drafts whose embeddings are nearly another's, which words alone do not show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from personae.core.model import Model
from personae.core.persona import Persona
from personae.core.query import Query
from personae.errors import ProviderError
from personae.experiments.budget import Budget, Metered
from personae.generation import Draft
from personae.llm.config import LLMConfig, Wiring
from personae.llm.embeddings import connect_embeddings, vector_of
from personae.llm.limits import Limits
from personae.stats.dense import DenseGate
from personae.transport import Pool, Transport

LEAST_COSINE = 0.95
"""From when on two texts mean the same."""
PIECE = "embeddings"
"""Under which the answers are kept: no draft has this key, so that a run that goes on finds them all."""


@dataclass(slots=True)
class Nearness:
    """Which drafts are nearly others. An endpoint without embeddings leaves it to words alone: `problem` says so."""

    model: Model
    problem: str = ""
    rejects: int = 0
    _gate: DenseGate = field(default_factory=lambda: DenseGate(LEAST_COSINE))

    async def too_near(self, drafts: Iterable[Draft]) -> str:
        """The key of a draft that one of these is nearly a copy of; blank where all are new. Then they are known.

        Raises BudgetExceeded.
        """
        for draft in drafts:
            text = _text(draft)
            if not text or self.problem:
                continue
            try:
                vector = await vector_of(self.model, text)
            except ProviderError as error:
                self.problem = str(error)
                continue
            if near := self._gate.admit(draft.key, vector):
                self.rejects += 1
                return near[0]
        return ""

    def told(self) -> list[str]:
        """What came of it, and why it ended early."""
        lines = [f"near-copies by meaning, written anew: {self.rejects}"]
        if self.problem:
            lines.append(f"without embeddings, words alone told near-copies: {self.problem}")
        return lines


def _text(draft: Draft) -> str:
    if isinstance(draft.made, Persona):
        return draft.made.description
    return draft.made.query if isinstance(draft.made, Query) else ""


@asynccontextmanager
async def embeddings(
    config: LLMConfig,
    name: str,
    budget: Budget,
    concurrency: int,
    carrier: AbstractAsyncContextManager[Transport] | None = None,
) -> AsyncIterator[Model]:
    """The model `name` at the endpoint of `config`, metered by `budget`. `carrier`: what carries requests, where it is
    to be another. Raises ConfigurationError before any call.
    """
    async with carrier or Pool() as transport:
        wiring = Wiring(transport, Limits(concurrency))
        yield Metered(connect_embeddings(config.with_(model=name, rates=None), wiring), budget)
