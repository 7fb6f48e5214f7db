"""The assignment that costs least, held against SciPy."""

from __future__ import annotations

from random import Random

import pytest
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

from personae.stats.assignment import assign


@pytest.mark.parametrize(
    ("rows", "columns", "values"),
    [
        (1, 1, 5), (3, 3, 2), (8, 8, 100), (8, 12, 100), (12, 8, 100), (30, 30, 3), (40, 55, 10**6), (55, 40, 10**6),
        (2, 9, 1),
    ],
)  # fmt: skip
def test_no_assignment_costs_less(rows: int, columns: int, values: int) -> None:
    for seed in range(12):
        draw = Random(seed)
        costs = [[draw.randrange(-values, values) / 7 for _ in range(columns)] for _ in range(rows)]
        found = assign(costs)
        taken = [column for column in found if column is not None]
        assert len(taken) == len(set(taken)) == min(rows, columns)
        total = sum(costs[row][column] for row, column in enumerate(found) if column is not None)
        best = linear_sum_assignment(costs)
        assert total == pytest.approx(sum(costs[row][column] for row, column in zip(*best, strict=True)))


def test_nobody_is_assigned_to_nothing() -> None:
    assert assign([]) == []
    assert assign([[], []]) == [None, None]


@pytest.mark.parametrize(
    ("costs", "says"),
    [([[1.0], [1.0, 2.0]], "same number"), ([[float("nan")]], "finite"), ([[float("inf")]], "finite")],
)
def test_costs_that_are_none_are_refused(costs: list[list[float]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        assign(costs)
