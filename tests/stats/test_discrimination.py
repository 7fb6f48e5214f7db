"""Telling two kinds apart: the area under the curve is SciPy's, and its interval holds what it says."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu  # type: ignore[import-untyped,unused-ignore]

from personae.stats.discrimination import area, cross_validated, hanley_mcneil, trained

SCORES = st.lists(st.integers(0, 5).map(float), min_size=1, max_size=20)


@given(SCORES, SCORES)
def test_the_area_is_mann_and_whitneys(yes: list[float], no: list[float]) -> None:
    wanted = mannwhitneyu(yes, no).statistic / (len(yes) * len(no))
    assert area([*yes, *no], [True] * len(yes) + [False] * len(no)) == pytest.approx(wanted, abs=1e-12)


def points(count: int, seed: int, *, level: float = 0.0, spread: float = 1.0) -> list[tuple[float, ...]]:
    draw = random.Random(seed)
    return [(draw.gauss(level, spread), draw.gauss(0, 1)) for _ in range(count)]


def test_a_difference_in_level_and_one_in_spread_are_found() -> None:
    for other in (points(150, 2, level=3), points(150, 2, spread=6)):
        found, _ = cross_validated(points(150, 1), other, seed=0)
        assert (found.value or 0) > 0.8


def test_where_there_is_no_difference_the_interval_holds_a_half_about_as_often_as_it_says() -> None:
    held = 0
    for seed in range(40):
        found, _ = cross_validated(points(30, seed), points(30, 1_000 + seed), seed=seed)
        held += (found.low or 0) <= 0.5 <= (found.high or 0)
    assert held >= 36


def test_held_out_scores_are_probabilities_one_for_each() -> None:
    _, scores = cross_validated(points(20, 1), points(15, 2), seed=0)
    assert len(scores) == 15
    assert all(0 <= score <= 1 for score in scores)


def test_points_that_are_all_the_same_teach_nothing() -> None:
    assert trained([(1.0,)] * 6, [True, False] * 3).stumps == ()
    found, _ = cross_validated([(1.0,)] * 10, [(1.0,)] * 10, seed=0)
    assert found.value == 0.5


def test_the_interval_of_the_published_example() -> None:
    low, high = hanley_mcneil(0.893, 51, 58)
    assert (high - low) / 2 / 1.96 == pytest.approx(0.032, abs=0.001)
