"""How far two distributions are apart: Kolmogorov-Smirnov, Wasserstein, Jensen-Shannon and Kullback-Leibler.

Source: Smirnov 1939; Vaserstein 1969 (the first, or earth mover's, distance); Lin 1991 (Jensen-Shannon)
Idea:   all over weighted values, so that a sample can be held against target shares. Checked against SciPy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

Weighted = Mapping[float, float]
"""Weight of each value, 0 or more, with a positive sum."""


def kolmogorov_smirnov(one: Weighted, other: Weighted) -> float:
    """The largest distance between the two cumulative shares, 0 to 1."""
    return max(abs(gap) for _, gap in _gaps(one, other))


def wasserstein(one: Weighted, other: Weighted) -> float:
    """How far weight must be moved on average to make one of the other, in units of the values."""
    gaps = list(_gaps(one, other))
    return math.fsum(abs(gap) * (after - at) for (at, gap), (after, _) in pairwise(gaps))


def jensen_shannon(one: Sequence[float], other: Sequence[float]) -> float:
    """The Jensen-Shannon distance, the root of the divergence in bits: 0 where shares agree, 1 where nothing is shared.

    Weights of the same categories in the same order. Raises ValueError where a sum is not positive.
    """
    first, second = _shares(one), _shares(other)
    middle = [(p + q) / 2 for p, q in zip(first, second, strict=True)]
    return math.sqrt(max(0.0, (_divergence(first, middle) + _divergence(second, middle)) / 2))


def kullback_leibler(counts: Sequence[float], target: Sequence[float]) -> float:
    """The divergence of what was counted from its target, in nats, 0 or more; one is added to each of both, so that it
    is never endless. HACHIMI (arXiv 2603.04855) reports it.

    Weights of the same categories in the same order. Raises ValueError where a sum of the target is not positive.
    """
    n = math.fsum(counts)
    reached = _shares([count + 1 for count in counts])
    wanted = _shares([share * n + 1 for share in _shares(target)])
    return max(0.0, _divergence(reached, wanted) * math.log(2))


def _gaps(one: Weighted, other: Weighted) -> Iterator[tuple[float, float]]:
    """Each value in order, and how much more weight of the one than of the other lies up to it."""
    totals = math.fsum(one.values()), math.fsum(other.values())
    if min(totals) <= 0:
        raise ValueError("weights must have a positive sum")
    below = [0.0, 0.0]
    for at in sorted({*one, *other}):
        below[0] += one.get(at, 0.0)
        below[1] += other.get(at, 0.0)
        yield at, below[0] / totals[0] - below[1] / totals[1]


def _shares(weights: Sequence[float]) -> list[float]:
    total = math.fsum(weights)
    if total <= 0:
        raise ValueError("weights must have a positive sum")
    return [weight / total for weight in weights]


def _divergence(shares: Sequence[float], reference: Sequence[float]) -> float:
    return math.fsum(p * math.log2(p / q) for p, q in zip(shares, reference, strict=True) if p > 0)
