"""Did a change do anything? Tests of two bots over the same (persona, scenario, epoch).

Source: McNemar 1947, "Note on the sampling error of the difference between correlated proportions"; Fagerland, Lydersen
        and Laake 2013, "The McNemar test for binary matched-pairs data: mid-p and asymptotic are better than exact
        conditional"; Fisher 1935, "The Design of Experiments", section 21 (the paired permutation test); Phipson and
        Smyth 2010, "Permutation p-values should never be zero"
Idea:   where the change did nothing, each pair might as well stand the other way round. So the signs of the differences
        are turned, in all ways or in many drawn ones, and the test is how often the sum is as far from 0 as the one
        that was seen. For single verdicts that is McNemar's test. Repeats of one (persona, scenario) turn together.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

EXACT_UP_TO = 14
"""With so many differences that are not 0, all 2^n ways are looked at."""
DRAWN_UP_TO = 500
"""With more, the sum is so close to normal that drawing would only add noise."""
DRAWS = 10_000
_BITS = 8


@dataclass(frozen=True, slots=True)
class Test:
    """A two-sided p-value, or the reason why there is none."""

    __test__ = False  # not one of pytest's

    p: float | None
    method: str = ""
    n: int = 0
    """Pairs, or clusters of them, that the test rests on: those that differ."""
    reason: str = ""


def mcnemar_mid_p(better: int, worse: int) -> float:
    """The mid-p of McNemar's exact test, 0 to 1: 2 P(X <= min) - P(X = min) for X ~ Binomial(better + worse, 1/2).

    Half of the probability of what was seen is left out (Fagerland 2013, equation 4): so it lies close to its level,
    which the exact test keeps far below.
    """
    n, least = better + worse, min(better, worse)
    if better == worse:
        return 1 - _point(least, n) / 2 if n else 1.0
    return 2 * _tail(least, n) - _point(least, n)


def mcnemar(better: int, worse: int) -> Test:
    """The mid-p test of `better` pairs that went from NO to YES and `worse` ones that went from YES to NO.

    Pairs that stayed as they were say nothing on whether the change did anything. With none that differ p is 1: nothing
    speaks for a change.
    """
    return Test(mcnemar_mid_p(better, worse), "McNemar, mid-p", better + worse)


def _point(k: int, n: int) -> float:
    """P(X = k) for X ~ Binomial(n, 1/2)."""
    return math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2))


def _tail(k: int, n: int) -> float:
    """P(X <= k) for X ~ Binomial(n, 1/2), k <= n/2: each term from the one above it, until they no longer count."""
    term = _point(k, n)
    total = 0.0
    while k >= 0 and term > 1e-18 * total:
        total += term
        term *= k / (n - k + 1)
        k -= 1
    return total


def permutation(differences: Sequence[float], *, seed: int = 0, draws: int = DRAWS) -> Test:
    """The sign-flip test of whether `differences` (one per pair or cluster; any unit) lie around 0.

    Exact for up to 14 that are not 0; then (hits + 1) / (draws + 1) over `draws` seeded ones; then by the normal limit,
    with the variance that flipping has: the sum of squares. Undefined where there is no difference at all to look at.
    """
    if not differences:
        return Test(None, reason="there are no pairs")
    kept = [value for value in differences if value]
    if not kept:
        return Test(1.0, "permutation, exact", 0)
    seen = abs(math.fsum(kept)) * (1 - 1e-9) - 1e-12
    if len(kept) <= EXACT_UP_TO:
        sums = _all_sums(kept)
        hits = sum(1 for value in sums if abs(value) >= seen)
        return Test(hits / len(sums), "permutation, exact", len(kept))
    if len(kept) <= DRAWN_UP_TO:
        hits = _drawn_hits(kept, seen, random.Random(seed), draws)
        return Test((hits + 1) / (draws + 1), f"permutation, {draws:,} draws", len(kept))
    z = abs(math.fsum(kept)) / math.sqrt(math.fsum(value * value for value in kept))
    return Test(2 * NormalDist().cdf(-z), "permutation, normal limit", len(kept))


def _all_sums(values: Sequence[float]) -> list[float]:
    """The sums for every choice of signs: 2^n of them."""
    sums = [0.0]
    for value in values:
        sums = [one + value for one in sums] + [one - value for one in sums]
    return sums


def _drawn_hits(values: Sequence[float], seen: float, dice: random.Random, draws: int) -> int:
    """How many of `draws` sums with random signs are as far from 0 as `seen`.

    Eight signs are drawn as one byte, and looked up: that is what makes it fast without an array library.
    """
    tables = [_all_sums(values[start : start + _BITS]) for start in range(0, len(values), _BITS)]
    sizes = [len(table) for table in tables]
    hits, count = 0, len(tables)
    last, mask = tables[-1], sizes[-1] - 1
    for _ in range(draws):
        signs = dice.randbytes(count)
        total = sum(table[sign] for table, sign in zip(tables[:-1], signs, strict=False)) + last[signs[-1] & mask]
        hits += abs(total) >= seen
    return hits
