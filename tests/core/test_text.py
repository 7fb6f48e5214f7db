"""Text that may be stored, sent and shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personae.core.text import loads, shown, whole

ANY = st.text(st.characters())
"""Lone surrogates included."""


@given(ANY)
def test_whole_text_can_be_written(text: str) -> None:
    assert whole(text).encode().decode() == whole(text)


@given(st.text())
def test_whole_leaves_valid_text_alone(text: str) -> None:
    assert whole(text) == text


def test_halves_that_fit_are_joined() -> None:
    assert whole("\ud83d\ude00") == "\U0001f600"


@given(ANY)
def test_whole_twice_is_whole_once(text: str) -> None:
    assert whole(whole(text)) == whole(text)


@given(st.text(max_size=300), st.integers(0, 200))
def test_long_text_is_shown_by_its_ends_and_says_how_much_is_left_out(text: str, most: int) -> None:
    seen = shown(text, most)
    if len(text) <= most:
        assert seen == text
    else:
        assert f"[… {len(text) - most:,} characters left out …]" in seen
        assert len(seen) <= most + 60
        assert text.startswith(seen[: most - most // 4])


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | ANY, st.lists))
def test_json_of_any_python_is_read(value: object) -> None:
    assert json.dumps(loads(json.dumps(value))).encode()


def test_lone_surrogates_in_json_become_signs() -> None:
    assert loads(b'{"\\ud800": ["a\\udfff"]}') == {"\ufffd": ["a\ufffd"]}


@pytest.mark.parametrize("data", ["", "{", "[1,]", "NaN", '["\\ud800", NaN]', '["\\ud800"', "\\u"])
def test_what_is_no_json_is_a_value_error(data: str) -> None:
    with pytest.raises(ValueError):
        loads(data)


def test_json_too_deep_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        loads('["\\ud800", ' + "[" * 100_000 + "]" * 100_000 + "]")
