"""What the reader is told about a file that cannot be taken whole: the exact words, with file, line and field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from personae.errors import InputError
from personae.sources import read_criteria, read_personas, read_scenarios

NEEDS = "a persona here needs 'name', 'description' (or 'profile'), 'goal' and 'success_criteria'"
FIELDS = (
    "name, description, profile, goal, success_criteria, traits, domain_knowledge, attributes, behaviours, facts, "
    "kind, sections, provenance"
)
A = '{"name": "a", "profile": "p", "goal": "g", "success_criteria": "s"}'
REST = '"profile": "p", "goal": "g", "success_criteria": "s"'
HEADER = "name,profile,goal,success_criteria"

Read = Callable[..., list[Any]]


@dataclass(frozen=True)
class Case:
    told: str
    """All of the error's text."""
    file: str
    content: str | bytes
    line: int | None = None
    field: str | None = None
    read: Read = read_personas


PERSONA_CASES = [
    Case("p.jsonl:1: trais: is not a field of a persona; did you mean 'traits'?",
         "p.jsonl", f'{{"name": "a", {REST}, "trais": []}}', 1, "trais"),
    Case(f"p.jsonl:1: age: is not a field of a persona (there is {FIELDS}); put free facts under 'attributes'",
         "p.jsonl", f'{{"name": "a", {REST}, "age": 34}}', 1, "age"),
    Case("p.jsonl:1: traits: must be a list of texts, not one text: write ['terse']",
         "p.jsonl", f'{{"name": "a", {REST}, "traits": "terse"}}', 1, "traits"),
    Case("p.jsonl:1: traits: item 2: must be text, not a number; put it in quotes",
         "p.jsonl", f'{{"name": "a", {REST}, "traits": ["terse", 2]}}', 1, "traits"),
    Case("p.jsonl:1: traits: item 1: must not be blank",
         "p.jsonl", f'{{"name": "a", {REST}, "traits": [" "]}}', 1, "traits"),
    Case("p.jsonl:1: behaviours: must be a list of behaviours, not text",
         "p.jsonl", f'{{"name": "a", {REST}, "behaviours": "typos"}}', 1, "behaviours"),
    Case("p.jsonl:1: behaviours: item 1: 'probability': Input should be less than or equal to 1",
         "p.jsonl", f'{{"name": "a", {REST}, "behaviours": [{{"name": "typos", "probability": 2}}]}}', 1, "behaviours"),
    Case("p.jsonl:1: behaviours: item 2: 'typos=often' is no behaviour: write NAME or NAME=0.3",
         "p.jsonl", f'{{"name": "a", {REST}, "behaviours": ["vague", "typos=often"]}}', 1, "behaviours"),
    Case("p.jsonl:1: facts: item 1: 'when': Input should be 'volunteer', 'if_asked' or 'never'",
         "p.jsonl", f'{{"name": "a", {REST}, "facts": [{{"name": "zip", "value": "1", "when": "soon"}}]}}', 1, "facts"),
    Case("p.jsonl:1: facts: item 1: 'value': must be text, not a number; put it in quotes",
         "p.jsonl", f'{{"name": "a", {REST}, "facts": [{{"name": "zip", "value": 10115}}]}}', 1, "facts"),
    Case("p.csv:2: facts: is not JSON: Expecting ',' delimiter at column 16 of the cell",
         "p.csv", f'{HEADER},facts\na,p,g,s,"[{{""name"": ""zip"""\n', 2, "facts"),
    Case("p.jsonl:2: name: stands twice in one object",
         "p.jsonl", f'\n{{"name": "a", "name": "b", {REST}}}', 2, "name"),
    Case("p.jsonl:1: age: stands twice in one object",
         "p.jsonl", f'{{"name": "a", {REST}, "attributes": {{"age": 1, "age": 2}}}}', 1, "age"),
    Case("p.jsonl:4: name: 'a' is the name of the persona at line 2 already",
         "p.jsonl", f"# one\n{A}\n\n{A}\n", 4, "name"),
    Case("p.jsonl:1: name: must not be blank", "p.jsonl", f'{{"name": " ", {REST}}}', 1, "name"),
    Case("p.jsonl:1: success_criteria: must not be blank",
         "p.jsonl", '{"name": "a", "profile": "p", "goal": "g", "success_criteria": null}', 1, "success_criteria"),
    Case(f"p.jsonl:1: goal: is missing; {NEEDS}",
         "p.jsonl", '{"name": "a", "profile": "p", "success_criteria": "s"}', 1, "goal"),
    Case(f"p.jsonl:1: description: is missing, and so are 'goal' and 'success_criteria'; {NEEDS}",
         "p.jsonl", '{"name": "a"}', 1, "description"),
    Case("p.jsonl:1: goal: must be text, not a list",
         "p.jsonl", '{"name": "a", "profile": "p", "goal": ["g"], "success_criteria": "s"}', 1, "goal"),
    Case("p.jsonl:1: profile: must be text, not a truth value; put it in quotes",
         "p.jsonl", '{"name": "a", "profile": true, "goal": "g", "success_criteria": "s"}', 1, "profile"),
    Case("p.jsonl:1: attributes: must be an object with named values, not text",
         "p.jsonl", f'{{"name": "a", {REST}, "attributes": "old"}}', 1, "attributes"),
    Case("p.jsonl:1: description: says the same as 'profile': keep one of the two",
         "p.jsonl", f'{{"name": "a", {REST}, "description": "p"}}', 1, "description"),
    Case("p.jsonl:1: attributes.score: is NaN, which JSON cannot hold: leave it out or write it as text, in quotes",
         "p.jsonl", f'{{"name": "a", {REST}, "attributes": {{"score": NaN}}}}', 1, "attributes.score"),
    Case("p.jsonl:1: attributes.x: is an infinite number, which JSON cannot hold: "
         "leave it out or write it as text, in quotes",
         "p.jsonl", f'{{"name": "a", {REST}, "attributes": {{"x": 1e999}}}}', 1, "attributes.x"),
    Case("p.jsonl:1: attributes.id: is a number too large to be kept exactly: write it as text, in quotes",
         "p.jsonl", f'{{"name": "a", {REST}, "attributes": {{"id": {"9" * 5000}}}}}', 1, "attributes.id"),
    Case("p.jsonl:1: attributes.x: holds half a surrogate pair, which is no character: take it away",
         "p.jsonl", f'{{"name": "a", {REST}, "attributes": {{"x": "\\ud83d"}}}}', 1, "attributes.x"),
    Case("p.jsonl:1: attributes.x: is nested deeper than 50 levels",
         "p.jsonl", f'{{"name": "a", {REST}, "attributes": {{"x": {"[" * 60 + "]" * 60}}}}}', 1, "attributes.x"),
    Case("p.jsonl:1: is not JSON: is nested deeper than 50 levels at column 1",
         "p.jsonl", "[" * 100_000, 1),
    Case("p.jsonl:1: is not JSON: Expecting ',' delimiter at column 14", "p.jsonl", '{"name": "a" "b"}', 1),
    Case("p.jsonl:1: is not JSON: something follows the value at column 68 "
         "(each line must hold one object, without a comma after it)",
         "p.jsonl", f"{A},", 1),
    Case("p.jsonl:1: each line must hold one whole object: name the file .json if all of it is one JSON value",
         "p.jsonl", f"[\n{A}\n]", 1),
    Case("p.jsonl:1: must be an object with the fields of a persona, not a list", "p.jsonl", "[1]", 1),
    Case("p.jsonl:1: persona_name: belongs to the older form, whose rows are scenarios with their own persona: "
         f"give this file as scenarios\np.jsonl:1: name: is missing, and so are 'description' (or 'profile'), 'goal' "
         f"and 'success_criteria'; {NEEDS}",
         "p.jsonl", '{"persona_name": "a"}', 1, "persona_name"),
    Case("p.jsonl: is empty: it holds no personas", "p.jsonl", ""),
    Case("p.jsonl: is empty: it holds no personas", "p.jsonl", "# nothing yet\n\n"),
    Case("p.jsonl: is UTF-16: save it as UTF-8", "p.jsonl", A.encode("utf-16")),
    Case("p.jsonl:2: is not a text file: it holds a zero byte here", "p.jsonl", f"{A}\nPK\0\1".encode(), 2),
    Case("p.jsonl:2: byte 0xe9 at column 14 is not UTF-8: save the file as UTF-8 "
         "(it may be Windows-1252 or Latin-1 now)",
         "p.jsonl", A.encode() + b'\n{"name": "caf\xe9"}', 2),
    Case("p.json:3: byte 0xe9 at column 2 is not UTF-8: save the file as UTF-8 "
         "(it may be Windows-1252 or Latin-1 now)",
         "p.json", b"[\n\n \xe9]", 3),
    Case("p.json: is empty: it holds no personas", "p.json", " \n"),
    Case("p.json: is empty: it holds no personas", "p.json", "[]"),
    Case("p.json:1: must be a list of personas, or an object with such a list under 'personas'", "p.json", A, 1),
    Case("p.json:1: personas: must be a list of personas", "p.json", '{"personas": {}}', 1, "personas"),
    Case("p.json:2: version: is not known beside 'personas'",
         "p.json", f'{{"personas": [{A}],\n"version": 1}}', 2, "version"),
    Case("p.json:2: is not JSON: a comma stands before the end; take it away at column 1", "p.json", f"[{A},\n]", 2),
    Case("p.json:2: is not JSON: Expecting ']' at column 1", "p.json", f"[{A}\n{A}]", 2),
    Case("p.json:2: is not JSON: Expecting property name enclosed in double quotes at column 2",
         "p.json", "[\n{'name': 1}]", 2),
    Case("p.json:3: name: 'a' is the name of the persona at line 2 already", "p.json", f"[\n{A},\n{A}\n]", 3, "name"),
    Case("p.yaml:5: goal: must be text, not a number; put it in quotes",
         "p.yaml", "# users\n- name: a\n  profile: p\n  success_criteria: s\n  goal: 12\n", 5, "goal"),
    Case("p.yaml:6: name: stands twice in one mapping, first at line 2",
         "p.yaml", "personas:\n- name: a\n  profile: p\n  goal: g\n  success_criteria: s\n  name: b\n", 6, "name"),
    Case("p.yaml:1: the tag 'tag:yaml.org,2002:python/name:os.system' is refused: take it away",
         "p.yaml", "- !!python/name:os.system x\n", 1),
    Case("p.yaml:1: merge keys ('<<') are not read: write the fields out", "p.yaml", "- <<: {name: a}\n", 1),
    Case("p.yaml:1: the alias '*a' stands before its anchor is complete", "p.yaml", "- &a [*a]\n", 1),
    Case("p.yaml:1: a key must be plain text", "p.yaml", "- ? [name]\n  : a\n", 1),
    Case("p.yaml:2: a second document begins here: only one is read", "p.yaml", "--- []\n--- []\n", 2),
    Case("p.yaml:1: is nested deeper than 50 levels", "p.yaml", "[" * 2_000, 1),
    Case("p.yaml:1: is not YAML: mapping values are not allowed here at column 8", "p.yaml", "name: a: b\n", 1),
    Case("p.yaml:2: is not YAML: the character U+0007 must be written as an escape, in double quotes",
         "p.yaml", "- x\n- a\x07\n", 2),
    Case("p.yaml:1: must be a list of personas, or a mapping with such a list under 'personas'",
         "p.yaml", "name: a\n", 1),
    Case("p.yaml: is empty: it holds no personas", "p.yaml", "# nothing yet\n"),
    Case("p.csv:1: trait: is not a field of a persona; did you mean 'traits'? "
         "name the column 'attributes.trait' to keep it as an attribute",
         "p.csv", f"{HEADER},trait\na,p,g,s,terse\nb,p,g,s,\n", 1, "trait"),
    Case(f"p.csv:1: age: is not a field of a persona (there is {FIELDS}); "
         "name the column 'attributes.age' to keep it as an attribute",
         "p.csv", f"{HEADER},age\na,p,g,s,34\n", 1, "age"),
    Case("p.csv:1: the columns are separated by ';': save the table with commas",
         "p.csv", f"{HEADER.replace(',', ';')}\na;p;g;s\n", 1),
    Case("p.csv:1: name: two columns have this heading", "p.csv", f"{HEADER},Name\na,p,g,s,b\n", 1, "name"),
    Case("p.csv:1: a column has no heading", "p.csv", "name,,goal\na,p,g\n", 1),
    Case("p.csv:4: has 3 cells, the header has 4 (a cell with a comma in it needs double quotes around it)",
         "p.csv", f'{HEADER}\na,"p\nq",g,s\nb,p,g\n', 4),
    Case("p.csv:2: has 5 cells, the header has 4 (a cell with a comma in it needs double quotes around it)",
         "p.csv", f"{HEADER}\na,p, and q,g,s\n", 2),
    Case("p.csv:2: a double quote is opened here and never closed", "p.csv", f'{HEADER}\na,"p,g,s\nb,p,g,s\n', 2),
    Case('p.csv:2: text follows a closing double quote: write a double quote inside a cell as ""',
         "p.csv", f'{HEADER}\na,"p "quoted" q",g,s\n', 2),
    Case('p.csv:2: attributes: is not JSON: Expecting an object such as {"age": 34} at column 1 of the cell',
         "p.csv", f"{HEADER},attributes\na,p,g,s,34\n", 2, "attributes"),
    Case("p.csv: is empty: it holds no personas", "p.csv", f"{HEADER}\n"),
    Case("p.txt: holds criteria, not personas", "p.txt", "x"),
    Case("p.xlsx: cannot tell what kind of file this is, its ending '.xlsx' is not known: name it "
         ".csv, .json, .jsonl, .ndjson, .txt, .yaml, .yml, or write NAME:PATH",
         "p.xlsx", "x"),
]  # fmt: skip

