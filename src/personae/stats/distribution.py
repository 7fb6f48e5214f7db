"""A distribution of positive numbers in bounded memory: percentiles and a histogram, however many there are.

Source: Masson, Rim and Lee 2019, "DDSketch" (arXiv 1908.10693)
Idea:   exact while there are few; then counts in bins whose edges grow by a fixed ratio, so that every percentile is
        within 1 % of the true one.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from personae.stats.intervals import percentile

EXACT = 5000
"""So many numbers are kept as they are."""
_ACCURACY = 0.01
_GROWTH = math.log((1 + _ACCURACY) / (1 - _ACCURACY))
_SMALLEST = 1e-3


@dataclass(slots=True)
class Distribution:
    """Numbers from 0 up, added one by one or many at once."""

    _fresh: list[float] = field(default_factory=list)
    """Not in a bin yet."""
    _bins: Counter[int] = field(default_factory=Counter)
    """Empty as long as all numbers are kept as they are."""
    _binned: int = 0
    _smallest: float = math.inf
    _largest: float = 0.0

    def add(self, *values: float) -> None:
        self._fresh += values
        if len(self._fresh) > EXACT:
            self._fold()

    def merge(self, other: Distribution) -> None:
        """Add all numbers of another one."""
        self._binned += other._binned
        self._smallest, self._largest = min(self._smallest, other._smallest), max(self._largest, other._largest)
        self._bins.update(other._bins)
        self.add(*other._fresh)

    def _fold(self) -> None:
        """Put into bins what is not in one yet."""
        fresh, self._fresh = self._fresh, []
        self._binned += len(fresh)
        self._smallest = min(self._smallest, *fresh, math.inf)
        self._largest = max(self._largest, *fresh, 0.0)
        self._bins.update(map(_bin, fresh))

    @property
    def count(self) -> int:
        return self._binned + len(self._fresh)

    def percentile(self, share: float) -> float | None:
        """The value that `share` (0 to 1) lies below; None where there is no number."""
        if not self.count:
            return None
        if not self._bins:
            return percentile(sorted(self._fresh), share)
        self._fold()
        place, seen = share * (self.count - 1), 0
        for index in sorted(self._bins):
            seen += self._bins[index]
            if seen > place:
                return min(self._largest, max(self._smallest, _middle(index)))
        return self._largest

    def histogram(self, bars: int = 24) -> tuple[tuple[float, float, int], ...]:
        """Equal steps from 0 to a round number above the largest value: (from, below, count). Empty without numbers."""
        if not self.count:
            return ()
        if self._bins:
            self._fold()
        largest = max(self._largest, *self._fresh, 0.0)
        values = [(min(largest, _middle(index)), count) for index, count in self._bins.items()]
        values += [(value, 1) for value in self._fresh]
        step = round_step(largest / bars)
        last = max(1, math.floor(largest / step) + 1)
        counts = [0] * last
        for value, count in values:
            counts[min(last - 1, int(value / step))] += count
        return tuple((place * step, (place + 1) * step, count) for place, count in enumerate(counts))


def round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `least`."""
    if least <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= least * (1 - 1e-9))


@lru_cache(8192)  # what was measured is rounded, so the same values come again
def _bin(value: float) -> int:
    return math.ceil(math.log(max(value, _SMALLEST)) / _GROWTH)


def _middle(index: int) -> float:
    return 2 * math.exp(index * _GROWTH) / (1 + math.exp(_GROWTH))
