"""Compare: what did a change of the bot change? Two result files, pair by pair.

Source: `stats.paired`, `stats.effects`, `stats.multiple`
Idea:   conversations of the same persona, scenario and epoch are pairs, so that what is hard for both bots cancels out.
        The goal is the one question that is asked first; criteria and metrics are corrected for how many they are.
Cost:   no call; one pass over each file, some 500 bytes of memory a conversation.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from personae.core.seed import derive
from personae.errors import ConfigurationError, Conflict
from personae.experiments.comparison import Comparison, Difference, Incomparable, Outcome, Pair, Unpaired
from personae.experiments.measured import GOAL, Kind, measure_id
from personae.experiments.pairing import Conditions, Questions, Run, Side, first_difference
from personae.experiments.result_file import read_rows
from personae.stats.effects import PairCounts, cohens_h, mean_difference, rate_difference
from personae.stats.intervals import LEVEL, Estimate, mean, rate
from personae.stats.multiple import CORRECTIONS
from personae.stats.paired import Test, mcnemar, permutation
from personae.stats.power import CHANCE, design_effect, paired_detectable

_ORDER: tuple[Kind, ...] = ("goal", "criterion", "metric")


def compare(
    before: Path,
    after: Path,
    *,
    correction: str = "holm",
    force: bool = False,
    level: float = LEVEL,
    seed: int = 0,
    only: Callable[[Mapping[str, Any]], bool] | None = None,
) -> Comparison:
    """What differs between the runs in two result files; `after` less `before`. `only` chooses rows.

    Raises InputError for what is no result file, Conflict where the runs cannot be compared (other judge, criteria,
    prompts, simulator or length) unless `force` says to do it all the same, ConfigurationError for an unknown
    correction.
    """
    if correction not in CORRECTIONS:
        raise ConfigurationError(f"there is no correction {correction!r}: choose {' or '.join(CORRECTIONS)}")
    questions = Questions()
    first, second = Run(read_rows(before), questions, only), Run(read_rows(after), questions, only)
    pairs = _Pairs(questions)
    waiting = dict(first)
    for pair, side in second:
        pairs.add(waiting.pop(pair, None), side)
    for side in waiting.values():
        pairs.add(side, None)
    incomparable = _incomparable(first, second)
    if incomparable and not force:
        lines = "\n".join(f"  {one}" for one in incomparable)
        raise Conflict(
            f"these runs cannot be compared, for more than the bot differs:\n{lines}\nRun one of them again with the "
            "other's settings, or say --force to compare all the same; the result is then marked"
        )
    differences = _corrected([pairs.difference(place, level, seed) for place in pairs.in_order()], correction)
    goal = next((one for one in differences if one.id == GOAL), None)
    return Comparison(
        before=before.name,
        after=after.name,
        bots=(_bot(first.conditions), _bot(second.conditions)),
        conversations=(first.conversations, second.conversations),
        pairs=pairs.count,
        repeats=pairs.repeats,
        same=pairs.same,
        changed=tuple(sorted(pairs.changed, key=lambda pair: pair.outcome != "worse")),
        unpaired=tuple(pairs.unpaired),
        differences=tuple(differences),
        correction=correction,
        level=level,
        detectable=_detectable(goal, pairs.repeats, level),
        incomparable=incomparable,
    )


@dataclass(slots=True)
class _Answers:
    """The answers to one question, added up by cell: all pairs of one persona and scenario."""

    pairs: array[int] = field(default_factory=lambda: array("L"))
    before: array[float] = field(default_factory=lambda: array("d"))
    after: array[float] = field(default_factory=lambda: array("d"))
    better: array[int] = field(default_factory=lambda: array("L"))
    worse: array[int] = field(default_factory=lambda: array("L"))
    unanswered: int = 0

    def add(self, cell: int, old: float, new: float) -> None:
        if cell >= len(self.pairs):
            for values in (self.pairs, self.before, self.after, self.better, self.worse):
                values.extend([0] * (cell + 1 - len(values)))
        self.pairs[cell] += 1
        self.before[cell] += old
        self.after[cell] += new
        if new > old:
            self.better[cell] += 1
        elif new < old:
            self.worse[cell] += 1


@dataclass(slots=True)
class _Pairs:
    """What is kept of all pairs, while they go by."""

    questions: Questions
    count: int = 0
    same: int = 0
    changed: list[Pair] = field(default_factory=list)
    unpaired: list[Unpaired] = field(default_factory=list)
    _answers: list[_Answers] = field(default_factory=list)
    _cells: dict[bytes, int] = field(default_factory=dict)

    @property
    def repeats(self) -> float:
        return self.count / len(self._cells) if self._cells else 1.0

    def add(self, before: Side | None, after: Side | None) -> None:
        """One pair, or one conversation without its other half."""
        if before is None or after is None or before.left_out or after.left_out:
            self.unpaired.append(_unpaired(before, after))
            return
        self.count += 1
        cell = self._cells.setdefault(before.cell, len(self._cells))
        while len(self._answers) < len(self.questions.kinds):
            self._answers.append(_Answers())
        changed, goal, yes = [], 0.0, 0.0
        for place, (kind, name) in enumerate(self.questions.kinds):
            old = before.values[place] if place < len(before.values) else None
            new = after.values[place] if place < len(after.values) else None
            answers = self._answers[place]
            if old is None or new is None:
                answers.unanswered += 1
                continue
            answers.add(cell, old, new)
            if old != new and kind != "metric":
                changed.append(measure_id(kind, name))
                goal, yes = (new - old, yes) if kind == "goal" else (goal, yes + new - old)
        if not (moved := goal or yes) and not changed:
            self.same += 1
            return
        outcome: Outcome = "better" if moved > 0 else "worse" if moved < 0 else "same"
        self.same += outcome == "same"
        turn = first_difference(before.turns, after.turns)
        who = (before.persona, before.scenario, before.epoch)
        self.changed.append(Pair(outcome, before.key, after.key, *who, tuple(changed), turn))

    def in_order(self) -> list[int]:
        """Places of the questions: the goal, criteria, metrics."""
        return sorted(range(len(self._answers)), key=lambda place: _ORDER.index(self.questions.kinds[place][0]))

    def difference(self, place: int, level: float, seed: int) -> Difference:
        """What the two runs answered to one question."""
        kind, name = self.questions.kinds[place]
        answers, key = self._answers[place], measure_id(kind, name)
        own, better, worse = derive(seed, "compare", key), sum(answers.better), sum(answers.worse)
        before, after = (_estimate(sums, answers.pairs, kind, own, level) for sums in (answers.before, answers.after))
        test = _test(answers, kind, own)
        return Difference(
            id=key,
            name=name,
            kind=kind,
            before=before,
            after=after,
            change=_change(answers, kind, own, level),
            better=better,
            worse=worse,
            same=sum(answers.pairs) - better - worse,
            unanswered=answers.unanswered,
            p=test.p,
            method=test.method,
            effect_h=None if kind == "metric" else _effect(before, after),
            reason=test.reason,
        )


_NO_PAIR = "no pair has an answer on both sides"


def _estimate(sums: array[float], pairs: array[int], kind: Kind, seed: int, level: float) -> Estimate:
    clusters = zip(sums, pairs, strict=True)
    if kind != "metric":
        return rate(clusters, reason=_NO_PAIR, level=level)
    return mean(clusters, seed=seed, bounds=(0.0, 1.0), reason=_NO_PAIR, level=level)


def _change(answers: _Answers, kind: Kind, seed: int, level: float) -> Estimate:
    if kind == "metric":
        return mean_difference(list(_changes(answers)), seed=seed, level=level)
    counts = map(PairCounts, answers.better, answers.worse, answers.pairs)
    return rate_difference(list(counts), level=level)


def _changes(answers: _Answers) -> Iterator[tuple[float, int]]:
    """The sum of the changes of each cell that has any pair, and how many."""
    for old, new, n in zip(answers.before, answers.after, answers.pairs, strict=True):
        if n:
            yield new - old, n


def _test(answers: _Answers, kind: Kind, seed: int) -> Test:
    """McNemar's for verdicts that stand alone. Scores, and verdicts with repeats, by flipping whole cells."""
    if not sum(answers.pairs):
        return Test(None, reason=_NO_PAIR)
    if kind != "metric" and max(answers.pairs) == 1:
        return mcnemar(sum(answers.better), sum(answers.worse))
    return permutation([change for change, _ in _changes(answers)], seed=seed)


