"""Agreement: the published examples, the reference library, and what has no value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa as reference_kappa  # type: ignore[import-untyped]
from statsmodels.stats.proportion import proportion_confint  # type: ignore[import-untyped]

from personae.stats.agreement import (
    Confusion,
    Pair,
    cohens_kappa,
    krippendorff_alpha,
    sensitivity,
    specificity,
)

CELLS = st.integers(0, 60)


def pairs(both: int, judge_only: int, people_only: int, neither: int) -> list[Pair]:
    cells = [(True, True, both), (True, False, judge_only), (False, True, people_only), (False, False, neither)]
    return [Pair(judge, people) for judge, people, count in cells for _ in range(count)]


def test_the_example_of_two_readers_of_fifty_grant_applications() -> None:
    assert cohens_kappa(Confusion.of(pairs(20, 5, 10, 15))).value == pytest.approx(0.4)


@given(CELLS, CELLS, CELLS, CELLS)
def test_kappa_and_its_interval_are_those_of_statsmodels(both: int, judge_only: int, people_only: int, no: int) -> None:
    table = [[both, judge_only], [people_only, no]]
    assume(both + judge_only + people_only + no > 1)
    ours = cohens_kappa(Confusion.of(pairs(both, judge_only, people_only, no)))
    if not ours.is_defined:
        assert sum(sum(row) > 0 for row in table) == 1
        assert sum(sum(column) > 0 for column in zip(*table, strict=True)) == 1
        return
    with np.errstate(all="ignore"):  # it divides by a spread that may be 0
        theirs = reference_kappa(np.array(table))
    assert ours.value == pytest.approx(theirs.kappa)
    if ours.low is not None and ours.high is not None and not np.isnan(theirs.kappa_low):
        assert ours.low == pytest.approx(max(-1.0, theirs.kappa_low), abs=1e-9)
        assert ours.high == pytest.approx(min(1.0, theirs.kappa_upp), abs=1e-9)


@given(CELLS, CELLS, CELLS, CELLS)
def test_sensitivity_and_specificity_have_wilsons_interval(
    both: int, judge_only: int, people_only: int, no: int
) -> None:
    found = pairs(both, judge_only, people_only, no)
    for ours, yes, n in ((sensitivity(found), both, both + people_only), (specificity(found), no, no + judge_only)):
        if not n:
            assert (ours.value, ours.low) == (None, None)
            assert ours.reason
            continue
        low, high = proportion_confint(yes, n, method="wilson")
        assert (ours.value, ours.low, ours.high) == pytest.approx((yes / n, low, high), abs=1e-9)


@given(CELLS, CELLS, CELLS, CELLS, st.floats(0.1, 50))
def test_a_weight_that_all_pairs_share_changes_nothing(a: int, b: int, c: int, d: int, weight: float) -> None:
    plain = pairs(a, b, c, d)
    weighed = [Pair(pair.judge, pair.people, weight) for pair in plain]
    for measure in (sensitivity, specificity, lambda them: cohens_kappa(Confusion.of(them))):
        one, other = measure(plain), measure(weighed)
        assert (one.value is None) == (other.value is None)
        if one.value is not None:
            assert one.value == pytest.approx(other.value, abs=1e-9)


def test_weights_undo_a_sample_that_has_too_many_noes() -> None:
    """900 YES, 100 NO in the run; 50 of each were labelled, 10 of each wrongly judged."""
    sample = [
        *[Pair(judge=True, people=True, weight=18)] * 40,
        *[Pair(judge=True, people=False, weight=18)] * 10,
        *[Pair(judge=False, people=False, weight=2)] * 40,
        *[Pair(judge=False, people=True, weight=2)] * 10,
    ]
    assert sensitivity(sample).value == pytest.approx(720 / 740)
    assert specificity(sample).value == pytest.approx(80 / 260)


@dataclass(frozen=True)
class Readers:
    """Labels by rater, a dot for none; and the published alpha."""

    rows: tuple[str, ...]
    alpha: float


PUBLISHED = [
    Readers(("0100000010", "1110010000"), 0.095),
    Readers(("123321412...", "1233224125.3", ".3332342251.", "12332441251."), 0.743),
]


@pytest.mark.parametrize("case", PUBLISHED, ids=["two observers, A and B", "four observers, missing values, C"])
def test_alpha_is_krippendorffs_own(case: Readers) -> None:
    units = [[None if label == "." else label for label in unit] for unit in zip(*case.rows, strict=True)]
    found = krippendorff_alpha(units)
    assert found.value == pytest.approx(case.alpha, abs=5e-4)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high


@given(st.lists(st.lists(st.sampled_from(["YES", "NO", None]), min_size=2, max_size=4), max_size=20))
def test_alpha_is_one_only_where_nobody_parts(units: list[list[str | None]]) -> None:
    found = krippendorff_alpha(units)
    used = [[label for label in unit if label] for unit in units]
    used = [unit for unit in used if len(unit) > 1]
    if found.value is None:
        assert found.reason
        assert len({label for unit in used for label in unit}) < 2
    else:
        assert (found.value == 1) == all(len(set(unit)) == 1 for unit in used)


@dataclass(frozen=True)
class Undefined:
    """A table without kappa, and why."""

    cells: tuple[int, int, int, int]
    reason: str


@pytest.mark.parametrize(
    "case",
    [
        Undefined((0, 0, 0, 0), "nobody and the judge answered the same conversation"),
        Undefined((7, 0, 0, 0), "both said YES to all 7"),
        Undefined((0, 0, 0, 1), "both said NO to all 1"),
    ],
    ids=lambda case: str(case.cells),
)
def test_kappa_without_a_value_says_why(case: Undefined) -> None:
    found = cohens_kappa(Confusion.of(pairs(*case.cells)))
    assert found.value is None
    assert case.reason in found.reason
