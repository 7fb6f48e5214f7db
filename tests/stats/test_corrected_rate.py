"""The corrected rate: right on average, and its interval holds the truth as often as it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personae.stats.agreement import Pair, sensitivity, specificity
from personae.stats.corrected_rate import Stratum, by_strata, rogan_gladen

ROUNDS = 1500
NOMINAL = 0.95
LEAST = NOMINAL - 0.02
"""Three standard errors of so many rounds below the nominal level."""


def test_a_perfect_judges_rate_stays_as_it_is() -> None:
    assert rogan_gladen(30, 100, (1.0, 1000), (1.0, 1000)).value == pytest.approx(0.3)


def test_the_rate_of_rogan_and_gladen() -> None:
    """23 of 150 tested positive, sensitivity 96 %, specificity 89 %: 5.1 in 100."""
    assert rogan_gladen(23, 150, (0.96, 1000), (0.89, 1000)).value == pytest.approx(0.051, abs=5e-4)


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_with_labels_of_this_run_strata_and_rogan_gladen_give_the_same(yes: int, no: int, data: st.DataObject) -> None:
    of_yes, of_no = data.draw(st.integers(1, yes)), data.draw(st.integers(1, no))
    right_yes, wrong_no = data.draw(st.integers(0, of_yes)), data.draw(st.integers(0, of_no))
    strata = by_strata([Stratum(yes, of_yes, right_yes), Stratum(no, of_no, wrong_no)])
    pairs = [
        *[Pair(judge=True, people=place < right_yes, weight=yes / of_yes) for place in range(of_yes)],
        *[Pair(judge=False, people=place < wrong_no, weight=no / of_no) for place in range(of_no)],
    ]
    se, sp = sensitivity(pairs), specificity(pairs)
    if se.value is None or sp.value is None or se.value + sp.value - 1 < 1e-6:
        return
    other = rogan_gladen(yes, yes + no, (se.value, se.n), (sp.value, sp.n))
    assert strata.value == pytest.approx(other.value, abs=1e-9)


@pytest.mark.parametrize(("truth", "se", "sp"), [(0.3, 0.9, 0.85), (0.7, 0.8, 0.95), (0.5, 0.7, 0.7)])
def test_the_interval_of_a_judge_checked_elsewhere_holds_the_truth(truth: float, se: float, sp: float) -> None:
    dice = np.random.default_rng(7)
    rate, held = truth * se + (1 - truth) * (1 - sp), 0
    for _ in range(ROUNDS):
        se_yes, sp_no, yes = (int(dice.binomial(n, share)) for n, share in ((40, se), (40, sp), (300, rate)))
        found = rogan_gladen(yes, 300, (se_yes / 40, 40), (sp_no / 40, 40))
        held += found.low is None or found.high is None or found.low <= truth <= found.high
    assert held / ROUNDS >= LEAST


@pytest.mark.parametrize(("share", "ppv", "npv"), [(0.85, 0.9, 0.6), (0.5, 0.95, 0.95), (0.3, 0.6, 0.99)])
def test_the_interval_from_a_sample_by_verdict_holds_the_truth(share: float, ppv: float, npv: float) -> None:
    """An even share of YES and NO is labelled, whatever the run's is."""
    dice, held = np.random.default_rng(7), 0
    truth = share * ppv + (1 - share) * (1 - npv)
    for _ in range(ROUNDS):
        yes, of_yes, of_no = (int(dice.binomial(n, chance)) for n, chance in ((400, share), (30, ppv), (30, 1 - npv)))
        found = by_strata([Stratum(yes, 30, of_yes), Stratum(400 - yes, 30, of_no)])
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert held / ROUNDS >= LEAST


def test_where_everything_was_labelled_it_is_the_rate_of_the_labels() -> None:
    found = by_strata([Stratum(60, 60, 57), Stratum(40, 40, 3)])
    assert (found.low, found.value, found.high) == pytest.approx((0.5, 0.6, 0.7), abs=0.01)


def test_repeats_widen_the_interval() -> None:
    one, three = (by_strata([Stratum(60, 30, 27), Stratum(40, 30, 3)], label_effect=effect) for effect in (1.0, 3.0))
    assert one.low is not None
    assert three.low is not None
    assert three.low < one.low


def test_a_kind_that_nobody_labelled_leaves_the_rate_undefined() -> None:
    found = by_strata([Stratum(10, 5, 5), Stratum(3, 0, 0)])
    assert (found.value, found.reason) == (
        None,
        "3 of 13 conversations are of a kind (judged YES or NO) of which none was labelled",
    )


def test_a_judge_like_a_coin_corrects_nothing() -> None:
    found = rogan_gladen(50, 100, (0.5, 40), (0.5, 40))
    assert (found.value, found.reason) == (None, "the judge tells YES from NO no better than chance")
    assert rogan_gladen(0, 0, (0.9, 40), (0.9, 40)).reason == "the judge rated nothing"
    assert rogan_gladen(1, 2, (0.9, 0), (0.9, 40)).reason == "sensitivity or specificity rests on no label"
