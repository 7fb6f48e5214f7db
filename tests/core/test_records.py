"""Personas, scenarios and criteria: strict, frozen, and named by their content."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from personae import Criterion, Persona, Scenario

WORDS = st.text(min_size=1).filter(str.strip)
PERSONA: dict[str, Any] = {"name": "Ann", "description": "terse"}


def test_profile_is_the_description() -> None:
    assert Persona.model_validate({"name": "Ann", "profile": "terse"}) == Persona(name="Ann", description="terse")


def test_success_criteria_of_a_scenario_is_its_expected_outcome() -> None:
    scenario = Scenario.model_validate({"goal": "a refund", "success_criteria": "it is paid"})
    assert scenario.expected_outcome == "it is paid"


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"nmae": "Ann"}, "nmae"),
        ({"description": "a", "profile": "b"}, "profile"),
        ({"traits": "terse"}, "traits"),
        ({"traits": [1]}, "traits"),
        ({"traits": [" "]}, "traits"),
        ({"name": 7}, "name"),
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"attributes": {"age": object()}}, "attributes"),
        ({"goal": ["a"]}, "goal"),
    ],
)
def test_what_a_persona_cannot_take_whole_is_refused_by_field(fields: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Persona.model_validate(PERSONA | fields)
    assert caught.value.errors()[0]["loc"][0] == where


def test_traits_as_text_says_how_to_write_them() -> None:
    with pytest.raises(ValidationError, match=r"write \['terse'\]"):
        Persona.model_validate(PERSONA | {"traits": "terse"})


def test_a_persona_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Persona(**PERSONA).name = "Bob"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("trait", "is_so"), [("adversarial", True), (" Adversarial ", True), ("not adversarial", False), ("adverse", False)]
)
def test_an_adversarial_persona_has_exactly_that_word_as_a_trait(trait: str, is_so: bool) -> None:
    assert Persona(**PERSONA, traits=(trait,)).is_adversarial is is_so


def test_lone_surrogates_are_mended() -> None:
    assert Persona(name="Ann \ud800", description="x").name == "Ann \ufffd"


@given(WORDS, WORDS)
def test_any_edit_of_a_persona_changes_its_version(one: str, other: str) -> None:
    same = one.strip() == other.strip()
    for field in ("name", "description"):
        before, after = (Persona(**PERSONA | {field: text}) for text in (one, other))
        assert (before.version_hash == after.version_hash) is same


@given(st.sampled_from(["domain_knowledge", "goal", "success_criteria", "traits", "attributes"]), WORDS)
def test_a_field_that_is_added_changes_the_version(field: str, text: str) -> None:
    value: Any = {"traits": (text,), "attributes": {text: 1}}.get(field, text)
    assert Persona(**PERSONA, **{field: value}).version_hash != Persona(**PERSONA).version_hash


def test_the_label_of_a_scenario_without_a_name_is_its_goals_beginning() -> None:
    assert Scenario(goal="x" * 61).label == "x" * 59 + "…"
    assert Scenario(goal="x" * 60).label == "x" * 60


def test_a_criterion_is_known_by_its_question() -> None:
    assert Criterion(question="Polite?").label == "Polite?"
    assert Criterion(question="Polite?", name="manners").version_hash == Criterion(question="Polite?").version_hash
