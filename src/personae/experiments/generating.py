"""Generating: a method at work in a studio, metered, many pieces at once, going on from what earlier runs left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, fields
from typing import Any

import orjson

from personae.core.model import Capabilities, Model, Reply, Request
from personae.core.sections import Provenance
from personae.core.seed import digest
from personae.errors import BudgetExceeded, ProviderError
from personae.experiments.budget import NOTHING, Budget, Ceilings, Metered
from personae.experiments.draft_file import Drafts, InMemory
from personae.generation import Draft, Generator, P
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.providers import connect
from personae.transport import Pool

Work = Callable[[P, Model], Awaitable[Iterable[Draft]]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A model whose answers are kept for one piece of work before anybody sees them, and given again in a later run."""

    behind: Model
    drafts: Drafts
    piece: str = ""

    @property
    def name(self) -> str:
        return self.behind.name

    @property
    def capabilities(self) -> Capabilities:
        return self.behind.capabilities

    def estimate_usd(self, input_tokens: int, output_tokens: int) -> float | None:
        return self.behind.estimate_usd(input_tokens, output_tokens)

    async def complete(self, request: Request) -> Reply:
        asked = digest(orjson.dumps(request.messages).decode())
        if (known := self.drafts.answer(self.piece, asked)) is not None:
            return known
        reply = await self.behind.complete(request)
        self.drafts.answered(self.piece, asked, reply)
        return reply


@dataclass(slots=True)
class Generating:
    """One run of a method: the studio that it works in. `model` must be metered by `budget`."""

    behind: Model
    budget: Budget
    drafts: Drafts = field(default_factory=InMemory)
    concurrency: int = 16
    run: str = ""
    failures: dict[str, str] = field(default_factory=dict)
    """Why pieces gave nothing, by key."""
    cut: str = ""
    """Which ceiling ended the run early."""
    planned: int = 0
    running: int = 0

    def __post_init__(self) -> None:
        self.budget.spent = self.budget.spent + self.drafts.spent

    @property
    def model(self) -> Model:
        return Kept(self.behind, self.drafts)

    @property
    def found(self) -> Mapping[str, Draft]:
        return self.drafts.found

    def provenance(self, method: str, *, key: str, seed: int | None = None, **facts: Any) -> Provenance:
        return Provenance(method=method, model=self.behind.name, key=key, seed=seed, run=self.run, **facts)

    async def generate(self, method: Generator, n: int, seed: int) -> AsyncIterator[Draft]:
        """Every draft, those of earlier runs among them, each kept before it is given; never more than `n`.

        Raises what the method raises, and RecordingError. A ceiling that is reached ends it; see `cut`.
        """
        self.planned = n
        given: set[str] = set()
        try:
            async with aclosing(method.generate(self, n, seed)) as stream:  # type: ignore[type-var]
                async for draft in stream:
                    if draft.key in given:
                        continue
                    self.drafts.keep([draft])
                    given.add(draft.key)
                    yield draft
                    if len(given) == n:
                        return
        except BudgetExceeded as error:
            self.cut = str(error)

    async def each(self, pieces: Iterable[P], work: Work[P]) -> AsyncIterator[Draft]:
        known = self._by_piece()
        left, made = iter(pieces), asyncio.Queue[Draft | None](maxsize=4 * self.concurrency)
        workers = [asyncio.create_task(self._work(left, work, known, made)) for _ in range(self.concurrency)]
        ending = asyncio.create_task(_end(workers, made))
        try:
            while (draft := await made.get()) is not None:
                yield draft
            await ending
        finally:
            for task in (ending, *workers):
                task.cancel()
            await asyncio.gather(ending, *workers, return_exceptions=True)

    async def _work(
        self, left: Iterator[P], work: Work[P], known: Mapping[str, list[Draft]], made: asyncio.Queue[Draft | None]
    ) -> None:
        for piece in left:
            for draft in known.get(piece.key) or await self._made(piece, work):
                await made.put(draft)
            if self.cut:
                return

    async def _made(self, piece: P, work: Work[P]) -> list[Draft]:
        """The drafts of one piece, kept. None where it failed, or a ceiling is reached."""
        try:
            hold = await self.budget.open(NOTHING)
        except BudgetExceeded as error:
            self.cut = str(error)
            return []
        self.running += 1
        try:
            found = list(await work(piece, Kept(self.behind, self.drafts, piece.key)))
        except BudgetExceeded as error:
            self.cut = str(error)
            return []
        except ProviderError as error:
            if error.hopeless:
                raise
            self.failures[piece.key] = str(error)
            self.drafts.failed(piece.key, str(error))
            return []
        finally:
            self.running -= 1
            self.budget.close(hold)
        self.drafts.keep(found)
        return found

    def _by_piece(self) -> dict[str, list[Draft]]:
        pieces: dict[str, list[Draft]] = {}
        for key, draft in self.drafts.found.items():
            pieces.setdefault(key.partition("/")[0], []).append(draft)
        return pieces


async def _end(workers: list[asyncio.Task[None]], made: asyncio.Queue[Draft | None]) -> None:
    """Wait for all workers, or for the first that fails: its error is the run's."""
    done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
    await made.put(None)
    for worker in done:
        worker.result()


def run_of(name: str, method: Generator, model: str, seed: int) -> str:
    """Names the work of a method with its settings, model and seed. How many drafts are asked for is no part of it."""
    settings = {one.name: getattr(method, one.name) for one in fields(method)}  # type: ignore[arg-type]
    return digest(name, json.dumps(settings, sort_keys=True, default=str), model, str(seed))


@asynccontextmanager
async def metered(
    config: LLMConfig, *, ceilings: Ceilings, concurrency: int, seed: int
) -> AsyncIterator[tuple[Model, Budget]]:
    """The model of `config`, connected, behind a meter. Raises ConfigurationError before any call."""
    budget = Budget(ceilings)
    async with Pool() as pool:
        yield Metered(connect(config, Wiring(pool, Limits(concurrency), seed=seed)), budget), budget
