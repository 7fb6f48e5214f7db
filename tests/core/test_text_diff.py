"""What changed from one text to another."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personae.core.text_diff import Piece, text_diff

texts = st.text("ab .\n\u2028é", max_size=60)


@given(before=texts, after=texts)
def test_the_pieces_make_both_texts(before: str, after: str) -> None:
    pieces = text_diff(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after
    assert all(piece.text for piece in pieces)
    assert all(one.kind != next_.kind for one, next_ in itertools.pairwise(pieces))


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("Knows it all.\n", "Knows nothing at all.\n", [("removed", "it"), ("added", "nothing at")]),
        ("One.\nTwo.\n", "One.\nNew.\nTwo.\n", [("added", "New.\n")]),
        ("same", "same", []),
    ],
)
def test_only_the_words_that_differ_are_told(before: str, after: str, changed: list[tuple[str, str]]) -> None:
    assert [(piece.kind, piece.text) for piece in text_diff(before, after) if piece.kind != "same"] == changed


def test_what_is_too_long_to_compare_is_given_whole() -> None:
    before, after = "a b " * 100_000, "b c " * 100_000
    assert text_diff(before, after) == [
        Piece("removed", before.rstrip()),
        Piece("added", after.rstrip()),
        Piece("same", " "),
    ]
