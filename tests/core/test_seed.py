"""Child seeds and digests: the same everywhere, and different for different paths."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from personae.core.seed import derive, digest

PATHS = st.lists(st.text() | st.integers(), max_size=4)


def test_a_seed_is_the_same_on_every_machine() -> None:
    assert derive(0, "persona", 1) == 8834319500276143648
    assert digest("a", "b") == "235870420603e322"


@given(st.integers(), PATHS)
def test_a_seed_fits_into_63_bits(seed: int, path: list[str | int]) -> None:
    assert 0 <= derive(seed, *path) < 2**63


@given(st.integers(), PATHS, PATHS)
def test_other_paths_have_other_seeds(seed: int, one: list[str | int], other: list[str | int]) -> None:
    assert (derive(seed, *one) == derive(seed, *other)) == (one == other)


@given(st.lists(st.text()), st.lists(st.text()))
def test_parts_of_a_digest_do_not_run_together(one: list[str], other: list[str]) -> None:
    assert (digest(*one) == digest(*other)) == (one == other)


def test_a_text_and_a_number_are_not_the_same_path() -> None:
    assert derive(0, "1") != derive(0, 1)


def test_lone_surrogates_have_a_digest() -> None:
    assert digest("\ud800") != digest("\ufffd")
