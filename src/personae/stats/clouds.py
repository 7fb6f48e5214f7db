"""Clouds of points: how much of one another covers, and how alike two means are.

Source: Sørensen 1948 and Dice 1945 for the agreement; the Chamfer distance with the scale of "Persona Policies",
        arXiv 2605.12894
"""

from __future__ import annotations

from collections.abc import Sequence
from math import dist, fsum, sqrt

Point = Sequence[float]


def dice(one: float, other: float) -> float:
    """How alike two numbers are, 0 to 1: twice the smaller over their sum, by absolute value. Both 0 are alike."""
    total = abs(one) + abs(other)
    return 1.0 if total < 1e-12 else 2 * min(abs(one), abs(other)) / total


def column_means(points: Sequence[Point]) -> tuple[float, ...]:
    """The mean of each coordinate. There must be a point."""
    return tuple(fsum(column) / len(points) for column in zip(*points, strict=True))


def scales(points: Sequence[Point]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation (of the population) of each coordinate; 1 where it does not vary."""
    means = column_means(points)
    spreads = (
        sqrt(fsum((value - mean) ** 2 for value in column) / len(points))
        for column, mean in zip(zip(*points, strict=True), means, strict=True)
    )
    return means, tuple(spread if spread >= 1e-9 else 1.0 for spread in spreads)


def scaled(points: Sequence[Point], means: Point, spreads: Point) -> list[tuple[float, ...]]:
    """The points in units of `spreads` around `means`."""
    return [
        tuple((value - mean) / spread for value, mean, spread in zip(point, means, spreads, strict=True))
        for point in points
    ]


def mean_distance(points: Sequence[Point]) -> float:
    """The mean distance of two different points. 0 for fewer than two."""
    pairs = [dist(point, other) for number, point in enumerate(points) for other in points[:number]]
    return fsum(pairs) / len(pairs) if pairs else 0.0


def coverage(points: Sequence[Point], reference: Sequence[Point], typical: float) -> float:
    """How well `points` cover `reference` and stay near it, 0 to 1; neither may be empty.

    1 less the Chamfer distance (the mean distance of each to its nearest of the other, both ways) over twice the
    `typical` distance, which must be positive: `mean_distance(reference)`.
    """
    nearest = [float("inf")] * len(points)
    covered = []
    for real in reference:
        distances = [dist(real, point) for point in points]
        covered.append(min(distances))
        nearest = [min(pair) for pair in zip(nearest, distances, strict=True)]
    error = fsum(covered) / len(covered) + fsum(nearest) / len(nearest)
    return max(0.0, 1.0 - min(1.0, error / (2 * typical)))
