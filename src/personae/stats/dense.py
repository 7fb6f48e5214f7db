"""Near vectors among many, such as embeddings, found through an index.

Source: Charikar 2002 (signs of random projections); Li, Hastie and Church 2006 (that sparse ones will do)
Idea:   each bit says on which side of a random plane a vector is. Vectors that share all bits of one of some tables are
        compared; of two with a cosine of 0.95 some 97 % are.
Cost:   some 2 ms a vector of 1,500 numbers, and what it takes to keep it. No dependency.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from math import fsum, sqrt
from operator import mul
from random import Random

_TABLES, _BITS, _AXES = 16, 10, 24
_MOST_COMPARED = 48


@dataclass(slots=True)
class DenseGate:
    """Lets through what is new: vectors that are near none of those it let through before."""

    least_cosine: float
    """Vectors are near whose cosine is so much or more."""
    _known: dict[str, array[float]] = field(default_factory=dict)
    _tables: dict[tuple[int, int], list[str]] = field(default_factory=dict)

    def admit(self, key: str, vector: Sequence[float]) -> tuple[str, float] | None:
        """None where `vector` is new: it is known from now on, as `key`. Else the nearest known one, and its cosine.

        All vectors must be of one length. One of zeros alone is near nothing.
        """
        length = sqrt(fsum(value * value for value in vector)) or 1.0
        unit = array("f", (value / length for value in vector))
        places = [(table, self._bits(table, unit)) for table in range(_TABLES)]
        candidates = Counter(known for place in places for known in self._tables.get(place, ()))
        found = [
            (sum(map(mul, unit, self._known[known])), known) for known, _ in candidates.most_common(_MOST_COMPARED)
        ]
        if found and max(found)[0] >= self.least_cosine:
            cosine, nearest = max(found)
            return nearest, cosine
        self._known[key] = unit
        for place in places:
            self._tables.setdefault(place, []).append(key)
        return None

    def _bits(self, table: int, unit: array[float]) -> int:
        bits = 0
        for plus, minus in _planes(table, len(unit)):
            bits = bits << 1 | (sum(map(unit.__getitem__, plus)) > sum(map(unit.__getitem__, minus)))
        return bits


@cache
def _planes(table: int, dimensions: int) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """The planes of a table: the axes on whose one and other side a vector may be."""
    draw = Random(table)
    axes = range(dimensions)
    return tuple((tuple(draw.choices(axes, k=_AXES)), tuple(draw.choices(axes, k=_AXES))) for _ in range(_BITS))
