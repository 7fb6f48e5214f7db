"""Do two readers agree, more than chance would have them? Cohen's kappa, Krippendorff's alpha, and the table behind.

Source: Cohen 1960; Fleiss, Cohen and Everitt 1969 (kappa's standard error, equation 13); Krippendorff 2011, "Computing
        Krippendorff's Alpha-Reliability" (nominal data, any number of raters, missing values); Kish 1965 (effective n)
Idea:   where the sample was drawn in strata every pair carries a weight, so that the table is that of the population it
        was drawn from, and counts as the number of equal-weight pairs that would tell as much.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from personae.stats.intervals import LEVEL, Estimate, percentile, undefined, wilson

_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Pair:
    """What the judge and the people said of one thing, and for how many such things of the population it stands."""

    judge: bool
    people: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Confusion:
    """The judge's yes and no against the people's, by weight; `n` counts the pairs themselves."""

    both: float = 0.0
    """The judge and the people say yes."""
    judge_only: float = 0.0
    people_only: float = 0.0
    neither: float = 0.0
    effective: float = 0.0
    n: int = 0

    @classmethod
    def of(cls, pairs: Sequence[Pair]) -> Confusion:
        """The table of `pairs`."""
        cell = Counter[tuple[bool, bool]]()
        for pair in pairs:
            cell[pair.judge, pair.people] += pair.weight  # type: ignore[assignment]
        return cls(
            float(cell[True, True]),
            float(cell[True, False]),
            float(cell[False, True]),
            float(cell[False, False]),
            effective_size([pair.weight for pair in pairs]),
            len(pairs),
        )


def effective_size(weights: Sequence[float]) -> float:
    """(sum of w)^2 / sum of w^2: as many equal weights as tell as much. 0 where there are none."""
    squares = math.fsum(weight * weight for weight in weights)
    return math.fsum(weights) ** 2 / squares if squares else 0.0


def cohens_kappa(table: Confusion, level: float = LEVEL) -> Estimate:
    """Agreement beyond chance, -1 to 1: (observed - expected) / (1 - expected), with its large-sample interval.

    Undefined where both always say the same one thing: chance alone would then agree.
    """
    total = table.both + table.judge_only + table.people_only + table.neither
    if not table.n or not total:
        return undefined("nobody and the judge answered the same conversation")
    shares = ((table.both / total, table.judge_only / total), (table.people_only / total, table.neither / total))
    rows = [sum(row) for row in shares]
    columns = [shares[0][place] + shares[1][place] for place in (0, 1)]
    expected = sum(row * column for row, column in zip(rows, columns, strict=True))
    if expected > 1 - 1e-12:
        said = "YES" if rows[0] > 0.5 else "NO"
        reason = f"both said {said} to all {table.n}, so that chance alone would agree as well"
        return Estimate(None, None, None, table.n, reason, level=level)
    kappa = (shares[0][0] + shares[1][1] - expected) / (1 - expected)
    agreeing = sum(shares[i][i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in (0, 1))
    parting = (1 - kappa) ** 2 * sum(
        shares[i][j] * (columns[i] + rows[j]) ** 2 for i in (0, 1) for j in (0, 1) if i != j
    )
    variance = (agreeing + parting - (kappa - expected * (1 - kappa)) ** 2) / (1 - expected) ** 2 / table.effective
    if kappa > 1 - 1e-12:
        return Estimate(kappa, None, None, table.n, "they never part, so there is no spread to go by", table.n, level)
    half = NormalDist().inv_cdf(0.5 + level / 2) * math.sqrt(max(variance, 0.0))
    return Estimate(kappa, max(-1.0, kappa - half), min(1.0, kappa + half), table.n, clusters=table.n, level=level)


def sensitivity(pairs: Sequence[Pair], level: float = LEVEL) -> Estimate:
    """Of what people call YES, the share that the judge calls YES, with Wilson's interval."""
    return _share(
        [pair for pair in pairs if pair.people],
        "no conversation that people labelled YES has a verdict",
        level,
        yes=True,
    )


def specificity(pairs: Sequence[Pair], level: float = LEVEL) -> Estimate:
    """Of what people call NO, the share that the judge calls NO, with Wilson's interval."""
    return _share(
        [pair for pair in pairs if not pair.people],
        "no conversation that people labelled NO has a verdict",
        level,
        yes=False,
    )


def _share(pairs: Sequence[Pair], reason: str, level: float, *, yes: bool) -> Estimate:
    if not pairs:
        return undefined(reason)
    weights = [pair.weight for pair in pairs]
    share = math.fsum(pair.weight for pair in pairs if pair.judge is yes) / math.fsum(weights)
    effective = effective_size(weights)
    low, high = wilson(share * effective, effective, level)
    return Estimate(share, min(low, share), max(high, share), len(pairs), clusters=len(pairs), level=level)


def krippendorff_alpha(units: Iterable[Sequence[Hashable | None]], *, seed: int = 0, level: float = LEVEL) -> Estimate:
    """Agreement of any number of raters on labels without order; None is a missing one. 1 is perfect, 0 is chance.

    1 - (n - 1) * sum of o_ck / sum of n_c n_k over different labels c, k. The interval draws whole units again. Units
    with fewer than two labels tell nothing and are left out. `n` counts the units that are left.
    """
    counted = [Counter(label for label in unit if label is not None) for unit in units]
    paired = [unit for unit in counted if unit.total() > 1]
    if not paired:
        return undefined("no conversation was labelled by two raters")
    alpha = _alpha(paired)
    if alpha is None:
        only = next(iter(paired[0]))
        return Estimate(
            None, None, None, len(paired), f"all labels are {only}, so that chance alone would agree as well"
        )
    if alpha > 1 - 1e-12:
        return Estimate(alpha, None, None, len(paired), "they never part, so there is no spread to go by", len(paired))
    if len(paired) == 1:
        return Estimate(alpha, None, None, 1, "one conversation has no interval", 1, level)
    dice = random.Random(seed)
    drawn = (_alpha(dice.choices(paired, k=len(paired))) for _ in range(_DRAWS))
    values = sorted(1.0 if value is None else value for value in drawn)  # one label alone: no disagreement was drawn
    tail = (1 - level) / 2
    low, high = percentile(values, tail), percentile(values, 1 - tail)
    return Estimate(alpha, min(low, alpha), max(high, alpha), len(paired), clusters=len(paired), level=level)


def _alpha(units: Sequence[Counter[Hashable]]) -> float | None:
    """None where only one label occurs."""
    totals = Counter[Hashable]()
    parting = 0.0
    for unit in units:
        totals.update(unit)
        size = unit.total()
        parting += (size * size - sum(count * count for count in unit.values())) / (size - 1)
    n = totals.total()
    expected = n * n - sum(count * count for count in totals.values())
    return 1 - (n - 1) * parting / expected if expected else None