def _effect(before: Estimate, after: Estimate) -> float | None:
    return None if before.value is None or after.value is None else cohens_h(before.value, after.value)


def _corrected(differences: list[Difference], correction: str) -> list[Difference]:
    """With adjusted p-values for all questions but the goal."""
    family = [one for one in differences if one.id != GOAL and one.p is not None]
    adjusted = CORRECTIONS[correction]([one.p for one in family if one.p is not None])
    by_id = dict(zip((one.id for one in family), adjusted, strict=True))
    return [replace(one, adjusted_p=by_id.get(one.id)) for one in differences]


def _detectable(goal: Difference | None, repeats: float, level: float) -> float | None:
    if goal is None or not goal.change.n:
        return None
    chance = 2 * min(goal.better, goal.worse) / goal.change.n or CHANCE
    return paired_detectable(goal.change.n, chance=chance, effect=design_effect(repeats), level=level)


def _unpaired(before: Side | None, after: Side | None) -> Unpaired:
    if before is None or after is None:
        side = before or after
        assert side is not None
        where: Literal["before", "after"] = "after" if before is None else "before"
        return Unpaired(where, side.key, side.persona, side.scenario, side.epoch, "only here")
    if before.left_out and after.left_out:
        reason = before.left_out if before.left_out == after.left_out else f"{before.left_out}, {after.left_out}"
        return Unpaired("both", after.key, after.persona, after.scenario, after.epoch, reason)
    side, where = (before, "before") if before.left_out else (after, "after")
    return Unpaired(where, side.key, side.persona, side.scenario, side.epoch, side.left_out)


def _bot(conditions: Conditions) -> str:
    return ", ".join(bot for bot in conditions.bots if bot)


def _incomparable(first: Run, second: Run) -> tuple[Incomparable, ...]:
    """What differs and must not. The rating version is named where nothing else tells what differs in it."""
    if not first.conversations or not second.conversations:
        return ()
    ours, theirs = first.conditions.values, second.conditions.values
    names = [name for name in dict.fromkeys([*ours, *theirs]) if ours.get(name) != theirs.get(name)]
    found = [Incomparable(name.replace("_", " "), _shown(ours.get(name)), _shown(theirs.get(name))) for name in names]
    if len(found) > 1:
        found = [one for one in found if one.what != "rating version"]
    asked = [{measure_id(*run.questions.kinds[place]) for place in run.asked} - {GOAL} for run in (first, second)]
    if not names and asked[0] != asked[1]:
        only = [", ".join(sorted(mine - other)) or "none of its own" for mine, other in (asked, asked[::-1])]
        found.append(Incomparable("questions", *only))
    return tuple(found)


def _shown(values: set[bytes] | None) -> str:
    if not values:
        return "not recorded"
    return ", ".join(sorted(value.decode("utf-8", "replace").strip('"') for value in values))
