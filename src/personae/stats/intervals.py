"""Estimates: a number, how far it can be trusted, and from how many observations. Undefined is a value, never zero.

Source: Wilson 1927 (the score interval); Kish 1965 (design effect); Hesterberg 2015, "What Teachers Should Know about
        the Bootstrap" (the expanded percentile interval)
Idea:   repeats of one (persona, scenario) tell less than as many different ones, so they count as a cluster. A rate
        keeps the Wilson interval, with the number of observations cut by the design effect; a mean is drawn again by
        whole clusters.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from operator import mul, truediv
from statistics import NormalDist
from typing import Any

from personae.stats.student import t_quantile

LEVEL = 0.95
"""The confidence level of every interval, where no other is asked for."""
RESAMPLES = 10_000
BOOTSTRAP_CLUSTERS = 250
"""With more clusters than this the bootstrap's percentiles are computed, not drawn: see `_by_expansion`."""

Cluster = tuple[float, int]
"""The sum of a cluster's observations, and how many there are."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate or a mean with its interval. `value` is None exactly where `reason` says why it is undefined."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    """Observations behind the value."""
    reason: str = ""
    """Why there is no value, or, beside a value, why there is no interval."""
    clusters: int = 0
    """Independent groups that the observations fall into; fewer than `n` where there are repeats."""
    level: float = LEVEL

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what is undefined is null."""
        return asdict(self)

    @property
    def is_defined(self) -> bool:
        return self.value is not None


def undefined(reason: str) -> Estimate:
    """No observation, and why."""
    return Estimate(None, None, None, 0, reason)


