"""Agents of TinyTroupe as personas and back; fragments added to a persona. Nothing is lost on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personae.core.paths import by_path, nested
from personae.core.persona import Behaviour, Persona
from personae.core.sections import Attributes, Identity, Provenance, Sections
from personae.errors import Conflict, InputError
from personae.sources import (
    add_fragment,
    add_to_share,
    agent_of_persona,
    persona_of_agent,
    read_fragment,
    read_personas,
    write_personas,
)

AGENT: dict[str, Any] = {
    "type": "TinyPerson",
    "persona": {
        "name": "Ada Lum",
        "age": 41,
        "gender": "Female",
        "residence": None,
        "occupation": {"title": "Baker", "organization": "", "description": "You bake."},
        "personality": {"traits": ["You are quick."], "big_five": {"openness": "High. Reads."}},
        "preferences": {"likes": ["Rye."], "dislikes": []},
        "behaviors": {"a > b": ["x"], "routines": {}},
        "relationships": [{"name": "Bo", "description": "a friend"}],
        "height": 1.0,
        "smokes": False,
    },
}
OTHERS = {"mental_faculties": [{"x": 1}], "json_serializable_class_name": "TinyPerson"}


def folder(tmp_path: Path, **agents: Any) -> Path:
    for name, agent in agents.items():
        text = agent if isinstance(agent, str) else json.dumps(agent)
        (tmp_path / f"{name}.agent.json").write_text(text, encoding="utf-8")
    return tmp_path


def read(place: Path) -> list[Persona]:
    return read_personas(f"tinytroupe:{place}", goal_required=False)


@pytest.mark.parametrize("more", [{}, OTHERS], ids=["a plain agent", "an agent with a state"])
def test_an_agent_comes_out_as_it_went_in(tmp_path: Path, more: dict[str, Any]) -> None:
    agent = AGENT | more
    personas = read(folder(tmp_path, ada=agent))
    write_personas(f"tinytroupe:{tmp_path / 'out'}", personas)
    assert json.loads((tmp_path / "out" / "Ada_Lum.agent.json").read_text(encoding="utf-8")) == agent
    write_personas(tmp_path / "personas.jsonl", personas)
    (again,) = read_personas(tmp_path / "personas.jsonl", goal_required=False)
    assert agent_of_persona(again) == agent, "by way of a persona file too"


def test_what_an_agent_is_can_be_played_and_filtered_by(tmp_path: Path) -> None:
    (ada,) = read(folder(tmp_path, ada=AGENT))
    assert ada.name == "Ada Lum"
    assert ada.attributes == {"age": 41, "gender": "Female", "occupation": "Baker"}
    for said in (
        "Ada Lum, 41 years old, Female.",
        "title: Baker; description: You bake.",
        "likes: Rye.",
        "Smokes: no.",
    ):
        assert said in ada.description


PERSONAS = [
    Persona(name="rushed", description="In a hurry.\n\nLoves tea.", goal="Refund", traits=("terse",)),
    Persona(
        name="A/B ?",
        description="Odd {{name}}.",
        attributes={"age": 3, "deep": {"a": [1, None]}},
        behaviours=(Behaviour(name="typos", probability=0.5),),
        sections=Sections(
            identity=Identity(facts={"work": "cook"}), attributes=Attributes(by_path={"character > patience": "high"})
        ),
        provenance=Provenance(method="quota", key="k"),
    ),
]


def test_a_persona_comes_back_as_it_was(tmp_path: Path) -> None:
    same_name = Persona(name="a/b ?", description="Another.")
    write_personas(f"tinytroupe:{tmp_path}", [*PERSONAS, same_name])
    files = sorted(file.name for file in tmp_path.iterdir())
    assert len(files) == 3
    assert {persona.name: persona for persona in read(tmp_path)} == {one.name: one for one in [*PERSONAS, same_name]}


def test_an_agent_that_was_edited_there_counts_as_edited(tmp_path: Path) -> None:
    agent = agent_of_persona(PERSONAS[0])
    agent["persona"]["age"] = 50
    changed = persona_of_agent(agent)
    assert changed.attributes == {"age": 50}
    assert (changed.goal, changed.traits) == ("Refund", ("terse",)), "what TinyTroupe has no place for stays"


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
plain = st.text(st.characters(codec="ascii", exclude_characters=">"), min_size=1, max_size=5).filter(
    lambda key: key == key.strip()
)


@given(st.dictionaries(plain, values, max_size=5))
def test_data_by_path_are_the_same_data(data: dict[str, Any]) -> None:
    assert nested(by_path(data)) == data


def test_paths_that_clash_are_named() -> None:
    for paths in ({"a": 1, "a > b": 2}, {"a > b": 2, "a": 1}):
        with pytest.raises(ValueError, match="value"):
            nested(paths)
    with pytest.raises(ValueError, match="fits in no path"):
        by_path({"a > b": 1})


@pytest.mark.parametrize(
    ("agent", "says"),
    [
        ({"type": "TinyPerson"}, "bad.agent.json: holds no `persona`"),
        ({"persona": {"age": 3}}, "its persona has no `name`"),
        ({"type": "Fragment", "persona": {"age": 3}}, "is a fragment"),
        ({"persona": {"name": "x", " ": 3}}, "fits in no path"),
        ({"persona": {"name": "x", "(file)": 3}}, "kept for other things"),
        ("[3]", "must be an object"),
        ("{oh", "is not JSON"),
        ('{"persona": {"name": "x", "name": "y"}}', "stands twice"),
        ('{"persona": {"name": "x", "a": NaN}}', "is NaN"),
    ],
)
def test_a_file_that_is_no_agent_is_named(tmp_path: Path, agent: Any, says: str) -> None:
    with pytest.raises(InputError) as raised:
        read(folder(tmp_path, bad=agent))
    assert says in str(raised.value)


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no agent files"):
        read(tmp_path)


def fragment(tmp_path: Path, **data: Any) -> Path:
    path = tmp_path / "picky.fragment.json"
    path.write_text(json.dumps({"type": "Fragment", "persona": data}), encoding="utf-8")
    return path


def test_a_fragment_grows_lists_and_fills_gaps(tmp_path: Path) -> None:
    ada = persona_of_agent(AGENT)
    added = read_fragment(
        fragment(tmp_path, preferences={"likes": ["Rye.", "Receipts."]}, residence="Graz", beliefs=["All bills lie."])
    )
    more = add_fragment(ada, added)
    spec = agent_of_persona(more)["persona"]
    assert spec["preferences"]["likes"] == ["Rye.", "Receipts."]
    assert (spec["residence"], spec["beliefs"]) == ("Graz", ["All bills lie."])
    assert more.attributes["residence"] == "Graz"
    assert "Beliefs: All bills lie." in more.description
    assert add_fragment(more, added) == more, "twice is once"


def test_a_share_of_a_set_gets_a_fragment_and_another_seed_draws_others(tmp_path: Path) -> None:
    people = [Persona(name=f"P{number}", description="Likes tea.") for number in range(45)]
    added = read_fragment(fragment(tmp_path, beliefs=["All bills lie."]))

    def drawn(share: float, seed: int) -> list[int]:
        more = add_to_share(people, added, share, seed=seed)
        assert [persona.name for persona in more] == [persona.name for persona in people]
        return [place for place, persona in enumerate(more) if "All bills lie" in persona.description]

    assert [len(drawn(share, 7)) for share in (0, 0.1, 0.2, 0.33, 1)] == [0, 5, 9, 15, 45]
    assert drawn(0.2, 7) == drawn(0.2, 7) != drawn(0.2, 8)
    with pytest.raises(InputError, match="from 0 to 1"):
        add_to_share(people, added, 20)


def test_a_fragment_added_to_a_persona_of_ones_own_is_told_after_its_description(tmp_path: Path) -> None:
    more = add_fragment(PERSONAS[0], read_fragment(fragment(tmp_path, beliefs=["All bills lie."])))
    assert more.description == "In a hurry.\n\nLoves tea.\n\nBeliefs: All bills lie."
    assert more.goal == "Refund"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"age": 50}, "'age' is 41 there and 50 here"),
        ({"occupation": {"title": "Cook"}}, "'occupation > title' is 'Baker' there and 'Cook' here"),
        ({"preferences": ["all"]}, "'preferences' is"),
    ],
)
def test_two_values_of_one_thing_are_a_conflict_unless_one_is_to_win(tmp_path: Path, data: Any, says: str) -> None:
    ada, added = persona_of_agent(AGENT), read_fragment(fragment(tmp_path, **data))
    with pytest.raises(Conflict) as raised:
        add_fragment(ada, added)
    assert says in str(raised.value)
    spec = agent_of_persona(add_fragment(ada, added, overwrite=True))["persona"]
    assert all(spec[key] == value or spec[key] == AGENT["persona"][key] | value for key, value in data.items())


@pytest.mark.parametrize(
    ("text", "says"), [('{"type": "TinyPerson"}', "must have the type"), ("[]", "must be an object")]
)
def test_a_file_that_is_no_fragment_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        read_fragment(path)
