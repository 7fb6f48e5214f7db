"""Probabilities over candidates: their scores by hand, and their laws."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata  # type: ignore[import-untyped]

from personae.stats.identification import Guess, brier, calibration_error, rank, top_1


@st.composite
def guesses(draw: st.DrawFn) -> Guess:
    weights = draw(st.lists(st.integers(0, 4), min_size=2, max_size=5).filter(any))
    return Guess(tuple(weight / sum(weights) for weight in weights), draw(st.integers(0, len(weights) - 1)))


@given(guesses())
def test_the_rank_is_scipys_with_ties_averaged(guess: Guess) -> None:
    assert rank(guess) == pytest.approx(rankdata([-share for share in guess.probabilities])[guess.right])


@given(guesses())
def test_the_brier_score_is_the_mean_squared_error(guess: Guess) -> None:
    truth = np.eye(len(guess.probabilities))[guess.right]
    assert brier(guess) == pytest.approx(np.mean((np.array(guess.probabilities) - truth) ** 2))


@given(st.lists(guesses(), min_size=1, max_size=30))
def test_the_calibration_error_is_that_of_its_definition(many: list[Guess]) -> None:
    sure = np.array([max(guess.probabilities) for guess in many])
    right = np.array([top_1(guess) for guess in many])
    expected, edges = 0.0, np.linspace(0, 1, 6)
    for low, high in pairwise(edges):
        inside = (sure > low + 1e-12) & (sure <= high + 1e-12)
        if inside.any():
            expected += inside.mean() * abs(sure[inside].mean() - right[inside].mean())
    assert calibration_error(many, bins=5) == pytest.approx(expected)


def test_a_shared_first_place_counts_as_that_share() -> None:
    assert top_1(Guess((0.4, 0.4, 0.2), 1)) == 0.5
    assert rank(Guess((0.4, 0.4, 0.2), 1)) == 1.5
    assert top_1(Guess((0.4, 0.4, 0.2), 2)) == 0.0


def test_of_nothing_there_is_no_calibration_error() -> None:
    assert calibration_error([]) is None
