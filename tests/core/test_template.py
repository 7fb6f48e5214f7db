"""Placeholders obey their laws whatever the text and the values."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personae.core.template import fill, placeholders, unknown
from personae.errors import InputError

NAMES = st.text(st.characters(exclude_characters="{}\n", exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: name == name.strip(" \t") and name != ""
)
PLAIN = st.text(st.characters(exclude_characters="{}"))


@given(st.text(), st.dictionaries(NAMES, st.text()))
def test_text_without_placeholders_stays_as_it_is(text: str, columns: dict[str, str]) -> None:
    if not placeholders(text):
        assert fill(text, columns) == text


@given(PLAIN, NAMES, st.text(), PLAIN)
def test_a_value_stands_where_its_placeholder_stood(before: str, name: str, value: str, after: str) -> None:
    assert fill(f"{before}{{{{{name}}}}}{after}", {name: value}) == before + value + after


@given(NAMES, st.sampled_from(["", " ", "\t", "  "]))
def test_white_space_inside_the_braces_does_not_count(name: str, space: str) -> None:
    assert placeholders(f"{{{{{space}{name}{space}}}}}") == (name,)


@given(NAMES, NAMES)
def test_a_value_is_never_read_again(name: str, other: str) -> None:
    value = f"{{{{{other}}}}}"
    assert fill(f"{{{{{name}}}}}", {name: value, other: "secret"} | {name: value}) == value


@given(st.lists(NAMES, unique=True, max_size=4), st.lists(NAMES, max_size=4))
def test_unknown_is_what_is_asked_for_and_not_there(asked: list[str], columns: list[str]) -> None:
    text = " ".join(f"{{{{{name}}}}}" for name in asked)
    assert set(unknown(text, dict.fromkeys(columns, ""))) == set(asked) - set(columns)


def test_an_unknown_placeholder_is_named_with_its_place_and_the_columns() -> None:
    with pytest.raises(InputError, match=r"\{\{city\}\} in persona 'Ann', description .*'order', 'zip code'"):
        fill("I live in {{city}}.", {"order": 1, "zip code": 2}, where="persona 'Ann', description")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("text", "text"),
        (None, ""),
        (True, "true"),
        (7, "7"),
        (1.5, "1.5"),
        (["é"], '["é"]'),
        ({"a": None}, '{"a": null}'),
    ],
)
def test_values_are_written_as_people_and_json_write_them(value: object, written: str) -> None:
    assert fill("{{it}}", {"it": value}) == written


def test_blank_braces_are_text() -> None:
    assert fill("{{ }} and {{}} and {{\t}}", {}) == "{{ }} and {{}} and {{\t}}"


def test_braces_that_never_close_cost_no_time() -> None:
    began = time.process_time()
    placeholders("{{" + " " * 20_000)
    assert time.process_time() - began < 0.5