SCENARIO_CASES = [
    Case("s.jsonl:1: goal: is missing; a scenario here needs 'goal'",
         "s.jsonl", '{"city": "Rome"}', 1, "goal", read_scenarios),
    Case("s.jsonl:1: persona_goal: says the same as 'goal': keep one of the two",
         "s.jsonl", '{"goal": "g", "persona_goal": "h"}', 1, "persona_goal", read_scenarios),
    Case("s.jsonl:1: sucess_criteria: did you mean 'success_criteria'? As a column of your own it must stand "
         "under 'fields'",
         "s.jsonl", '{"goal": "g", "sucess_criteria": "s"}', 1, "sucess_criteria", read_scenarios),
    Case("s.jsonl:1: tags: holds a list: only plain values can be columns; put it under 'fields'",
         "s.jsonl", '{"goal": "g", "tags": ["x"]}', 1, "tags", read_scenarios),
    Case("s.jsonl:1: city: stands in the row and under 'fields' too",
         "s.jsonl", '{"goal": "g", "city": "Rome", "fields": {"city": "Oslo"}}', 1, "city", read_scenarios),
    Case("s.jsonl:1: fields: must be an object with named values, not text",
         "s.jsonl", '{"goal": "g", "fields": "city"}', 1, "fields", read_scenarios),
    Case("s.jsonl:1: persona.trait: is not a field of a persona; did you mean 'traits'?",
         "s.jsonl", '{"goal": "g", "persona": {"name": "a", "profile": "p", "trait": []}}', 1, "persona.trait",
         read_scenarios),
    Case("s.jsonl:1: persona: must be an object with the fields of a persona, not text "
         "(a table has 'persona_name' and 'persona_description' instead)",
         "s.jsonl", '{"goal": "g", "persona": "a"}', 1, "persona", read_scenarios),
    Case("s.jsonl:1: persona: stands beside 'persona_name' and 'persona_description': keep one of the two forms",
         "s.jsonl", '{"goal": "g", "persona": {}, "persona_name": "a"}', 1, "persona", read_scenarios),
    Case("s.csv:2: persona_description: is missing; a persona here needs 'name' and 'description' (or 'profile')",
         "s.csv", "persona_name,goal_summary\na,g\n", 2, "persona_description", read_scenarios),
    Case("s.csv:3: persona: 'a' is at line 2 already, with another text: a persona needs a name of its own",
         "s.csv", "persona_name,persona_description,goal_summary\na,d,g\na,e,h\n", 3, "persona", read_scenarios),
]  # fmt: skip

