"""One conversation of an experiment, from its first word to its recorded result.

Converse, rate, record: every turn is recorded before the next call is made, and one conversation's failure is one row.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from personae import provenance
from personae.bots import Bot, Session
from personae.core.conversation import CUT, ERRORS, Conversation, Turn
from personae.core.model import Model
from personae.core.result import SimulationResult, Spec
from personae.core.usage import NO_USAGE, Usage
from personae.errors import BudgetExceeded, PersonaeError
from personae.experiments.budget import BYTES_PER_TOKEN, Amount, Budget, Hold, most
from personae.experiments.plan import Plan
from personae.experiments.progress import Progress
from personae.experiments.recorders import Recorder
from personae.rating import judge as judging
from personae.rating.judge import Judge, Ratings, not_rated
from personae.rating.refusal import RefusalCheck
from personae.simulation.conversation import Ended, Rules, converse
from personae.simulation.simulator import Simulator

log = logging.getLogger(__name__)

_RATING_OVERHEAD_TOKENS = 2500
"""Of a rating call beside the transcript: how to rate, the questions, the form of the answer."""


@dataclass(slots=True)
class Experiment:
    """Everything that a run needs, fully built. See `experiments.build` for how it comes from settings."""

    plan: Plan
    simulator: Model
    bot: Bot
    judge: Judge
    rules: Rules
    budget: Budget
    recorder: Recorder
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What every row of this run says about how it came to be."""
    progress: Progress = field(default_factory=Progress)
    half_done: dict[str, SimulationResult] = field(default_factory=dict)
    """Conversations that a cancelled run broke off, as they were. They are recorded turn by turn, and have no row."""
    _refusals: dict[str, bool] = field(default_factory=dict)

    async def conversation(self, spec: Spec) -> SimulationResult:
        """Hold, rate and record one conversation. Raises only what must stop the whole run.

        That is: ProviderError and BotError that are hopeless, and RecordingError.
        """
        self.progress.running += 1
        try:
            try:
                hold = await self.budget.open(self._rating_amount(0))
            except BudgetExceeded as error:
                ended = Ended("budget_exceeded", error=str(error))
                return self._record(spec, [*self.recorder.so_far(spec.key)], ended, self._unrated(spec, ended))
            try:
                with provenance.bind_case(spec.key):
                    return await self._held(spec, hold)
            finally:
                self.budget.close(hold)
        finally:
            self.progress.running -= 1

    async def _held(self, spec: Spec, hold: Hold) -> SimulationResult:
        turns = self._so_far(spec)
        refused = RefusalCheck(self.judge.model, self._refusals)
        try:
            ended = await self._converse(spec, turns, refused, hold)
        except asyncio.CancelledError:
            self.half_done[spec.key] = self.cancelled(spec, turns)
            raise
        except PersonaeError:
            raise
        except Exception as error:  # the one boundary where a defect in one conversation becomes data
            log.exception("conversation failed", extra={"case": spec.key})
            ended = Ended("simulator_error", error=f"{type(error).__name__}: {error}")
        self.budget.give_back(hold)
        ratings = await self._rate(spec, turns, ended)
        return self._record(spec, turns, ended, ratings, refused)

    def _so_far(self, spec: Spec) -> list[Turn]:
        """The turns to go on from. A bot that keeps its own state has lost it: there, the conversation begins anew."""
        turns = list(self.recorder.so_far(spec.key))
        if turns and self.bot.is_stateful:
            self.recorder.restart(spec)
            turns.clear()
        return turns

    async def _converse(self, spec: Spec, turns: list[Turn], refused: RefusalCheck, hold: Hold) -> Ended:
        simulator = Simulator(self.simulator, spec, self.rules.max_turns)
        session = Session(f"{spec.key}-{len(turns)}", spec.scenario.fields)
        rules = self.rules.for_persona(spec.persona)
        size = sum(len(turn.content) for turn in turns)
        async for event in converse(simulator, self.bot, session, rules, refused, tuple(turns)):
            if isinstance(event, Ended):
                return event
            turns.append(event)
            self.recorder.turn(spec, event)
            self.progress.turns += 1
            size += len(event.content)
            try:
                await self.budget.raise_hold(hold, self._rating_amount(size))
            except BudgetExceeded as error:
                return Ended("budget_exceeded", error=str(error), refusals=0)
        raise AssertionError("a conversation ends by saying why")

    def _rating_amount(self, size: int) -> Amount:
        """What rating a transcript of so many characters can take at most."""
        if self.judge.asks_nothing:
            return Amount()
        tokens = int(min(size, 160_000) / BYTES_PER_TOKEN) + _RATING_OVERHEAD_TOKENS
        return most(self.judge.model, tokens, judging.MAX_OUTPUT_TOKENS)

    async def _rate(self, spec: Spec, turns: list[Turn], ended: Ended) -> Ratings:
        if ended.termination in CUT | ERRORS or not any(turn.role == "assistant" for turn in turns):
            return self._unrated(spec, ended)
        try:
            return await self.judge.rate(turns, spec.scenario)
        except PersonaeError:
            raise
        except Exception as error:
            log.exception("rating failed", extra={"case": spec.key})
            return not_rated(self.judge, spec.scenario, f"not rated: {type(error).__name__}: {error}")

    def cancelled(self, spec: Spec, turns: Sequence[Turn] = ()) -> SimulationResult:
        """What stands for a conversation that this run did not end. It is not recorded, so that it can go on."""
        if spec.key in self.half_done:
            return self.half_done[spec.key]
        ended = Ended("cancelled")
        return self._result(spec, turns, ended, self._unrated(spec, ended), None)

    def _unrated(self, spec: Spec, ended: Ended) -> Ratings:
        return not_rated(self.judge, spec.scenario, f"not rated: the conversation ended by {ended.termination}")

    def _record(
        self,
        spec: Spec,
        turns: Sequence[Turn],
        ended: Ended,
        ratings: Ratings,
        refused: RefusalCheck | None = None,
    ) -> SimulationResult:
        result = self._result(spec, turns, ended, ratings, refused)
        self.recorder.finish(result)
        self.progress.finished(result)
        return result

    def _result(
        self,
        spec: Spec,
        turns: Sequence[Turn],
        ended: Ended,
        ratings: Ratings,
        refused: RefusalCheck | None,
    ) -> SimulationResult:
        judged = ratings.usage + (refused.usage if refused is not None else NO_USAGE)
        return SimulationResult(
            key=spec.key,
            persona=spec.persona,
            scenario=spec.scenario,
            epoch=spec.epoch,
            conversation=Conversation(
                tuple(turns), ended.termination, ended.explanation, ended.error, self.bot.system_prompt
            ),
            goal=ratings.goal,
            ratings=ratings.criteria,
            scores=ratings.scores,
            usage=_usage(turns, ended, judged),
            metadata=self._metadata(spec, turns, ended, ratings, refused),
        )

    def _metadata(
        self, spec: Spec, turns: Sequence[Turn], ended: Ended, ratings: Ratings, refused: RefusalCheck | None
    ) -> dict[str, Any]:
        sampling: Mapping[str, Any] = next(
            (turn.metadata["sampling"] for turn in turns if "sampling" in turn.metadata), {}
        )
        data = {
            **self.metadata,
            "simulator_temperature": sampling.get("temperature"),
            "judge_temperature": (ratings.sampling or {}).get("temperature"),
            "seed": spec.seed,
            "provenance": {**self.metadata.get("provenance", {}), "case_uid": spec.key},
        }
        if ended.refusals:
            data["refusals_observed"] = ended.refusals
        if refused is not None and refused.undecided:
            data["refusals_undecided"] = refused.undecided
        if "received" in ended.metadata:
            data["received"] = ended.metadata["received"]
        return data


def _usage(turns: Sequence[Turn], ended: Ended, judged: Usage) -> dict[str, Usage]:
    usage = {"simulator": ended.usage, "bot": NO_USAGE, "judge": judged}
    for turn in turns:
        if turn.usage is not None:
            role = "simulator" if turn.role == "user" else "bot"
            usage[role] = usage[role] + turn.usage
    return {role: used for role, used in usage.items() if used.calls or role != "bot"}
