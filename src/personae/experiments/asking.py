"""What judges are asked beside ratings: probes, who is speaking, and PersonaScore. For the command line and Python.

Each draws its conversations by seed, says what it takes before the first call, and asks within a hard ceiling.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personae.core.rating import Criterion
from personae.core.result import SimulationResult
from personae.core.seed import derive
from personae.errors import InputError
from personae.experiments.budget import Ceilings
from personae.experiments.judging import Bench, Price, bench
from personae.experiments.probing import Probed, Probing
from personae.llm.config import LLMConfig
from personae.rating.check import questions
from personae.rating.persona_score import PersonaScore, evaluated, messages
from personae.rating.persona_score import persona_score as scored_persona
from personae.rating.probes import probes
from personae.rating.roles import identified, role_cases, scored

_TOKENS_PER_CASE, _TOKENS_PER_SCORING = 200, 350
Results = Iterable[SimulationResult]


def _refuse(running: Bench, price: Price) -> None:
    running.refuse_if_dearer(price)


@dataclass(frozen=True, slots=True)
class Asking:
    """Judges, and how they are asked."""

    judges: tuple[LLMConfig, ...]
    """All but `persona_score` ask the first alone."""
    usd: float | None = None
    """Hard ceiling."""
    concurrency: int = 8
    seed: int = 0
    announce: Callable[[Bench, Price], None] = _refuse
    """Is told what it takes before the first call, and may refuse it."""
    source: Path | None = None
    """The file that the conversations come from, for errors."""

    async def probe(
        self,
        results: Results,
        *,
        kinds: Sequence[str] = (),
        n: int = 30,
        criteria: Mapping[str, Criterion] | None = None,
    ) -> tuple[str, list[Probed]]:
        """The judge's name, and what flips where nothing that matters is another. `kinds`: all, if none is named.

        `criteria`: by name, what the criteria of the run ask. Raises NotFound for a probe that there is not.
        """
        names = [name.replace("-", "_") for name in kinds] or list(probes.names())
        for name in names:
            probes.get(name)  # a name that is none is said before anything is read
        chosen = self._sample(
            n, (one for one in results if any(rating.verdict is not None for _, rating in questions(one)))
        )
        async with self._bench() as running:
            probing = Probing(running.models[0], chosen, criteria or {}, self.seed)
            self.announce(running, probing.price(running, names))
            return running.models[0].name, await probing.run(running, names)

    async def roles(self, results: Results, *, n: int = 40, options: int = 4) -> dict[str, Any]:
        """How well the judge tells who is speaking, as it stands on a card; see `rating.roles.scored`."""
        everything = self._sample(None, (one for one in results if one.conversation.turns))
        made = role_cases(everything, options=options, seed=self.seed)
        cases = heapq.nsmallest(n, made, key=lambda case: (derive(self.seed, "sample", case.key), case.key))
        async with self._bench() as running:
            model = running.models[0]
            self.announce(running, running.price((model, case.messages, _TOKENS_PER_CASE) for case in cases))
            guesses = await running.each(cases, lambda case: identified(model, case))
            return scored(model.name, cases, guesses)

    async def persona_score(self, results: Results, *, persona: str = "", n: int | None = None) -> PersonaScore:
        """How well the bot plays `persona`, or where that is blank the persona of its system prompt."""

        def text(one: SimulationResult) -> str:
            return persona or one.conversation.system_prompt.strip()

        usable = (one for one in results if one.turns > 0 and text(one))
        chosen = self._sample(n, usable, "says of no bot which persona it plays: give the persona (--persona)")
        async with self._bench() as running:
            models = running.models
            pairs = [(model, one.key, text(one), one.conversation.turns) for one in chosen for model in models]
            prices = ((model, messages(played, turns), _TOKENS_PER_SCORING) for model, _, played, turns in pairs)
            self.announce(running, running.price(prices))
            return scored_persona(await running.each(pairs, lambda asked: evaluated(*asked)))

    def _bench(self) -> AbstractAsyncContextManager[Bench]:
        return bench(self.judges, ceilings=Ceilings(self.usd), concurrency=self.concurrency, seed=self.seed)

    def _sample(
        self,
        n: int | None,
        usable: Results,
        otherwise: str = "holds no conversation that the judge could be asked about",
    ) -> list[SimulationResult]:
        """`n` of them by seed, or all. Raises InputError where there is none."""
        if n is None:
            chosen = list(usable)
        else:
            chosen = heapq.nsmallest(n, usable, key=lambda one: (derive(self.seed, "sample", one.key), one.key))
        if not chosen:
            raise InputError(otherwise, file=self.source)
        return chosen
