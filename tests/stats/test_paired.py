"""Tests of two bots over the same pairs: against SciPy, statsmodels and published examples, and how often they err."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats  # type: ignore[import-untyped]
from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar  # type: ignore[import-untyped]
from statsmodels.stats.multitest import multipletests  # type: ignore[import-untyped]
from statsmodels.stats.proportion import proportion_effectsize  # type: ignore[import-untyped]

from personae.stats.effects import PairCounts, cohens_h, mean_difference, rate_difference, tango
from personae.stats.multiple import benjamini_hochberg, holm
from personae.stats.paired import EXACT_UP_TO, mcnemar, mcnemar_mid_p, permutation

COUNT = st.integers(0, 200)
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@given(COUNT, COUNT)
def test_mid_p_leaves_out_half_of_what_was_seen(better: int, worse: int) -> None:
    n, least = better + worse, min(better, worse)
    lower = stats.binom.cdf(least, n, 0.5) - stats.binom.pmf(least, n, 0.5) / 2
    expected = 2 * lower if better != worse else 1 - stats.binom.pmf(least, n, 0.5) / 2
    assert mcnemar_mid_p(better, worse) == pytest.approx(expected if n else 1.0, rel=1e-9)


def test_the_airway_example_of_fagerland_lydersen_and_laake() -> None:
    """Bentur et al. 2009, 21 children: 1 pair went one way and 7 the other."""
    assert mcnemar_mid_p(1, 7) == pytest.approx(0.039, abs=5e-4)
    assert tango(1, 7, 21) == pytest.approx((-0.517, -0.026), abs=5e-4)


def test_huge_counts_are_no_trouble() -> None:
    assert mcnemar_mid_p(50_000, 50_000) == pytest.approx(1, abs=2e-3)
    assert mcnemar_mid_p(49_000, 51_000) == pytest.approx(2 * stats.norm.sf(2000 / 100_000**0.5), rel=1e-2)
    assert mcnemar_mid_p(1_000, 99_000) == pytest.approx(0, abs=1e-300)


@given(st.lists(st.integers(-4, 4).map(float), min_size=2, max_size=9))
@settings(max_examples=40, deadline=None)
def test_few_pairs_are_looked_at_in_all_ways_as_scipy_does(differences: list[float]) -> None:
    theirs = stats.permutation_test(
        (differences, [0.0] * len(differences)),
        lambda a, b: abs(sum(a) - sum(b)),
        permutation_type="samples",
        alternative="greater",
    )
    assert permutation(differences).p == pytest.approx(theirs.pvalue)


def test_drawn_and_exact_agree() -> None:
    dice = random.Random(1)
    differences = [dice.gauss(0.3, 1) for _ in range(EXACT_UP_TO)]
    exact = permutation(differences).p
    more = [*differences, *[1e-9] * 10]  # too many to look at all ways, and as good as the same
    drawn = permutation(more, seed=3)
    assert "draws" in drawn.method
    assert drawn.p == pytest.approx(exact, abs=0.015)
    assert permutation(more, seed=3) == drawn


def test_many_pairs_go_by_the_normal_limit() -> None:
    dice = random.Random(1)
    differences = [dice.gauss(0.05, 1) for _ in range(3000)]
    expected = stats.ttest_1samp(differences, 0).pvalue
    assert permutation(differences).p == pytest.approx(expected, abs=0.005)


def test_a_permutation_test_of_single_verdicts_is_mcnemars_exact_test() -> None:
    theirs = their_mcnemar([[0, 9], [3, 0]], exact=True).pvalue
    assert permutation([1.0] * 9 + [-1.0] * 3).p == pytest.approx(theirs)


def test_without_pairs_there_is_no_p_and_a_reason() -> None:
    assert permutation([]).p is None
    assert permutation([]).reason
    assert permutation([0.0, 0.0]).p == 1
    assert mcnemar(0, 0).p == 1


@given(P_VALUES)
@settings(max_examples=30)
def test_corrections_are_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))
    assert benjamini_hochberg(p_values) == pytest.approx(list(multipletests(p_values, method="fdr_bh")[1]))


def test_the_example_of_benjamini_and_hochberg() -> None:
    """Their section 3.2: fifteen endpoints, of which four are found at 0.05, and three by Bonferroni's bound."""
    p_values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p_values += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert sum(p <= 0.05 for p in benjamini_hochberg(p_values)) == 4
    assert sum(p <= 0.05 for p in holm(p_values)) == 3


