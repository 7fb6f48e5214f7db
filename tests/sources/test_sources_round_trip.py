"""Personas that are written and read again are the same personas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from personae.core.persona import Behaviour, KnownFact, Persona
from personae.errors import InputError, RecordingError
from personae.sources import read_personas, write_personas

ENDINGS = [".jsonl", ".json", ".yaml", ".csv"]

awkward = st.sampled_from(
    ["a;b", '["a"]', "{{city}}", "a,b", 'say "x"', "a\r\nb", "line\n\n  indented\n# not a comment", "- item", "yes",
     "012", "null", "~", "\u2028", "\x85", "\ufeff", "'", "a: b", "---", "\t", "\x07", "=1+1", "😀", "//", "a\n\tb "]
)  # fmt: skip
texts = st.one_of(st.text(max_size=30), awkward, st.lists(awkward, max_size=3).map("".join))
filled = texts.filter(lambda text: bool(text.strip()))
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
behaviours = st.builds(
    Behaviour,
    name=filled,
    probability=st.none() | st.floats(0, 1),
    first_turn=st.none() | st.integers(1, 3),
    last_turn=st.none() | st.integers(3, 9),
    intensity=st.sampled_from([None, 1, 2, 3]),
)
facts = st.builds(KnownFact, name=filled, value=filled, when=st.sampled_from(["volunteer", "if_asked", "never"]))
personas = st.builds(
    Persona,
    name=filled,
    description=filled,
    domain_knowledge=texts,
    traits=st.lists(filled, max_size=4).map(tuple),
    attributes=st.dictionaries(texts, values, max_size=4),
    behaviours=st.lists(behaviours, max_size=2, unique_by=lambda one: one.name).map(tuple),
    facts=st.lists(facts, max_size=2, unique_by=lambda one: one.name.casefold()).map(tuple),
    goal=texts,
    success_criteria=texts,
)
libraries = st.lists(personas, min_size=1, max_size=4, unique_by=lambda persona: persona.name)


@pytest.mark.parametrize("ending", ENDINGS)
@given(library=libraries)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_library_comes_back_as_it_was(ending: str, library: list[Persona], tmp_path: Path) -> None:
    file = tmp_path / f"library{ending}"
    if ending == ".csv":  # a table has no way to write a zero character, and says so
        assume(not any("\\u0000" in persona.model_dump_json() for persona in library))
    write_personas(file, library)
    assert read_personas(file, goal_required=False) == library


def test_a_written_file_reads_well(tmp_path: Path) -> None:
    anna = Persona(
        name="Anna",
        description="A nurse.\n\nWorks nights.",
        traits=("terse", "kind"),
        attributes={"city": "Köln", "age": 34},
    )
    written = {}
    for ending in ENDINGS:
        file = tmp_path / f"library{ending}"
        write_personas(file, [anna])
        written[ending] = file.read_text()
    assert written[".yaml"] == (
        '- name: "Anna"\n  description: |-\n    A nurse.\n\n    Works nights.\n'
        '  traits: ["terse", "kind"]\n  attributes: {"city": "Köln", "age": 34}\n'
    )
    assert written[".csv"] == (
        "name,description,traits,attributes.city,attributes\n"
        'Anna,"A nurse.\n\nWorks nights.",terse; kind,Köln,"{""age"": 34}"\n'
    )
    assert written[".jsonl"] == (
        '{"name": "Anna", "description": "A nurse.\\n\\nWorks nights.", "traits": ["terse", "kind"], '
        '"attributes": {"city": "Köln", "age": 34}}\n'
    )


def test_what_could_not_be_read_back_is_refused_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("library.jsonl")
    file.write_text("old")
    anna = Persona(name="Anna", description="A nurse.", attributes={"score": float("nan")})
    with pytest.raises(InputError) as caught:
        write_personas(file, [anna, Persona(name="Anna", description="A cook.")])
    assert str(caught.value).splitlines() == [
        "library.jsonl: attributes.score: is NaN, which JSON cannot hold: leave it out or write it as text, in quotes "
        "(persona 'Anna')",
        "library.jsonl: name: two personas are called 'Anna': rename one",
    ]
    assert file.read_text() == "old"


def test_a_table_refuses_the_one_character_that_it_cannot_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        write_personas("library.csv", [Persona(name="Anna", description="A\0B")])
    assert str(caught.value) == ("library.csv: a text holds a zero character, which .csv cannot: write .jsonl instead")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    file = tmp_path / "no folder" / "library.csv"
    with pytest.raises(RecordingError, match=r"library\.csv: cannot be written: No such file or directory"):
        write_personas(file, [Persona(name="Anna", description="A nurse.")])
