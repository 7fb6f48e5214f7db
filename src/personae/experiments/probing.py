"""Probe a judge: ask again about a sample of conversations, in the ways of `rating.probes`, and count what flips.

The verdicts in the file are what is compared with, where this very judge gave them: same model, mode, prompts and
criteria. Else the judge is asked as usual first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personae.core.conversation import Turn
from personae.core.model import Message, Model
from personae.core.rating import Criterion, Mode, Rating
from personae.core.result import SimulationResult
from personae.core.seed import derive
from personae.errors import InputError
from personae.experiments.judging import Bench, Price
from personae.rating.card import JudgeVersion
from personae.rating.check import questions
from personae.rating.judge import Judge, Ratings
from personae.rating.labels import GOAL
from personae.rating.metrics import metrics
from personae.rating.probes import Flips, Verdicts, flips, probes

_TOKENS_PER_ANSWER = 90


@dataclass(frozen=True, slots=True)
class Probed:
    """What one probe found."""

    probe: str
    conversations: int
    flips: tuple[Flips, ...]
    errors: int
    """Answers that could not be had."""
    fresh: bool
    """Compared with verdicts that were asked for anew, since others gave those in the file."""

    def as_dict(self) -> dict[str, Any]:
        found = [one.as_dict() for one in self.flips]
        data = {"conversations": self.conversations, "errors": self.errors, "fresh_baseline": self.fresh}
        return data | {"flips": found}


@dataclass(frozen=True, slots=True)
class Probing:
    """A sample of conversations and the judge to probe with it."""

    model: Model
    results: Sequence[SimulationResult]
    criteria: Mapping[str, Criterion]
    """By label: what the criteria in the result file ask."""
    seed: int = 0

    def judge(self, result: SimulationResult) -> Judge:
        """The judge as it rated this conversation."""
        named = [self._criterion(rating.criterion) for rating in result.ratings]
        measured = [score.metric.replace("-", "_") for score in result.scores]
        known = tuple(metrics.get(name)() for name in measured if name in metrics.names())
        mode: Mode = "fast" if result.metadata.get("judge_mode") == "fast" else "detailed"
        return Judge(self.model, tuple(named), known, mode)

    def _criterion(self, label: str) -> Criterion:
        if label in self.criteria:
            return self.criteria[label]
        if label.rstrip().endswith("?"):
            return Criterion(question=label)
        raise InputError(f"the text of criterion {label!r} is not in the result file: give the file by --criteria")

    def is_fresh(self) -> bool:
        """Whether another judge gave the verdicts in the file, so that this one has to be asked as usual first."""
        return any(
            True
            for result in self.results
            for name, _ in questions(result)
            for _ in JudgeVersion.of_row(result.metadata, name).differences(self._version(result, name))
        )

    def _version(self, result: SimulationResult, name: str) -> JudgeVersion:
        judge = self.judge(result)
        text = "" if name == GOAL else self._criterion(name).version_hash
        return JudgeVersion.made_of(self.model.name, judge.mode, name, judge.prompt_versions, text)

    def price(self, bench: Bench, names: Sequence[str]) -> Price:
        """Of everything that `run` will ask."""
        return bench.price(self._asked(names))

    def _asked(self, names: Sequence[str]) -> Iterator[tuple[Model, Sequence[Message], int]]:
        again = [None, *names] if self.is_fresh() else list(names)
        for result in self.results:
            for name in again:
                asked = self._changed(name, result)
                if asked is None:
                    continue
                judge, turns = asked
                listed = judge.questions(result.scenario)
                answers = len(listed) + len(judge.metrics) * result.turns
                yield self.model, judge.messages(turns, result.scenario, listed, ()), answers * _TOKENS_PER_ANSWER

    def _changed(self, name: str | None, result: SimulationResult) -> tuple[Judge, Sequence[Turn]] | None:
        judge, turns = self.judge(result), result.conversation.turns
        if name is None:
            return judge, turns
        return probes.get(name)().changed(judge, turns, derive(self.seed, "probe", result.key))

    async def run(self, bench: Bench, names: Sequence[str]) -> list[Probed]:
        """Each probe's flips. Raises what must stop everything, such as a wrong key."""
        fresh = self.is_fresh()
        before: list[Verdicts] = [dict(_verdicts(result.goal, result.ratings)) for result in self.results]
        if fresh:
            before = [verdicts for verdicts, _ in await bench.each(self.results, lambda one: self._again(None, one))]
        found = []
        for name in names:
            after = await bench.each(self.results, lambda one, name=name: self._again(name, one))  # type: ignore[misc]
            pairs = [(one, other) for one, (other, _) in zip(before, after, strict=True)]
            errors = sum(count for _, count in after)
            reason = "the judge gave no answer that could be compared" if errors else "there was nothing to change"
            found.append(
                Probed(name, sum(bool(other) for _, other in pairs), flips(pairs, reason=reason), errors, fresh)
            )
        return found

    async def _again(self, name: str | None, result: SimulationResult) -> tuple[Verdicts, int]:
        """The verdicts, and how many there are none of."""
        asked = self._changed(name, result)
        if asked is None:
            return {}, 0
        judge, turns = asked
        ratings: Ratings = await judge.rate(turns, result.scenario)
        verdicts = dict(_verdicts(ratings.goal, ratings.criteria))
        return verdicts, len(ratings.criteria) + (ratings.goal is not None) - len(verdicts)


def _verdicts(goal: Rating | None, ratings: Sequence[Rating]) -> Iterator[tuple[str, bool]]:
    if goal is not None and goal.verdict is not None:
        yield GOAL, goal.verdict
    yield from ((rating.criterion, rating.verdict) for rating in ratings if rating.verdict is not None)