@given(st.floats(0, 1), st.floats(0, 1))
def test_cohens_h_is_statsmodels(first: float, second: float) -> None:
    assert cohens_h(first, second) == pytest.approx(proportion_effectsize(second, first))


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_tangos_limits_are_where_the_score_test_just_rejects(better: int, worse: int, same: int) -> None:
    """The restricted likelihood is maximised by SciPy, and the test computed from it."""
    n = better + worse + same
    if n == 0:
        return
    for limit in tango(better, worse, n):
        if abs(limit) > 0.999:
            continue

        def unlikely(q: float, d: float = limit) -> float:
            cells = ((better, q + d), (worse, q), (same, 1 - 2 * q - d))
            return -sum(count * math.log(max(share, 1e-300)) for count, share in cells if count)

        least, most = max(0.0, -limit), (1 - limit) / 2
        q = optimize.minimize_scalar(unlikely, bounds=(least, most), method="bounded", options={"xatol": 1e-10}).x
        z = (better - worse - n * limit) / (n * (2 * q + limit - limit**2)) ** 0.5
        assert abs(z) == pytest.approx(1.959964, abs=5e-3)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20))
def test_a_difference_lies_in_its_interval(rows: list[tuple[int, int, int]]) -> None:
    estimate = rate_difference([PairCounts(better, worse, better + worse + same) for better, worse, same in rows])
    if estimate.value is None:
        assert estimate.reason
        return
    assert estimate.low is not None
    assert estimate.high is not None
    assert -1 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_repeats_that_always_agree_widen_the_interval() -> None:
    once = rate_difference([PairCounts(1, 0, 1)] * 6 + [PairCounts(0, 0, 1)] * 14)
    repeated = rate_difference([PairCounts(3, 0, 3)] * 6 + [PairCounts(0, 0, 3)] * 14)
    assert (repeated.low, repeated.high) == pytest.approx((once.low, once.high))
    assert repeated.n == 60


def test_one_pair_has_a_difference_and_little_to_say() -> None:
    rates = rate_difference([PairCounts(1, 0, 1)])
    assert (rates.value, rates.n) == (1, 1)
    assert rates.low is not None
    assert rates.low < 0
    scores = mean_difference([(0.4, 1)])
    assert (scores.value, scores.low) == (0.4, None)
    assert scores.reason


@dataclass(frozen=True)
class Case:
    drop: float
    least: float
    most: float


AA, AB = Case(0.0, 0.01, 0.065), Case(0.15, 0.75, 1.0)


@pytest.mark.parametrize("case", [AA, AB], ids=["A/A", "A/B"])
def test_false_alarms_keep_to_their_level_and_a_true_drop_is_found(case: Case) -> None:
    """400 comparisons of 200 pairs, whose success depends on the persona."""
    dice = random.Random(7)
    alarms = 0
    for _ in range(400):
        better = worse = 0
        for _ in range(200):
            rate = dice.betavariate(4, 2)
            before, after = dice.random() < rate, dice.random() < max(0.0, rate - case.drop)
            better += after and not before
            worse += before and not after
        alarms += (mcnemar(better, worse).p or 0.0) < 0.05
    assert case.least <= alarms / 400 <= case.most


@pytest.mark.parametrize("case", [AA, AB], ids=["A/A", "A/B"])
def test_so_does_the_test_of_scores(case: Case) -> None:
    dice = random.Random(8)
    alarms = 0
    for _ in range(200):
        differences = [min(1.0, max(-1.0, dice.gauss(-case.drop, 0.4))) for _ in range(60)]
        alarms += (permutation(differences, draws=500).p or 0.0) < 0.05
    assert case.least <= alarms / 200 <= case.most + 0.02


@pytest.mark.parametrize("repeats", [1, 4])
def test_an_interval_holds_the_true_difference_as_often_as_it_says(repeats: int) -> None:
    """Where the change does different things to different personas, so that repeats are no new personas."""
    dice, held = random.Random(9), 0
    for _ in range(300):
        clusters = []
        for _ in range(40):
            before, after = dice.betavariate(2, 2), dice.betavariate(3, 2)
            pairs = [(dice.random() < before, dice.random() < after) for _ in range(repeats)]
            clusters.append(PairCounts(sum(b > a for a, b in pairs), sum(a > b for a, b in pairs), repeats))
        estimate = rate_difference(clusters)
        assert estimate.low is not None
        assert estimate.high is not None
        held += estimate.low <= 0.1 <= estimate.high
    assert 0.91 <= held / 300 <= 0.99
