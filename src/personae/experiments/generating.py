"""Generating: a method at work in a studio, metered, many pieces at once, going on from what earlier runs left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field, fields
from typing import Any

import orjson

from personae.core.model import Capabilities, Model, Reply, Request
from personae.core.sections import Provenance
from personae.core.seed import digest
from personae.errors import BudgetExceeded, ProviderError
from personae.experiments.budget import NOTHING, Budget, Ceilings, Metered
from personae.experiments.draft_file import Drafts, InMemory
from personae.experiments.nearness import PIECE, Nearness
from personae.generation import Draft, Effort, Generator, NoDraft, P
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.providers import connect
from personae.transport import Pool, Transport

Work = Callable[[P, Model], Awaitable[Iterable[Draft]]]
TRIES = 3
"""Of a piece whose drafts mean what is there already."""


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
        await self.drafts.answered(self.piece, asked, reply)
        return reply


@dataclass(slots=True)
class Generating:
    """One run of a method: the studio that it works in. `model` must be metered by `budget`."""

    behind: Model
    budget: Budget
    drafts: Drafts = field(default_factory=InMemory)
    concurrency: int = 16
    run: str = ""
    embeddings: Model | None = None
    """Who tells near-copies by meaning, metered by `budget`. None: words alone tell them."""
    failures: dict[str, str] = field(default_factory=dict)
    """Why pieces gave nothing, by key."""
    cut: str = ""
    """Which ceiling ended the run early."""
    planned: int = 0
    running: int = 0
    nearness: Nearness | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.budget.spent = self.budget.spent + self.drafts.spent
        if self.embeddings is not None:
            self.nearness = Nearness(Kept(self.embeddings, self.drafts, PIECE))

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
            if self.nearness is not None:
                for known in self.found.values():
                    await self.nearness.too_near([known])
            async with aclosing(method.generate(self, n, seed)) as stream:  # type: ignore[type-var]
                async for draft in stream:
                    if draft.key in given:
                        continue
                    await self.drafts.keep([draft])
                    given.add(draft.key)
                    yield draft
                    if len(given) == n:
                        return
        except BudgetExceeded as error:
            self.cut = str(error)

    def stop(self, why: str) -> None:
        """Begin no further piece; those that are worked at are finished."""
        self.cut = self.cut or why

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
            if self.cut:
                return
            for draft in known.get(piece.key) or await self._made(piece, work):
                await made.put(draft)

    async def _made(self, piece: P, work: Work[P]) -> list[Draft]:
        """The drafts of one piece, kept. None where it failed, or a ceiling is reached."""
        try:
            hold = await self.budget.open(NOTHING)
        except BudgetExceeded as error:
            self.cut = str(error)
            return []
        self.running += 1
        try:
            found = await self._new(piece, work)
        except BudgetExceeded as error:
            self.cut = str(error)
            return []
        except ProviderError as error:
            if error.hopeless:
                raise
            self.failures[piece.key] = str(error)
            await self.drafts.failed(piece.key, str(error))
            return []
        finally:
            self.running -= 1
            self.budget.close(hold)
        await self.drafts.keep(found)
        return found

    async def _new(self, piece: P, work: Work[P]) -> list[Draft]:
        """What the piece gives; again where it means what is there already. Raises NoDraft."""
        for _ in range(TRIES):
            found = list(await work(piece, Kept(self.behind, self.drafts, piece.key)))
            if self.nearness is None or not (near := await self.nearness.too_near(found)):
                return found
        raise NoDraft(f"{TRIES} drafts meant nearly the same as {near}")

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
    config: LLMConfig,
    *,
    ceilings: Ceilings,
    concurrency: int,
    seed: int,
    carrier: AbstractAsyncContextManager[Transport] | None = None,
) -> AsyncIterator[tuple[Model, Budget]]:
    """The model of `config`, connected, behind a meter. `carrier`: what carries requests, where it is to be another.

    Raises ConfigurationError before any call.
    """
    budget = Budget(ceilings)
    async with carrier or Pool() as transport:
        yield Metered(connect(config, Wiring(transport, Limits(concurrency), seed=seed)), budget), budget


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a run will take, roughly."""

    calls: tuple[int, int]
    tokens: int
    """At most."""
    usd: tuple[float, float] | None
    """None where the model's price is not known."""


def foreseen(effort: Effort, model: Model) -> Foreseen:
    """What such an effort takes of `model`."""
    low, high = effort.calls
    usd = model.estimate_usd(effort.input_tokens, effort.output_tokens)
    price = None if usd is None else (low * usd, high * usd)
    return Foreseen((low, high), high * (effort.input_tokens + effort.output_tokens), price)


class _Asked(Exception):
    """A method wants its first answer."""


class _Refusing:
    """A studio in which no work is done."""

    found: Mapping[str, Draft] = {}
    name = "none/none"
    capabilities = Capabilities()

    @property
    def model(self) -> Model:
        return self

    def estimate_usd(self, input_tokens: int, output_tokens: int) -> float | None:  # noqa: ARG002 - the protocol's
        return None

    def provenance(self, method: str, *, key: str, seed: int | None = None, **facts: Any) -> Provenance:
        return Provenance(method=method, key=key, seed=seed, **facts)

    def each(self, pieces: Iterable[P], work: Work[P]) -> AsyncIterator[Draft]:  # noqa: ARG002 - the protocol's
        raise _Asked

    async def complete(self, request: Request) -> Reply:  # noqa: ARG002 - the protocol's
        raise _Asked


async def check(method: Generator, n: int, seed: int) -> None:
    """Raises InputError for what a run of the method would refuse before its first call."""
    with suppress(_Asked):
        async with aclosing(method.generate(_Refusing(), n, seed)) as stream:  # type: ignore[type-var]
            async for _ in stream:
                return
