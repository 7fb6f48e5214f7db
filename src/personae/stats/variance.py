"""Where does the spread come from: from who talks, from what about, from chance, or from the judge?

Source: Gao and Owen 2017, "Efficient moment calculations for variance components in large unbalanced crossed random
        effects models" (Electronic Journal of Statistics 11), section 4; Searle, Casella and McCulloch 1992, "Variance
        Components", chapter 4
Idea:   y = mean + persona + scenario + their interaction + epoch + judge, all random. Two observations of the same cell
        differ by chance alone; of the same persona in two scenarios by what scenarios add to it; and so on. Half the
        mean squared difference of each kind of pair is a sum of components, and four sums name four components. For a
        complete design this is the analysis of variance; it needs no complete one. One pass, and sums alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(slots=True)
class Sums:
    """Observations of one kind: how many, their sum, and the sum of their squares."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, values: Sequence[float]) -> Sums:
        return cls(len(values), sum(values), sum(value * value for value in values))

    def add(self, other: Sums) -> None:
        self.n += other.n
        self.total += other.total
        self.squares += other.squares

    @property
    def pairs(self) -> int:
        return self.n * (self.n - 1) // 2

    @property
    def spread(self) -> float:
        """The squared differences of all pairs, added: n sum(y^2) - (sum y)^2."""
        return max(0.0, self.n * self.squares - self.total**2)


@dataclass(frozen=True, slots=True)
class Cell:
    """All observations of one persona in one scenario."""

    persona: str
    scenario: str
    sums: Sums
    rated_again: tuple[Sums, ...] = ()
    """One for each conversation that the judge rated more than once; they are part of `sums`."""


@dataclass(frozen=True, slots=True)
class Part:
    """One component: its variance (0 where its estimate is below) and its share of all, 0 to 1.

    `reason` says why it is undefined, or, beside a value, what else is in it.
    """

    name: str
    variance: float | None
    share: float | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


NAMES = ("persona", "scenario", "persona x scenario", "epoch", "judge")


def variance_split(cells: Iterable[Cell]) -> tuple[Part, ...]:
    """The parts in the order of `NAMES`, their shares adding up to 1. Empty with fewer than two observations.

    What a design cannot tell apart stands together in one part, whose reason says so, and the other part is undefined
    with its reason. `epoch` is what differs between repeats of the same; where nothing was rated more than once, the
    judge's own noise is in it.
    """
    everything, within, again = Sums(), _Differences(), _Differences()
    personas: dict[str, Sums] = {}
    scenarios: dict[str, Sums] = {}
    for cell in cells:
        everything.add(cell.sums)
        personas.setdefault(cell.persona, Sums()).add(cell.sums)
        scenarios.setdefault(cell.scenario, Sums()).add(cell.sums)
        within.add(cell.sums)
        for conversation in cell.rated_again:
            again.add(conversation)
    if everything.n < 2:
        return ()
    persona, scenario = _Differences.of(personas.values()), _Differences.of(scenarios.values())
    apart = _Differences.of([everything]).less(persona).less(scenario).plus(within)
    same = within.less(again).mean
    parts = _told_apart(apart.mean, persona.less(within).mean, scenario.less(within).mean)
    parts = _by_chance(parts, same, again.mean)
    total = sum(part.variance for part in parts.values() if part.variance is not None)
    return tuple(_with_share(parts[name], total) for name in NAMES)


def _with_share(part: Part, total: float) -> Part:
    if part.variance is None:
        return part
    if total <= 0:
        return replace(part, reason="all observations agree: there is no spread to split")
    return replace(part, share=part.variance / total)


def _told_apart(apart: float | None, same_persona: float | None, same_scenario: float | None) -> dict[str, Part]:
    """Parts before chance is taken out of the last of them, from half mean squared differences of pairs.

    The last one named by `_REST` still holds what differs between repeats.
    """
    if apart is not None and same_persona is not None and same_scenario is not None:
        return {
            "persona": _part("persona", apart - same_persona),
            "scenario": _part("scenario", apart - same_scenario),
            _REST: Part("persona x scenario", same_persona + same_scenario - apart),
        }
    if apart is not None and same_persona is not None:
        own = "each scenario has one persona: what they add together is in it"
        return {"persona": _part("persona", apart - same_persona), _REST: Part("scenario", same_persona, None, own)}
    if apart is not None and same_scenario is not None:
        own = "each persona has one scenario: what they add together is in it"
        return {"scenario": _part("scenario", apart - same_scenario), _REST: Part("persona", same_scenario, None, own)}
    if apart is not None:
        return {_REST: Part("persona", apart, None, "each persona has its own scenario: the scenario's part is in it")}
    if same_scenario is not None:
        return {_REST: Part("persona", same_scenario, None, "there is one scenario: what they add together is in it")}
    if same_persona is not None:
        return {_REST: Part("scenario", same_persona, None, "there is one persona: what they add together is in it")}
    return {}


def _by_chance(parts: dict[str, Part], same: float | None, judge: float | None) -> dict[str, Part]:
    """All parts, with chance taken out of the rest; where nothing was repeated the rest cannot be told from chance."""
    rest = parts.pop(_REST, None)
    if same is None:
        why = "nothing was repeated: it cannot be told from chance"
        name = rest.name if rest is not None else "repeats"
        chance = (
            Part("epoch", None, None, why)
            if rest is None or rest.variance is None
            else Part("epoch", max(0.0, rest.variance), None, f"nothing was repeated: {name} is in it")
        )
        parts |= {"epoch": chance} | ({rest.name: Part(rest.name, None, None, why)} if rest is not None else {})
    else:
        parts["epoch"] = _part("epoch", same - (judge or 0.0))
        if rest is not None and rest.variance is not None:
            parts[rest.name] = replace(rest, variance=max(0.0, rest.variance - same))
    parts["judge"] = Part("judge", judge, None, "" if judge is not None else "no conversation was rated more than once")
    for name in NAMES:
        parts.setdefault(name, Part(name, None, None, "this design cannot tell it from the others"))
    return parts


def _part(name: str, variance: float) -> Part:
    return Part(name, max(0.0, variance))


_REST = "rest"


@dataclass(slots=True)
class _Differences:
    """Squared differences of pairs, added, and how many pairs there are."""

    pairs: int = 0
    spread: float = 0.0

    @classmethod
    def of(cls, groups: Iterable[Sums]) -> _Differences:
        one = cls()
        for group in groups:
            one.add(group)
        return one

    def add(self, group: Sums) -> None:
        self.pairs += group.pairs
        self.spread += group.spread

    def less(self, other: _Differences) -> _Differences:
        return _Differences(self.pairs - other.pairs, self.spread - other.spread)

    def plus(self, other: _Differences) -> _Differences:
        return _Differences(self.pairs + other.pairs, self.spread + other.spread)

    @property
    def mean(self) -> float | None:
        """Half the mean squared difference: the variance between the two of a pair."""
        return self.spread / self.pairs / 2 if self.pairs else None
