"""How large is a difference? Of paired rates and of paired means, each with an interval.

Source: Tango 1998, "Equivalence test and confidence interval for the difference in proportions for the paired-sample
        design" (the score interval); Fagerland, Lydersen and Laake 2014, "Recommended tests and confidence intervals
        for paired binomial proportions", section 5; Cohen 1988, "Statistical Power Analysis", section 6.2 (h)
Idea:   the score interval holds every difference that the score test does not reject: it is there also where no pair
        differs, and at its end points it agrees with McNemar's test. Repeats of one (persona, scenario) are worth fewer
        pairs, by their design effect, as in `intervals`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from personae.stats.intervals import LEVEL, Estimate, mean, undefined


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Pairs of one cluster, or of all: how many went from NO to YES, from YES to NO, and how many there are."""

    better: float
    worse: float
    n: float


def tango(better: float, worse: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """The score interval, -1 to 1, of the difference (better - worse) / n of paired rates; `n` > 0.

    It solves (better - worse - n d)^2 = z^2 n (2 q + d - d^2) for d, with q the likeliest share of pairs that went from
    YES to NO where the difference is d (Tango 1998, equations 6 and 8).
    """
    z, share = NormalDist().inv_cdf(0.5 + level / 2), (better - worse) / n

    def excess(d: float) -> float:
        linear = -better - worse + (2 * n - better + worse) * d
        q = (math.sqrt(max(0.0, linear**2 + 8 * n * worse * d * (1 - d))) - linear) / (4 * n)
        return (better - worse - n * d) ** 2 - z * z * n * max(0.0, 2 * q + d * (1 - d))

    return _root(excess, share, -1.0), _root(excess, share, 1.0)


def _root(excess: Callable[[float], float], inside: float, outside: float) -> float:
    if excess(outside) <= 0:
        return outside
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if excess(middle) <= 0 else (inside, middle)
    return (inside + outside) / 2


def rate_difference(clusters: Sequence[PairCounts], *, level: float = LEVEL) -> Estimate:
    """The difference of paired rates, -1 to 1, over clusters of repeats. Undefined without pairs.

    The interval is Tango's of the effective number of pairs.
    """
    kept = [one for one in clusters if one.n]
    n = sum(one.n for one in kept)
    if not n:
        return undefined("no pair has an answer on both sides")
    better, worse = sum(one.better for one in kept), sum(one.worse for one in kept)
    shrink = _effective_pairs(kept, n, (better - worse) / n) / n
    low, high = tango(better * shrink, worse * shrink, n * shrink, level)
    value = (better - worse) / n
    return Estimate(value, min(low, value), max(high, value), round(n), clusters=len(kept), level=level)


def _effective_pairs(clusters: Sequence[PairCounts], n: float, value: float) -> float:
    """How many independent pairs the clusters are worth: between their number and the number of pairs.

    Two clusters of mean size, all better and all worse, are added before the spread is measured, for the same reason as
    in `intervals.effective_n`.
    """
    count = len(clusters)
    if n == count:
        return n
    size = n / count
    total = n + 2 * size
    middle = value * n / total
    differ = sum(one.better + one.worse for one in clusters) + 2 * size
    between = math.fsum((one.better - one.worse - middle * one.n) ** 2 for one in clusters)
    between += (size - middle * size) ** 2 + (size + middle * size) ** 2
    spread = between * (count + 2) / (count + 1) / total**2
    single = (differ / total - middle**2) / total
    return min(n, max(float(count), n * single / spread))


def mean_difference(clusters: Sequence[tuple[float, int]], *, seed: int = 0, level: float = LEVEL) -> Estimate:
    """The mean of paired differences of scores from 0 to 1; each cluster is (their sum, how many), drawn as a whole."""
    return mean(clusters, seed=seed, bounds=(-1.0, 1.0), reason="no pair has a score on both sides", level=level)


def cohens_h(first: float, second: float) -> float:
    """2 asin(sqrt(second)) - 2 asin(sqrt(first)), -pi to pi: 0.2 is called small, 0.5 medium, 0.8 large."""
    return 2 * math.asin(math.sqrt(second)) - 2 * math.asin(math.sqrt(first))