def wilson(successes: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """The Wilson score interval, without continuity correction, of `successes` in `n` > 0 trials."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = successes / n
    spread = 1 + z * z / n
    middle = (share + z * z / (2 * n)) / spread
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / spread
    low = 0.0 if successes <= 0 else max(0.0, middle - half)
    high = 1.0 if successes >= n else min(1.0, middle + half)
    return low, high


def rate(clusters: Iterable[Cluster], *, reason: str = "nothing was measured", level: float = LEVEL) -> Estimate:
    """The share of yes over all observations; each cluster is (number of yes, number of observations).

    Without repeats this is the Wilson interval. With repeats it is the Wilson interval of the effective number of
    observations, which lies between the number of clusters and the number of observations.
    """
    kept = [cluster for cluster in clusters if cluster[1]]
    if not kept:
        return Estimate(None, None, None, 0, reason, level=level)
    answers, sizes = zip(*kept, strict=True)
    total = sum(sizes)
    share = sum(answers) / total
    effective = _effective(answers, sizes)
    low, high = wilson(share * effective, effective, level)
    return Estimate(share, min(low, share), max(high, share), total, clusters=len(kept), level=level)


def effective_n(clusters: Sequence[Cluster]) -> float:
    """How many independent observations the clusters of yes/no answers are worth, by their design effect.

    Two clusters of mean size, one all yes and one all no, are added before the spread is measured: otherwise a run in
    which everything went well would claim that its repeats are independent, which it cannot know.
    """
    answers, sizes = zip(*clusters, strict=True)
    return _effective(answers, sizes)


def _effective(answers: Sequence[float], sizes: Sequence[int]) -> float:
    total, count = float(sum(sizes)), len(sizes)
    if total == count:
        return total
    size = total / count
    weight = total + 2 * size
    share = (sum(answers) + size) / weight
    squares, products, lengths = (
        sum(map(mul, answers, answers)),
        sum(map(mul, answers, sizes)),
        sum(map(mul, sizes, sizes)),
    )
    spread = squares - 2 * share * products + share**2 * lengths  # the sum of (yes - share n)^2
    spread += (size - share * size) ** 2 + (share * size) ** 2
    between = spread * (count + 2) / (count + 1) / weight**2
    effect: float = between / (share * (1 - share) / weight)
    return min(total, max(float(count), total / effect))


def mean(
    clusters: Iterable[Cluster],
    *,
    seed: int = 0,
    bounds: tuple[float, float] | None = None,
    reason: str = "nothing was measured",
    level: float = LEVEL,
    resamples: int | None = None,
) -> Estimate:
    """The mean over all observations; each cluster is (sum of its observations, how many).

    The interval draws whole clusters with replacement, and takes percentiles that are widened for few clusters.
    Of many clusters the percentiles of all draws are computed: nearer to them than 10,000 draws come.

    `bounds` are what a value cannot leave. With one cluster there is a value and no interval. Where all clusters agree
    no draw can differ, which says nothing about the next one: the interval is then Wilson's between the bounds, which
    is the widest that values in them can need, or none without bounds. `resamples` 0 computes the interval (clustered
    standard error, Student's t) instead of drawing it.
    """
    kept = [cluster for cluster in clusters if cluster[1]]
    if not kept:
        return Estimate(None, None, None, 0, reason, level=level)
    totals, sizes = zip(*kept, strict=True)
    n = sum(sizes)
    value = math.fsum(totals) / n
    if len(kept) == 1:
        which = "one observation has" if n == 1 else "repeats of the same alone have"
        return Estimate(value, None, None, n, f"{which} no interval", 1, level)
    means = [*map(truediv, totals, sizes)]
    if max(means) - min(means) < 1e-12:
        return _all_agree(value, n, len(kept), bounds, level)
    if resamples == 0:
        low, high = _by_formula(kept, value, level)
    elif resamples is None and len(kept) > BOOTSTRAP_CLUSTERS:
        low, high = _by_expansion(kept, value, level)
    else:
        low, high = _by_drawing(kept, seed, level, resamples or RESAMPLES)
    low, high = min(low, value), max(high, value)
    if bounds is not None:
        low, high = max(bounds[0], low), min(bounds[1], high)
    return Estimate(value, low, high, n, clusters=len(kept), level=level)


def _all_agree(value: float, n: int, count: int, bounds: tuple[float, float] | None, level: float) -> Estimate:
    if bounds is None:
        return Estimate(value, None, None, n, "all observations agree, so there is no spread to go by", count, level)
    width = bounds[1] - bounds[0]
    low, high = (bounds[0] + width * end for end in wilson((value - bounds[0]) / width * count, count, level))
    return Estimate(value, min(low, value), max(high, value), n, clusters=count, level=level)


def _by_formula(clusters: Sequence[Cluster], value: float, level: float) -> tuple[float, float]:
    count, n = len(clusters), sum(size for _, size in clusters)
    spread = math.fsum([(total - value * size) ** 2 for total, size in clusters])
    error = math.sqrt(spread * count / (count - 1)) / n
    half = t_quantile(0.5 + level / 2, count - 1) * error
    return value - half, value + half


def _by_drawing(clusters: Sequence[Cluster], seed: int, level: float, resamples: int) -> tuple[float, float]:
    dice, count = random.Random(seed), len(clusters)
    both = [complex(total, n) for total, n in clusters]  # so that one sum adds up both
    means = []
    for _ in range(resamples):
        drawn = sum(dice.choices(both, k=count))
        means.append(drawn.real / drawn.imag)
    tail = NormalDist().cdf(_expanded(count, level))
    means.sort()
    return percentile(means, tail), percentile(means, 1 - tail)


def _by_expansion(clusters: Sequence[Cluster], value: float, level: float) -> tuple[float, float]:
    """The percentiles that infinitely many draws would have, by the Cornish-Fisher expansion of their distribution.

    value + s (z + g (z^2 - 1) / 6 + k (z^3 - 3 z) / 24 - g^2 (2 z^3 - 5 z) / 36), with standard deviation s, skewness g
    and excess kurtosis k of the drawn means (Hall 1992, "The Bootstrap and Edgeworth Expansion", section 2.5).
    """
    count, n = len(clusters), sum(size for _, size in clusters)
    rest = [total - value * size for total, size in clusters]
    squares = [one * one for one in rest]
    second = math.fsum(squares) / count
    third = math.fsum(map(mul, squares, rest)) / count
    fourth = math.fsum(map(mul, squares, squares)) / count
    g = third / second**1.5 / math.sqrt(count)
    k = (fourth / second**2 - 3) / count
    error = math.sqrt(second * count) / n
    z = _expanded(count, level)
    low, high = (
        value + error * (u + g * (u * u - 1) / 6 + k * (u**3 - 3 * u) / 24 - g * g * (2 * u**3 - 5 * u) / 36)
        for u in (z, -z)
    )
    return low, high


def _expanded(count: int, level: float) -> float:
    """The normal quantile of the lower percentile, widened for few clusters (Hesterberg 2015, section 5.3)."""
    return math.sqrt(count / (count - 1)) * t_quantile(0.5 - level / 2, count - 1)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the ordered, non-empty values lie, between neighbours in a line."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
