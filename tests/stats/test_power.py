"""What can be seen, and when one may stop: against statsmodels, worked examples, and by trying it out."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats  # type: ignore[import-untyped]

from personae.stats.intervals import wilson
from personae.stats.paired import mcnemar
from personae.stats.power import (
    design_effect,
    mean_settled,
    paired_detectable,
    paired_needed,
    rate_settled,
)
from personae.stats.repeats import pass_any, pass_at
from personae.stats.sequential import RateTest


@given(st.floats(1, 100_000))
def test_what_is_detectable_needs_no_more_than_there_is(n: float) -> None:
    detectable = paired_detectable(n)
    if detectable is not None:
        found = paired_needed(detectable)
        assert found is not None
        assert found <= n


def test_more_conversations_see_less_and_repeats_count_for_fewer() -> None:
    few, many = paired_detectable(24), paired_detectable(240)
    assert few is not None
    assert many is not None
    assert many < few / 2
    repeated = paired_detectable(240, effect=design_effect(10))
    assert repeated is not None
    assert many < repeated < few
    assert paired_detectable(1) is None


def test_the_promised_power_is_there() -> None:
    """Pairs of which 10 % differ by chance, and the drop that 150 of them are said to see."""
    drop = paired_detectable(150)
    assert drop is not None
    dice, found = random.Random(5), 0
    for _ in range(500):
        worse = sum(dice.random() < drop + 0.05 for _ in range(150))
        better = sum(dice.random() < 0.05 / (1 - drop - 0.05) for _ in range(150 - worse))
        found += (mcnemar(better, worse).p or 0.0) < 0.05
    assert 0.73 <= found / 500 <= 0.9


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.05, 0.95))
def test_so_many_more_settle_a_rate_and_one_fewer_does_not(counts: tuple[int, int], bound: float) -> None:
    yes, n = counts
    more = rate_settled(yes / n, bound, effective=n, n=n)
    if more is None:
        assert abs(yes / n - bound) < 1e-3
        return

    def settled(count: int) -> bool:
        low, high = wilson(yes / n * count, count)
        return low >= bound if yes / n >= bound else high < bound

    assert settled(n + more)
    assert more == 0 or not settled(n + more - 1)


def test_a_mean_on_its_bound_is_never_settled() -> None:
    assert mean_settled(0.8, 0.8, low=0.7, high=0.9, n=20) is None
    assert mean_settled(0.8, 0.75, low=0.7, high=0.9, n=20) == pytest.approx(61, abs=2)


def test_pass_at_k_is_the_product_of_its_paper() -> None:
    """Chen et al. 2021, their numpy listing: 1 - prod(1 - k / arange(n - c + 1, n + 1))."""
    for n, c, k in ((10, 3, 2), (5, 5, 3), (8, 0, 4), (20, 1, 20)):
        product = math.prod(1 - k / value for value in range(n - c + 1, n + 1)) if n - c >= k else 0.0
        assert pass_any(c, n, k) == pytest.approx(1 - product)
    assert pass_at([(1, 2), (2, 2)], 1).value == pytest.approx(0.75)
    assert pass_at([(1, 2)], 3).reason == "no task was measured 3 times"


@given(st.lists(st.booleans(), max_size=60), st.floats(0.05, 0.95))
def test_the_evidence_is_a_beta_mixture_over_the_bound(answers: list[bool], bound: float) -> None:
    test = RateTest(bound)
    for answer in answers:
        test.add(answer)
    yes, n = sum(answers), len(answers)
    mixture = special.betaln(0.5 + yes, 0.5 + n - yes) - special.betaln(0.5, 0.5)
    assert test.evidence() == pytest.approx(mixture - stats.bernoulli.logpmf(answers, bound).sum(), abs=1e-6)
    low, high = test.interval()
    assert 0 <= low <= (yes / n if n else 0.5) <= high <= 1


def test_looking_all_the_time_keeps_the_error_rate() -> None:
    """A plan of 200 conversations in random order, whose personas differ, right at the bound: the hardest case."""
    dice, wrong = random.Random(6), 0
    rates = [0.95] * 100 + [0.65] * 100  # 0.8 over the plan
    for _ in range(400):
        test = RateTest(0.8)
        dice.shuffle(rates)
        for rate in rates:
            test.add(dice.random() < rate)
        wrong += test.decision is not None
    assert wrong / 400 <= 0.05


def test_a_clear_case_is_decided_early() -> None:
    dice, lengths = random.Random(6), []
    for _ in range(100):
        test = RateTest(0.8)
        while test.decision is None and test.n < 1000:
            test.add(dice.random() < 0.4)
        assert test.decision == "below"
        lengths.append(test.n)
    assert sum(lengths) / 100 < 25
