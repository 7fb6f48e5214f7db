"""What each format's file becomes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from personae.core.persona import Persona, Scenario
from personae.core.rating import Criterion
from personae.errors import InputError, NotFound
from personae.sources import read_criteria, read_personas, read_scenarios, sources

RUSHED = Persona(
    name="rushed_customer",
    description="A customer in a hurry who wants a refund for order #1234.",
    goal="Find out how to get a refund and confirm the refund window.",
    success_criteria="The assistant stated the refund window and the process.",
    traits=("terse", "impatient"),
)


@dataclass(frozen=True)
class Form:
    file: str
    content: str


RUSHED_FORMS = [
    Form("seed.jsonl", """\
# the form of the seed's tool
{"name": "rushed_customer", "profile": "A customer in a hurry who wants a refund for order #1234.", \
"goal": "Find out how to get a refund and confirm the refund window.", \
"success_criteria": "The assistant stated the refund window and the process.", "traits": ["terse", "impatient"]}

// the end
"""),
    Form("list.json", """[{"name": "rushed_customer",
      "description": "A customer in a hurry who wants a refund for order #1234.",
      "goal": "Find out how to get a refund and confirm the refund window.",
      "success_criteria": "The assistant stated the refund window and the process.",
      "traits": ["terse", "impatient"]}]"""),
    Form("wrapped.json", """{"personas": [{"name": "rushed_customer",
      "profile": "A customer in a hurry who wants a refund for order #1234.",
      "goal": "Find out how to get a refund and confirm the refund window.",
      "success_criteria": "The assistant stated the refund window and the process.",
      "traits": ["terse", "impatient"], "domain_knowledge": null}], "criteria": ["Was it polite?"]}"""),
    Form("wrapped.yml", """\
personas:
  - name: rushed_customer
    profile: "A customer in a hurry who wants a refund for order #1234."
    goal: Find out how to get a refund and confirm the refund window.
    success_criteria: >-
      The assistant stated the refund window
      and the process.
    traits: [terse, impatient]
scenarios: []
"""),
    Form("table.csv", """\
