"""What can so many conversations see? The smallest detectable difference, and how many conversations one needs.

Source: Connor 1987, "Sample Size for Testing Differences in Proportions for the Paired-Sample Design"; Kish 1965
        (design effect)
Idea:   a difference is seen with the chance `POWER` where it lies so many standard errors from 0 that the test at
        `LEVEL` finds it. Paired verdicts vary only in pairs that turn out differently; repeats of one (persona,
        scenario) count for fewer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

from personae.stats.intervals import LEVEL, wilson

POWER = 0.8
CHANCE = 0.1
"""The share of pairs that turn out differently in two runs of the same bot, where nothing is known of it yet."""
REPEATS_AGREE = 0.5
"""The correlation of repeats of one (persona, scenario), where nothing is known of it yet."""
_MOST = 100_000_000


def design_effect(repeats: float, correlation: float = REPEATS_AGREE) -> float:
    """How many repeats count as one observation: 1 + (repeats - 1) x correlation (Kish 1965), 1 or more."""
    return 1 + max(0.0, repeats - 1) * correlation


def paired_needed(
    difference: float, *, chance: float = CHANCE, effect: float = 1.0, level: float = LEVEL, power: float = POWER
) -> int | None:
    """Pairs that are needed to see paired rates differ by `difference` (above 0, up to 1).

    (z_level sqrt(q) + z_power sqrt(q - d^2))^2 / d^2 (Connor 1987, equation 3), q = d + `chance` the share of pairs
    that differ. `effect` multiplies it; see `design_effect`. Never fewer than those whose mid-p test
    could find anything, though all of them differ: 2^-n <= 1 - `level`. None where it is more than 10^8.
    """
    if difference <= 0:
        return None
    normal, q = NormalDist(), min(1.0, difference + chance)
    z, z_power = normal.inv_cdf(0.5 + level / 2), normal.inv_cdf(power)
    pairs = (z * math.sqrt(q) + z_power * math.sqrt(max(0.0, q - difference**2))) ** 2 / difference**2
    needed = max(pairs, -math.log2(1 - level)) * effect
    return math.ceil(needed - 1e-9) if needed <= _MOST else None


def paired_detectable(
    pairs: float, *, chance: float = CHANCE, effect: float = 1.0, level: float = LEVEL, power: float = POWER
) -> float | None:
    """The smallest difference of paired rates, 0 to 1, that so many pairs see. None where they see none at all."""

    def is_seen(difference: float) -> bool:  # what is needed falls as the difference grows
        count = paired_needed(difference, chance=chance, effect=effect, level=level, power=power)
        return count is not None and count <= pairs

    if not is_seen(1.0):
        return None
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if is_seen(middle) else (middle, high)
    return high


def rate_settled(value: float, bound: float, *, effective: float, n: int, level: float = LEVEL) -> int | None:
    """How many more observations until Wilson's interval leaves `bound` on one side, should the rate stay at `value`.

    `effective`: how many independent ones the `n` so far are worth. None where no number up to 10^8 would do, as when
    the rate is the bound.
    """

    def is_settled(count: int) -> bool:
        worth = count * effective / n
        low, high = wilson(value * worth, worth, level)
        return low >= bound if value >= bound else high < bound

    return _more(is_settled, n)


def mean_settled(value: float, bound: float, *, low: float, high: float, n: int) -> int | None:
    """The same for a mean whose interval from `low` to `high` narrows with the square root of the observations."""
    gap = abs(value - bound)
    half = high - value if value < bound else value - low
    if not gap:
        return None
    needed = n * (half / gap) ** 2
    return None if needed > _MOST else max(1, math.ceil(needed * (1 + 1e-6)) + 1 - n)


def _more(is_settled: Callable[[int], bool], n: int) -> int | None:
    if is_settled(n):
        return 0
    low, high = n, 2 * n
    while not is_settled(high):
        low, high = high, 2 * high
        if high > _MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_settled(middle) else (middle, high)
    return high - n
