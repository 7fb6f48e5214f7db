"""Which ratings people are asked about: an even share of YES and NO, chance within, the same for all who share it."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from personae.rating.label_queue import draw
from tests.rating.test_check import conversation, run


def verdicts(yes: int, items: list[str]) -> Counter[bool]:
    return Counter(int(key[1:]) < yes for key in items)


@settings(max_examples=30)
@given(yes=st.integers(0, 60), no=st.integers(0, 60), n=st.integers(1, 30), seed=st.integers(0, 99))
def test_as_many_yes_as_no_where_there_are_enough(yes: int, no: int, n: int, seed: int) -> None:
    keys = [item.key for item in draw(run(yes, no), n=n, seed=seed)]
    assert len(keys) == len(set(keys)) == min(n, yes + no)
    found = verdicts(yes, keys)
    if min(yes, no) >= n / 2:
        assert abs(found[True] - found[False]) <= 1
    else:
        assert found[yes < no] == min(yes, no)


def test_half_of_each_verdict_are_doubtful_ones() -> None:
    results = [conversation(n, verdict=n < 50, quote_found=n % 10 != 0) for n in range(100)]
    keys = [item.key for item in draw(results, n=16, seed=0)]
    assert Counter((int(key[1:]) < 50, int(key[1:]) % 10 == 0) for key in keys) == dict.fromkeys(
        [(True, True), (True, False), (False, True), (False, False)], 4
    )


def test_raters_share_the_overlap_and_no_more() -> None:
    ann, bob = (
        {item.key for item in draw(run(200, 200), n=20, seed=1, rater=who, overlap=0.5)} for who in ("ann", "bob")
    )
    assert len(ann) == len(bob) == 20
    assert 10 <= len(ann & bob) < 15


def test_with_full_overlap_all_get_the_same_in_the_same_order() -> None:
    one, other = (draw(run(50, 50), n=20, seed=1, rater=who) for who in ("ann", "bob"))
    assert one == other
    assert one != draw(run(50, 50), n=20, seed=2)


def test_ratings_without_a_verdict_and_other_criteria_are_not_asked_about() -> None:
    assert draw([conversation(1, None)], n=5, seed=0) == []
    assert draw(run(2, 2), n=5, seed=0, criteria=["goal"]) == []