Name,Profile,Goal,Success criteria,traits,,
rushed_customer,"A customer in a hurry who wants a refund for order #1234.",\
Find out how to get a refund and confirm the refund window.,\
The assistant stated the refund window and the process.,terse; impatient;,,
,,,,,,
"""),
]  # fmt: skip


@pytest.mark.parametrize("form", RUSHED_FORMS, ids=lambda form: form.file)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with-mark"])
def test_every_format_gives_the_same_persona(form: Form, newline: str, mark: str, tmp_path: Path) -> None:
    file = tmp_path / form.file
    file.write_bytes((mark + form.content.replace("\n", newline)).encode())
    assert read_personas(file) == [RUSHED]


def test_only_a_newline_ends_a_line(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text('{"name": "a\u2028b\x85c\x1cd", "profile": "p"}'.replace("\x1c", "\\u001c"))
    (persona,) = read_personas(file, goal_required=False)
    assert persona.name == "a\u2028b\x85c\x1cd"


def test_placeholders_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text('{"name": "a", "profile": "Lives in {{home town}}.", "domain_knowledge": "{{known}}"}')
    (persona,) = read_personas(file, goal_required=False)
    assert (persona.description, persona.domain_knowledge) == ("Lives in {{home town}}.", "{{known}}")


def test_a_goal_may_be_absent_where_scenarios_are_given_separately(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text('{"name": "a", "profile": "p", "goal": ""}')
    assert read_personas(file, goal_required=False) == [Persona(name="a", description="p")]
    with pytest.raises(InputError, match="goal: must not be blank"):
        read_personas(file)


def test_plain_words_of_yaml_stay_text_unless_json_would_have_them(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    values = "{a: yes, b: 012, c: 2024-05-17, d: 1_000, e: 0x1F, f: 7, g: 1.5, h: True, i: ~, j: '7', k: 1:30}"
    file.write_text(f"- name: no\n  profile: off\n  attributes: {values}\n")
    (persona,) = read_personas(file, goal_required=False)
    assert (persona.name, persona.description) == ("no", "off")
    assert persona.attributes == {
        "a": "yes", "b": "012", "c": "2024-05-17", "d": "1_000", "e": "0x1F", "f": 7, "g": 1.5, "h": True, "i": None,
        "j": "7", "k": "1:30",
    }  # fmt: skip


def test_yaml_aliases_repeat_what_they_name(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("- {name: a, profile: &who A nurse., traits: &t [terse]}\n- {name: b, profile: *who, traits: *t}\n")
    first, second = read_personas(file, goal_required=False)
    assert (first.description, first.traits) == (second.description, second.traits) == ("A nurse.", ("terse",))


def test_a_tables_attributes_stand_in_columns_of_their_own_or_in_one_as_json(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text('name,profile,attributes.home town,attributes\na,p,Rome,"{""age"": 34}"\nb,p,,\n')
    first, second = read_personas(file, goal_required=False)
    assert first.attributes == {"home town": "Rome", "age": 34}
    assert second.attributes == {}


def test_quotes_commas_and_line_ends_stay_in_a_quoted_cell(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_bytes(b'name,profile\r\na,"says ""no"", often\r\nand 5"" tall"\r\nb,5" tall\r\n')
    texts = [persona.description for persona in read_personas(file, goal_required=False)]
    assert texts == ['says "no", often\r\nand 5" tall', '5" tall']


def test_a_tables_other_columns_are_the_scenarios_fields(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text(
        "Persona goal,expected_outcome,city,Zip Code,fields.name\nBook in {{city}},Booked,Rome,00184,x\nGo,,,,\n"
    )
    assert read_scenarios(file) == [
        Scenario(goal="Book in {{city}}", expected_outcome="Booked",
                 fields={"city": "Rome", "Zip Code": "00184", "name": "x"}),
        Scenario(goal="Go", fields={"city": "", "Zip Code": ""}),
    ]  # fmt: skip


def test_a_scenario_row_takes_all_its_fields_and_a_persona(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(
        "scenarios:\n"
        "- persona_goal: Get a refund\n  name: refund\n  success_criteria: Refund promised\n  known_info: order 12\n"
        "  unknown_info: the date\n  instructions: Give in at last\n  fields: {city: Rome}\n  nights: 3\n"
        "  persona: {name: Anna, profile: A nurse}\n"
    )
    assert read_scenarios(file) == [
        Scenario(
            goal="Get a refund",
            name="refund",
            expected_outcome="Refund promised",
            known_info="order 12",
            unknown_info="the date",
            instructions="Give in at last",
            fields={"city": "Rome", "nights": 3},
            persona=Persona(name="Anna", description="A nurse"),
        )
    ]


def test_rows_of_the_older_form_bring_their_own_persona(tmp_path: Path) -> None:
    table, lines = tmp_path / "beta.csv", tmp_path / "beta.jsonl"
    table.write_text(
        'persona_name,persona_description,goal_summary,environment_config\nAnna,A nurse,Get a refund,"{""shop"": 1}"\n'
    )
    lines.write_text(
        '{"persona_name": "Anna", "persona_description": "A nurse", "goal_summary": "Get a refund", '
        '"environment_config": {"shop": 1}}'
    )
    anna = Persona(name="Anna", description="A nurse")
    (from_table,), (from_lines,) = read_scenarios(table), read_scenarios(lines)
    assert from_table == Scenario(goal="Get a refund", fields={"environment_config": '{"shop": 1}'}, persona=anna)
    assert from_lines == Scenario(goal="Get a refund", fields={"environment_config": {"shop": 1}}, persona=anna)


def test_two_scenarios_may_share_one_persona(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("persona_name,persona_description,goal_summary\nAnna,A nurse,g\nAnna,A nurse,h\n")
    assert [scenario.goal for scenario in read_scenarios(file)] == ["g", "h"]


CRITERIA_FORMS = [
    Form("c.txt", "# tone\nWas it polite?\n\nWas it right?\n"),
    Form("c.json", '["Was it polite?", {"question": "Was it right?"}]'),
    Form("c.yaml", "criteria:\n- Was it polite?\n- question: Was it right?\n"),
    Form("c.jsonl", '"Was it polite?"\n{"question": "Was it right?"}\n'),
    Form("c.csv", "question,name\nWas it polite?,\nWas it right?,\n"),
]


@pytest.mark.parametrize("form", CRITERIA_FORMS, ids=lambda form: form.file)
def test_criteria_are_texts_or_rows(form: Form, tmp_path: Path) -> None:
    file = tmp_path / form.file
    file.write_text(form.content)
    assert read_criteria(file) == [Criterion(question="Was it polite?"), Criterion(question="Was it right?")]


def test_a_named_source_reads_a_file_of_any_ending(tmp_path: Path) -> None:
    file = tmp_path / "personas.txt"
    file.write_text('{"name": "a", "profile": "p"}')
    assert read_personas(f"jsonl:{file}", goal_required=False) == [Persona(name="a", description="p")]


def test_every_source_has_a_docstring_header_and_claims_endings_of_its_own() -> None:
    found = sources.all()
    assert {"csv", "json", "jsonl", "tau2", "text", "yaml"} <= set(found)
    claimed = [suffix for source in found.values() for suffix in source.suffixes]
    assert len(claimed) == len(set(claimed))
    with pytest.raises(NotFound):
        sources.get("xlsx")
