"""Prompts: placeholders filled, and blocks whose values are all empty left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personae.core.prompt import Prompt, load, versions
from personae.errors import InputError

PROMPT = Prompt("room/name", "You are {{name}}.\n\nYou know: {{knows}}\n{{more}}\n\n\nSpeak.")


def test_a_block_whose_values_are_all_empty_is_left_out() -> None:
    assert PROMPT.render(name="Ann", knows="", more=" ") == "You are Ann.\n\nSpeak."


def test_a_block_with_one_value_stays() -> None:
    assert PROMPT.render(name="Ann", knows="trains", more="") == "You are Ann.\n\nYou know: trains\n\n\nSpeak."


def test_a_missing_value_is_an_error_and_not_an_empty_block() -> None:
    with pytest.raises(InputError, match=r"\{\{knows\}\}, \{\{more\}\} in room/name"):
        PROMPT.render(name="Ann")


@given(st.text(min_size=1).filter(str.strip))
def test_a_value_is_never_read_as_prompt_text(value: str) -> None:
    assert PROMPT.render(name=value, knows="", more="") == f"You are {value}.\n\nSpeak."


@given(st.text(), st.text())
def test_any_edit_changes_the_version(one: str, other: str) -> None:
    assert (Prompt("a", one).version_hash == Prompt("a", other).version_hash) == (one == other)


def test_a_prompt_is_named_by_room_and_file() -> None:
    prompt = load("personae.simulation", "simulator")
    assert prompt.name == "simulation/simulator"
    assert versions(prompt) == {"simulation/simulator": prompt.version_hash}