CRITERION_CASES = [
    Case("c.txt:4: question: asks the same as the criterion at line 1",
         "c.txt", "Was it polite?\n\n# tone\nwas  it polite?\n", 4, "question", read_criteria),
    Case("c.yaml:2: name: 'tone' is the name of the criterion at line 1 already",
         "c.yaml", "- {name: tone, question: Was it polite?}\n- {name: tone, question: Was it kind?}\n", 2, "name",
         read_criteria),
    Case("c.json:1: must be a text, or an object with 'question' and 'name', not a number",
         "c.json", "[3]", 1, None, read_criteria),
    Case("c.jsonl:1: query: is not a field of a criterion (there is name, question)\n"
         "c.jsonl:1: question: is missing; a criterion here needs 'question'",
         "c.jsonl", '{"query": "Was it polite?"}', 1, "query", read_criteria),
    Case("c.txt: is empty: it holds no criteria", "c.txt", "\n", None, None, read_criteria),
]  # fmt: skip


@pytest.mark.parametrize("case", [*PERSONA_CASES, *SCENARIO_CASES, *CRITERION_CASES], ids=lambda case: case.told[:60])
def test_a_file_that_cannot_be_taken_whole_is_told_with_its_place(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = case.content if isinstance(case.content, bytes) else case.content.encode()
    Path(case.file).write_bytes(content)
    with pytest.raises(InputError) as caught:
        case.read(case.file)
    assert str(caught.value) == case.told
    assert (caught.value.file, caught.value.line, caught.value.field) == (Path(case.file), case.line, case.field)


@dataclass(frozen=True)
class NoFile:
    spec: str
    told: str


NO_FILES = [
    NoFile("persona.jsonl", "persona.jsonl: there is no such file; did you mean 'personas.jsonl'?"),
    NoFile("jsonl:users", "users: there is no such file"),
    NoFile(".", ".: is a folder, not a file: name the file in it"),
    NoFile("json:.", ".: is a folder, not a file: name the file in it"),
    NoFile("tau3:tasks.json", "tau3:tasks.json: no source is called 'tau3'; there is tau2; "
           "write NAME:PATH, or a path alone"),
    NoFile("", "no file with personas is named"),
    NoFile("a\0.jsonl", "a\0.jsonl: is not a file's name: embedded null byte"),
]  # fmt: skip


@pytest.mark.parametrize("case", NO_FILES, ids=lambda case: repr(case.spec))
def test_a_name_that_is_no_file_is_told(case: NoFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("personas.jsonl").write_text(A)
    with pytest.raises(InputError) as caught:
        read_personas(case.spec)
    assert str(caught.value) == case.told


def test_all_problems_of_a_file_are_told_at_once_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.jsonl").write_text(f'{A}\n{{"name": "b", {REST}, "traits": "x", "mood": "y"}}\noops\n{A}\n')
    with pytest.raises(InputError) as caught:
        read_personas("p.jsonl")
    assert str(caught.value).splitlines() == [
        f"p.jsonl:2: mood: is not a field of a persona (there is {FIELDS}); put free facts under 'attributes'",
        "p.jsonl:2: traits: must be a list of texts, not one text: write ['x']",
        "p.jsonl:3: is not JSON: Expecting value at column 1",
        "p.jsonl:4: name: 'a' is the name of the persona at line 1 already",
    ]
    assert (caught.value.line, caught.value.field) == (2, "mood")


def test_no_more_than_twenty_problems_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.jsonl").write_text("oops\n" * 1000)
    with pytest.raises(InputError) as caught:
        read_personas("p.jsonl")
    *told, last = str(caught.value).splitlines()
    assert len(told) == 20
    assert last == "p.jsonl: there are more than 20 problems; mend these first"


def test_what_cannot_be_printed_is_escaped_in_the_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.jsonl").write_text(f'{{"name": "a", {REST}, "\\ud83d": 1}}')
    with pytest.raises(InputError) as caught:
        read_personas("p.jsonl")
    assert str(caught.value) == ("p.jsonl:1: \\ud83d: holds half a surrogate pair, which is no character: take it away")
