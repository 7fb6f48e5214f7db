"""Compare: what did a change of the bot change? Two runs, pair by pair.

Source: `stats.paired`, `stats.effects`, `stats.multiple`
Idea:   conversations of the same persona, scenario and epoch are pairs, so that what is hard for both bots cancels out.
        The goal is the one question that is asked first; criteria and metrics are corrected for how many they are.
Cost:   no call; one pass over each run, some 500 bytes of memory a conversation.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from personae.core.seed import derive
from personae.errors import ConfigurationError
from personae.experiments.at_once import another_process, counted, counted_at_once, is_long
from personae.experiments.comparison import Comparison, Difference, Incomparable, NotComparable, Outcome, Pair, Unpaired
from personae.experiments.measured import GOAL, GOAL_TITLE, Kind, measure_id
from personae.experiments.pairing import Answers, Conditions, Questions, Run, Side, first_difference
from personae.experiments.result_file import Rows
from personae.stats.effects import PairCounts, cohens_h, mean_difference, rate_difference
from personae.stats.intervals import LEVEL, Estimate, mean, rate
from personae.stats.multiple import CORRECTIONS
from personae.stats.paired import Test, mcnemar, permutation
from personae.stats.power import CHANCE, design_effect, paired_detectable

Row = Mapping[str, Any]
Places = tuple[int, int]
"""Where the answer to a question stands before and after."""
_NOWHERE = 1 << 30


def compare(
    before: Iterable[Row],
    after: Iterable[Row],
    *,
    names: tuple[str, str] = ("before", "after"),
    correction: str = "holm",
    force: bool = False,
    level: float = LEVEL,
) -> Comparison:
    """What differs between the rows of two runs (see `result_file.read_rows`); `after` less `before`.

    Raises InputError for what is no row of a result file, NotComparable where the runs cannot be compared (other judge,
    criteria, prompts, simulator or length) unless `force` says to do it all the same, ConfigurationError for an unknown
    correction.
    """
    comparing = Comparing(correction=correction)
    if isinstance(before, Rows) and isinstance(after, Rows) and is_long(before) and is_long(after):
        with another_process() as other:
            comparing.first, comparing.second = counted_at_once(other, Run, before, after)
    else:
        comparing.first, comparing.second = counted(Run, before), counted(Run, after)
    return comparing.finish(names, force=force, level=level)


class Comparing:
    """A comparison while its rows go by: all of the run before, then all of the run after."""

    def __init__(self, *, correction: str = "holm", seed: int = 0) -> None:
        if correction not in CORRECTIONS:
            raise ConfigurationError(f"there is no correction {correction!r}: choose {' or '.join(CORRECTIONS)}")
        self._correction, self._seed = correction, seed
        self.first, self.second = Run(), Run()

    def add_before(self, row: Row) -> None:
        """One conversation of the run before. Raises as `pairing.Run.add`."""
        self.first.add(row)

    def add_after(self, row: Row) -> None:
        """One conversation of the run after. Raises as `pairing.Run.add`."""
        self.second.add(row)

    def finish(self, names: tuple[str, str], *, force: bool = False, level: float = LEVEL) -> Comparison:
        """What came of it. `names` are what a reader knows the two by. Raises NotComparable unless `force`."""
        first, second = self.first, self.second
        incomparable = _incomparable(first, second)
        if incomparable and not force:
            raise NotComparable(incomparable)
        pairs = _Pairs.of(first, second)
        differences = _corrected(list(pairs.differences(level, self._seed)), self._correction)
        goal = next((one for one in differences if one.id == GOAL), None)
        return Comparison(
            before=names[0],
            after=names[1],
            bots=(_bot(first.conditions), _bot(second.conditions)),
            conversations=(first.conversations, second.conversations),
            paired=tuple(pairs.paired),
            repeats=pairs.repeats,
            unpaired=tuple(pairs.unpaired),
            differences=tuple(differences),
            correction=self._correction,
            level=level,
            detectable=_detectable(goal, pairs.repeats, level),
            incomparable=incomparable,
        )


@dataclass(slots=True)
class _Answers:
    """The answers to one question, added up by cell: all pairs of one persona and scenario."""

    pairs: array[int]
    before: array[float]
    after: array[float]
    better: array[int]
    worse: array[int]
    unanswered: int = 0

    @classmethod
    def of(cls, given: Iterable[tuple[Answers, Answers]], places: Places, of: Iterable[int], cells: int) -> _Answers:
        """Of what was answered before and after, the answers at `places`; `of` says the cell of each pair."""
        there, here = places
        counts, sums = array("L", bytes(8 * cells)), array("d", bytes(8 * cells))
        answers = cls(counts, sums, sums[:], counts[:], counts[:])
        n, before, after, better, worse = answers.pairs, answers.before, answers.after, answers.better, answers.worse
        for cell, (first, second) in zip(of, given, strict=True):
            old = first[there] if there < len(first) else None
            new = second[here] if here < len(second) else None
            if old is None or new is None:
                answers.unanswered += 1
                continue
            n[cell] += 1
            before[cell] += old
            after[cell] += new
            if new > old:
                better[cell] += 1
            elif new < old:
                worse[cell] += 1
        return answers


@dataclass(slots=True)
class _Pairs:
    """What is kept of all pairs, while they go by."""

    verdicts: Mapping[str | None, Places]
    scores: Mapping[str | None, Places]
    paired: list[Pair] = field(default_factory=list)
    unpaired: list[Unpaired] = field(default_factory=list)
    _of: array[int] = field(default_factory=lambda: array("L"))
    """The cell of each pair."""
    _verdicts: list[tuple[Answers, Answers]] = field(default_factory=list)
    _scores: list[tuple[Answers, Answers]] = field(default_factory=list)
    _cells: dict[bytes, int] = field(default_factory=dict)
    _moves: dict[tuple[Answers, Answers], tuple[Outcome, tuple[str, ...], tuple[str, ...]]] = field(
        default_factory=dict
    )

    @classmethod
    def of(cls, first: Run, second: Run) -> _Pairs:
        """All conversations of two runs: those of the second in its order, then what only the first has."""
        pairs = cls(_places(first.verdicts, second.verdicts), _places(first.scores, second.scores))
        for pair, side in second.sides.items():
            pairs.add(first.sides.get(pair), side)
        for pair, side in first.sides.items():
            if pair not in second.sides:
                pairs.add(side, None)
        return pairs

    @property
    def repeats(self) -> float:
        return len(self.paired) / len(self._cells) if self._cells else 1.0

    def add(self, before: Side | None, after: Side | None) -> None:
        """One pair, or one conversation without its other half."""
        if before is None or after is None or before.left_out or after.left_out:
            self.unpaired.append(_unpaired(before, after))
            return
        self._of.append(self._cells.setdefault(before.cell, len(self._cells)))
        verdicts = before.verdicts, after.verdicts
        self._verdicts.append(verdicts)
        self._scores.append((before.scores, after.scores))
        move = self._moves.get(verdicts)
        if move is None:
            move = self._moves[verdicts] = self._move(*verdicts)
        outcome, changed, gained = move
        turn = first_difference(before.turns, after.turns)
        who = (before.persona, before.scenario, before.epoch)
        self.paired.append(Pair(outcome, before.key, after.key, *who, changed, gained, turn))

    def _move(self, before: Answers, after: Answers) -> tuple[Outcome, tuple[str, ...], tuple[str, ...]]:
        """Which way a pair went: by its goal, else by how many criteria are YES; what changed, what of it gained."""
        changed, gained, goal, yes = [], [], 0.0, 0.0
        for name, (there, here) in self.verdicts.items():
            old, new = _at(before, there), _at(after, here)
            if old is None or new is None or old == new:
                continue
            changed.append(_id("criterion", name))
            if new > old:
                gained.append(changed[-1])
            goal, yes = (new - old, yes) if name is None else (goal, yes + new - old)
        moved = goal or yes
        return "better" if moved > 0 else "worse" if moved < 0 else "same", tuple(changed), tuple(gained)

    def differences(self, level: float, seed: int) -> Iterator[Difference]:
        """What the two runs answered to each question: the goal, criteria, metrics. Those without an answer, too."""
        for name, places in sorted(self.verdicts.items(), key=lambda item: item[0] is not None):
            yield self._difference("criterion", name, self._answers(self._verdicts, places), level, seed)
        for name, places in self.scores.items():
            yield self._difference("metric", name, self._answers(self._scores, places), level, seed)

    def _answers(self, given: list[tuple[Answers, Answers]], places: Places) -> _Answers:
        return _Answers.of(given, places, self._of, len(self._cells))

    def _difference(self, kind: Kind, name: str | None, answers: _Answers, level: float, seed: int) -> Difference:
        kind = "goal" if name is None else kind
        key = _id(kind, name)
        own, better, worse = derive(seed, "compare", key), sum(answers.better), sum(answers.worse)
        before, after = (_estimate(sums, answers.pairs, kind, own, level) for sums in (answers.before, answers.after))
        test = _test(answers, kind, own)
        return Difference(
            id=key,
            name=name or GOAL_TITLE,
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


def _places(first: Questions, second: Questions) -> dict[str | None, Places]:
    """Where the answers to each question stand, those of the first run first."""
    names = dict.fromkeys([*first.places, *second.places])
    return {name: (first.places.get(name, _NOWHERE), second.places.get(name, _NOWHERE)) for name in names}


def _at(answers: Answers, place: int) -> float | None:
    return answers[place] if place < len(answers) else None


def _id(kind: Kind, name: str | None) -> str:
    return GOAL if name is None else measure_id(kind, name)


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
    reasons = dict.fromkeys(side.left_out for side in (before, after) if side is not None and side.left_out)
    where: Literal["before", "after", "both"]
    if before is None or after is None:
        where, reasons = "after" if before is None else "before", {"only here": None}
    elif before.left_out and after.left_out:
        where = "both"
    else:
        where = "before" if before.left_out else "after"
    side = after or before
    assert side is not None
    return Unpaired(
        where,
        None if before is None else before.key,
        None if after is None else after.key,
        side.persona,
        side.scenario,
        side.epoch,
        ", ".join(reasons),
    )


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
    asked = [{_id(kind, name) for kind, name in run.asked} - {GOAL} for run in (first, second)]
    if not names and asked[0] != asked[1]:
        only = [", ".join(sorted(mine - other)) or "none of its own" for mine, other in (asked, asked[::-1])]
        found.append(Incomparable("questions", *only))
    return tuple(found)


def _shown(values: set[bytes] | None) -> str:
    if not values:
        return "not recorded"
    return ", ".join(sorted(value.decode("utf-8", "replace").strip('"') for value in values))
