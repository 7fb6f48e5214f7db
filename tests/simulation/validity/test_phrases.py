"""The quick looks of the guards miss nothing: whatever a pattern finds has one of the signs that stand beside it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personae.core.text import has_any
from personae.simulation.validity import meta_text, role_leak

RULES = [
    (signs, re.compile(pattern, re.MULTILINE))
    for phrases in (role_leak._SURELY, role_leak._MAYBE, meta_text._META)
    for signs, pattern in phrases.rules
]


@pytest.mark.parametrize(("signs", "pattern"), RULES, ids=lambda value: value[0] if isinstance(value, tuple) else "")
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_whatever_a_pattern_finds_has_one_of_its_signs(
    signs: tuple[str, ...], pattern: re.Pattern[str], data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(pattern)).lower()
    for found in pattern.finditer(text):
        assert has_any(found[0], signs)


def test_of_several_patterns_the_first_place_in_the_text_counts() -> None:
    found = meta_text._META.search("*sighs* my persona would not")
    assert found is not None
    assert found[0] == "*sighs*"
