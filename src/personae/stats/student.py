"""Student's t distribution for whole degrees of freedom.

Source: Abramowitz and Stegun 1964, 26.7.3 and 26.7.4
Idea:   for whole degrees of freedom the distribution is a finite sum, so no library is needed.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

_NORMAL_FROM = 2000


def t_cdf(t: float, freedom: int) -> float:
    """The probability of a value up to `t` with `freedom` >= 1 degrees of freedom."""
    angle = math.atan2(t, math.sqrt(freedom))
    cosine_squared = math.cos(angle) ** 2
    if freedom % 2:
        term = math.cos(angle)
        total = 0.0
        for step in range(3, freedom + 1, 2):
            total += term
            term *= cosine_squared * (step - 1) / step
        central = 2 / math.pi * (angle + math.sin(angle) * total)
    else:
        term, total = 1.0, 0.0
        for step in range(2, freedom + 1, 2):
            total += term
            term *= cosine_squared * (step - 1) / step
        central = math.sin(angle) * total
    return 0.5 + central / 2


@cache
def t_quantile(share: float, freedom: int) -> float:
    """The value that `share` (0 to 1, both excluded) of the distribution lies below."""
    normal = NormalDist().inv_cdf(share)
    if freedom > _NORMAL_FROM:
        return normal + (normal**3 + normal) / (4 * freedom)
    low, high = -1.0, 1.0
    while t_cdf(low, freedom) > share:
        low *= 2
    while t_cdf(high, freedom) < share:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if t_cdf(middle, freedom) < share else (low, middle)
    return (low + high) / 2
