"""Intervals, percentiles and repeats: against SciPy and NumPy, worked examples, and laws."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from personae.stats.distribution import EXACT, Distribution, round_step
from personae.stats.intervals import BOOTSTRAP_CLUSTERS, Cluster, effective_n, mean, percentile, rate, undefined, wilson
from personae.stats.repeats import pass_all, pass_hat
from personae.stats.student import t_cdf, t_quantile

COUNTS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
CLUSTERS = st.lists(
    st.integers(1, 6).flatmap(lambda n: st.tuples(st.integers(0, n).map(float), st.just(n))), min_size=1, max_size=40
)
METRICS = st.lists(st.floats(0, 1), min_size=2, max_size=30)


@given(COUNTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_scipys(counts: tuple[int, int], level: float) -> None:
    yes, n = counts
    theirs = stats.binomtest(yes, n).proportion_ci(level, method="wilson")
    assert wilson(yes, n, level) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_a_worked_example() -> None:
    estimate = rate([(1, 1)] * 8 + [(0, 1)] * 2)
    assert (estimate.value, estimate.n, estimate.clusters) == (0.8, 10, 10)
    assert (round(estimate.low or 0, 4), round(estimate.high or 0, 4)) == (0.4902, 0.9433)


@given(CLUSTERS)
def test_an_interval_holds_its_rate_and_stays_within_0_and_1(clusters: list[tuple[float, int]]) -> None:
    estimate = rate(clusters)
    assert estimate.value is not None
    assert estimate.low is not None
    assert estimate.high is not None
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert estimate.n == sum(n for _, n in clusters)
    assert estimate.clusters == len(clusters)


@given(CLUSTERS)
def test_repeats_count_for_no_more_than_observations_and_no_less_than_clusters(
    clusters: list[tuple[float, int]],
) -> None:
    assert len(clusters) - 1e-9 <= effective_n(clusters) <= sum(n for _, n in clusters) + 1e-9


def test_repeats_that_always_agree_count_once() -> None:
    repeated = rate([(3, 3)] * 10 + [(0, 3)] * 10)
    once = rate([(1, 1)] * 10 + [(0, 1)] * 10)
    assert (repeated.low, repeated.high) == pytest.approx((once.low, once.high))


def test_all_well_in_every_repeat_does_not_claim_that_repeats_are_independent() -> None:
    perfect = rate([(5, 5)] * 12)
    assert perfect.low == pytest.approx(wilson(12, 12)[0])
    worse = rate([(5, 5)] * 11 + [(4, 5)])
    assert (worse.low or 0) < (perfect.low or 0)


@pytest.mark.parametrize("agreement", [0.0, 0.5, 1.0])
def test_the_interval_covers_the_true_rate_however_much_repeats_agree(agreement: float) -> None:
    dice, truth, covered, runs = random.Random(3), 0.7, 0, 1500
    for _ in range(runs):
        clusters = []
        for _ in range(20):
            shared = dice.random() < truth
            answers = [shared if dice.random() < agreement**0.5 else dice.random() < truth for _ in range(4)]
            clusters.append((float(sum(answers)), 4))
        estimate = rate(clusters)
        covered += (estimate.low or 0) <= truth <= (estimate.high or 0)
    assert covered / runs > 0.925


@pytest.mark.parametrize("freedom", [1, 2, 3, 7, 30, 199, 2000, 5000])
@pytest.mark.parametrize("share", [0.005, 0.025, 0.5, 0.9, 0.975, 0.999])
def test_students_t_is_scipys(share: float, freedom: int) -> None:
    assert t_quantile(share, freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=1e-6, abs=1e-9)


@given(st.floats(-50, 50), st.integers(1, 60))
def test_the_t_distribution_is_scipys(t: float, freedom: int) -> None:
    assert t_cdf(t, freedom) == pytest.approx(stats.t.cdf(t, freedom), abs=1e-9)


@given(METRICS)
def test_the_computed_interval_of_a_mean_is_scipys(values: list[float]) -> None:
    if np.ptp(values) < 1e-6:
        return
    ours = mean([(value, 1) for value in values], resamples=0)
    theirs = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=1e-9)


def test_the_drawn_interval_is_near_the_computed_one() -> None:
    dice = random.Random(1)
    values = [(dice.gauss(0.6, 0.1), 1) for _ in range(60)]
    drawn, computed = mean(values), mean(values, resamples=0)
    assert drawn.low == pytest.approx(computed.low, abs=0.006)
    assert drawn.high == pytest.approx(computed.high, abs=0.006)


@dataclass(frozen=True)
class Draws:
    """Clusters of a kind, so many of them."""

    count: int
    one: Callable[[random.Random], Cluster]


DRAWS = {
    "few": Draws(40, lambda dice: (dice.gauss(0.6, 0.2), 1)),
    "just drawn": Draws(BOOTSTRAP_CLUSTERS, lambda dice: (dice.betavariate(5, 1), 1)),
    "just computed": Draws(BOOTSTRAP_CLUSTERS + 1, lambda dice: (dice.betavariate(5, 1), 1)),
    "skewed": Draws(400, lambda dice: (float(dice.random() < 0.04) * dice.uniform(0.5, 1), 1)),
    "of many sizes": Draws(400, lambda dice: ((n := dice.randint(1, 9)) * dice.betavariate(n, 2), n)),
    "many": Draws(3000, lambda dice: (dice.betavariate(2, 5) * 3, 3)),
}


@pytest.mark.parametrize("case", DRAWS.values(), ids=DRAWS.keys())
def test_the_interval_of_a_mean_is_that_of_ten_thousand_draws_of_numpys(case: Draws) -> None:
    """Within what 10,000 draws differ from 10,000 others: a twentieth of the interval."""
    dice, numpys = random.Random(4), np.random.default_rng(5)
    clusters = [case.one(dice) for _ in range(case.count)]
    sums, sizes = (np.array(column) for column in zip(*clusters, strict=True))
    drawn = []
    for _ in range(20):
        chosen = numpys.integers(0, case.count, (500, case.count))
        drawn.append(sums[chosen].sum(1) / sizes[chosen].sum(1))
    tail = stats.norm.cdf(math.sqrt(case.count / (case.count - 1)) * stats.t.ppf(0.025, case.count - 1))
    low, high = np.quantile(np.concatenate(drawn), [tail, 1 - tail])
    ours = mean(clusters)
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=(high - low) / 20)


def test_the_same_seed_draws_the_same_interval() -> None:
    dice = random.Random(2)
    values = [(dice.random(), 1) for _ in range(30)]
    assert mean(values, seed=5) == mean(values, seed=5)
    assert mean(values, seed=5) != mean(values, seed=6)


@given(METRICS)
def test_a_mean_stays_within_its_bounds(values: list[float]) -> None:
    estimate = mean([(value, 1) for value in values], bounds=(0.0, 1.0), resamples=0)
    assert estimate.value is not None
    assert estimate.low is not None
    assert estimate.high is not None
    assert 0 <= estimate.low <= estimate.value + 1e-9
    assert estimate.value <= estimate.high + 1e-9 <= 1 + 2e-9


def test_values_that_all_agree_are_not_certain() -> None:
    estimate = mean([(1.0, 1)] * 5, bounds=(0.0, 1.0))
    assert estimate.value == 1.0
    assert (estimate.low, estimate.high) == pytest.approx(wilson(5, 5))
    assert mean([(3.0, 1)] * 5).low is None


def test_one_observation_has_a_value_and_no_interval() -> None:
    estimate = mean([(0.4, 1)])
    assert (estimate.value, estimate.low, estimate.high) == (0.4, None, None)
    assert estimate.reason == "one observation has no interval"
    assert mean([(1.2, 3)]).reason == "repeats of the same alone have no interval"


@pytest.mark.parametrize(
    "estimate", [rate([], reason="why"), mean([], reason="why"), undefined("why"), rate([(0, 0)], reason="why")]
)
def test_nothing_observed_is_undefined_and_says_why(estimate: object) -> None:
    assert (estimate.value, estimate.low, estimate.high, estimate.n, estimate.reason) == (None, None, None, 0, "why")  # type: ignore[attr-defined]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 1))
def test_percentiles_are_numpys(values: list[float], share: float) -> None:
    assert percentile(sorted(values), share) == pytest.approx(float(np.quantile(values, share)), abs=1e-6)


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(1, n))))
def test_pass_all_is_the_share_of_draws_without_a_failure(case: tuple[int, int, int]) -> None:
    successes, n, k = case
    assert pass_all(successes, n, k) == pytest.approx(stats.hypergeom.pmf(k, n, successes, k))


def test_pass_hat_leaves_out_tasks_with_too_few_repeats() -> None:
    estimate = pass_hat([(2, 3), (3, 3), (1, 1)], 2)
    assert estimate.value == pytest.approx((1 / 3 + 1) / 2)
    assert estimate.n == 2
    assert pass_hat([(1, 1)], 2).reason == "no task was measured 2 times"


def test_a_large_distribution_is_within_one_per_cent() -> None:
    dice = random.Random(2)
    values = [dice.lognormvariate(6, 1) for _ in range(EXACT * 4)]
    distribution = Distribution()
    for value in values:
        distribution.add(value)
    for share in (0.01, 0.5, 0.95, 0.99):
        assert distribution.percentile(share) == pytest.approx(np.quantile(values, share), rel=0.015)
    assert sum(count for _, _, count in distribution.histogram()) == len(values)


@given(st.lists(st.floats(0, 1e7), max_size=60))
def test_a_histogram_loses_nothing(values: list[float]) -> None:
    distribution = Distribution()
    for value in values:
        distribution.add(value)
    bars = distribution.histogram()
    assert sum(count for _, _, count in bars) == len(values)
    assert len(bars) <= 26
    assert (distribution.percentile(0.5) is None) == (not values)


@given(st.floats(1e-9, 1e9))
def test_a_round_step_is_round_and_just_large_enough(least: float) -> None:
    step = round_step(least)
    assert least * (1 - 1e-9) <= step <= least * 2.5 * (1 + 1e-9)
    assert round(step / 10 ** math.floor(math.log10(step) + 1e-9), 6) in {1.0, 2.0, 2.5, 5.0}
