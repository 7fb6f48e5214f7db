"""Collections and rows by REST."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from tests.server.running import running

GOAL = {"name": "persona_goal", "column_type": "persona_goal"}
MESSAGES = [{"role": "user", "content": "Hi"}]


def made(api: httpx2.Client, **body: Any) -> dict[str, Any]:
    answer = api.post("/collections", json={"name": "C", **body})
    assert answer.status_code == 201, answer.text
    collection: dict[str, Any] = answer.json()
    return collection


def entries(api: httpx2.Client, collection: dict[str, Any]) -> list[dict[str, Any]]:
    answer = api.get(f"/collections/{collection['id']}")
    return [row["input_values"] for row in answer.json()["variables"]]


def sent(api: httpx2.Client, collection: dict[str, Any], data: bytes | str, **params: Any) -> httpx2.Response:
    content = data if isinstance(data, bytes) else data.encode()
    files = {"file": ("variables.jsonl", content, "application/jsonl")}
    return api.post(f"/collections/{collection['id']}/entries/batches", files=files, params=params)


def imported(api: httpx2.Client, collection: dict[str, Any], name: str, data: str, **params: Any) -> httpx2.Response:
    return api.post(f"/collections/{collection['id']}/import", files={"file": (name, data.encode())}, params=params)


def columns(collection: dict[str, Any]) -> dict[str, str]:
    return {column["name"]: column["column_type"] for column in collection["columns"]}


@dataclass(frozen=True)
class Made:
    """A collection as it is asked for, and the columns that it gets."""

    body: dict[str, Any]
    columns: dict[str, str]
    goal: str | None = None


MADE = {
    "by name": Made({"columns": [{"name": "a", "column_position": 0}, {"name": "b"}]}, {"a": "text", "b": "text"}),
    "by rows": Made({"variables": [{"a": 1}, {"b": {"x": 1}}]}, {"a": "text", "b": "json"}),
    "by a conversation in the rows": Made(
        {"variables": [{"c": {"schema_version": "elluminate.uce/1", "input": {"messages": MESSAGES}}}]},
        {"c": "conversation"},
    ),
    "an instruction of an agent": Made(
        {"collection_type": "AGENTIC", "columns": [{"name": "task"}, {"name": "instruction"}]},
        {"task": "text", "instruction": "raw_input"},
    ),
    "the preset": Made({"collection_type": "PERSONA"}, {"persona_goal": "persona_goal"}, "persona_goal"),
    "a goal by rows": Made(
        {"collection_type": "PERSONA", "variables": [{"goal": "x", "environment_config": {"k": 1}}]},
        {"goal": "persona_goal"},
        "goal",
    ),
    "the older form": Made(
        {
            "collection_type": "PERSONA",
            "columns": [
                {"name": name} for name in ("persona_name", "persona_description", "goal_summary", "environment_config")
            ],
        },
        {
            "persona_name": "text",
            "persona_description": "text",
            "goal_summary": "persona_goal",
            "environment_config": "json",
        },
        "goal_summary",
    ),
    "the older form, typed": Made(
        {
            "collection_type": "PERSONA",
            "columns": [
                {"name": name, "column_type": "text"}
                for name in ("persona_name", "persona_description", "goal_summary")
            ],
        },
        {"persona_name": "text", "persona_description": "text", "goal_summary": "text"},
        "goal_summary",
    ),
}


def test_a_collection_has_the_columns_that_were_asked_for_or_that_follow(api: httpx2.Client) -> None:
    for name, case in MADE.items():
        collection = made(api, name=name, **case.body)
        assert (columns(collection), collection["goal_column"]) == (case.columns, case.goal), name
        assert [column["column_position"] for column in collection["columns"]] == list(range(len(case.columns)))


@dataclass(frozen=True)
class Refused:
    """A collection that cannot be, and what is said."""

    says: str
    columns: list[dict[str, Any]] | None = None
    kind: str = "PERSONA"
    variables: list[dict[str, Any]] = field(default_factory=list)


CHOICE = {"name": "a", "column_type": "category", "categorical_values": ["x"]}
TEXT = {"name": "a", "column_type": "text"}
REFUSED = [
    Refused("needs one persona_goal column", [TEXT]),
    Refused("exactly one persona_goal column, not 2: persona_goal, b", [GOAL, GOAL | {"name": "b"}]),
    Refused("chat: is a conversation column", [GOAL, {"name": "chat", "column_type": "conversation"}]),
    Refused("raw: is a raw_input column", [GOAL, {"name": "raw", "column_type": "raw_input"}]),
    Refused("only a PERSONA collection has", [GOAL], "STANDARD"),
    Refused("two columns are called 'a'", [{"name": "a"}, {"name": "a "}], "STANDARD"),
    Refused("has no name", [{"name": " "}], "STANDARD"),
    Refused("control characters", [{"name": "a\0"}], "STANDARD"),
    Refused("its default 'z' is none", [CHOICE | {"default_value": "z"}], "STANDARD"),
    Refused("line 2: b: is no column", [TEXT], "STANDARD", [{"a": 1}, {"b": 1}]),
    Refused("'z' is none of its values: 'x'", [CHOICE], "STANDARD", [{"a": "z"}]),
    Refused("it holds text or a number, not an object", [TEXT], "STANDARD", [{"a": {}}]),
]


def test_what_no_collection_can_be_is_refused_by_name_and_leaves_nothing(api: httpx2.Client) -> None:
    for case in REFUSED:
        body = {"name": "C", "collection_type": case.kind, "columns": case.columns, "variables": case.variables}
        answer = api.post("/collections", json=body)
        assert answer.status_code == 400, case
        assert case.says in answer.json()["detail"], case
    assert api.get("/collections").json() == {"items": [], "count": 0}


def test_a_name_is_taken_once_also_by_a_scenario_set(api: httpx2.Client) -> None:
    made(api)
    assert api.post("/scenario-sets", json={"name": "S"}).status_code == 201
    for name in "C", "S":
        answer = api.post("/collections", json={"name": name})
        assert (answer.status_code, answer.json()["detail"]) == (
            409,
            f"a collection or scenario set is called {name!r} already",
        )


def test_rows_are_added_read_changed_and_deleted_and_always_counted(api: httpx2.Client) -> None:
    collection = made(api, columns=[{"name": "a"}, {"name": "b", "default_value": "none"}], variables=[{"a": "1"}])
    here = f"/collections/{collection['id']}"
    row = api.post(f"{here}/entries", json={"input_values": {"a": "2", "b": None}, "environment_config": None}).json()
    assert row["input_values"] == {"a": "2", "b": None}
    assert (row["collection"]["variables_count"], row["collection"]["version"]) == (2, "3")
    changed = api.put(f"{here}/entries/{row['id']}", json={"input_values": {"a": "3"}}).json()
    assert changed["input_values"] == {"a": "3", "b": "none"}
    assert api.get(f"{here}/entries/{row['id']}").json()["input_values"] == {"a": "3", "b": "none"}
    assert api.delete(f"{here}/entries/{row['id']}").status_code == 204
    assert api.get(f"{here}/entries/{row['id']}").status_code == 404
    assert entries(api, collection) == [{"a": "1", "b": "none"}]
    assert api.delete(f"{here}/entries").status_code == 204
    after = api.get(here).json()
    assert (after["variables"], after["variables_count"], after["version"]) == ([], 0, "6")


def test_json_lines_are_split_at_newlines_alone_and_keep_any_text(api: httpx2.Client) -> None:
    collection = made(api)
    rows = [{"a": "one\u2028two\x85\x0b", "n": 1}, {"a": "NUL \0 🙂", "n": 2**70}, {"a": None, "n": True}]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + '\n{"a": "\\ud800", "n": 1e400}'
    answer = sent(api, collection, lines.rpartition("\n")[0] + '\n{"a": "\\ud83d"}\n\r\n')
    assert answer.status_code == 201, answer.text
    assert [row["a"] for row in entries(api, collection)] == ["one\u2028two\x85\x0b", "NUL \0 🙂", None, "\ufffd"]


def test_every_line_that_is_no_row_is_told(api: httpx2.Client) -> None:
    collection = made(api, columns=[{"name": "a"}])
    answer = sent(api, collection, '{"a": 1}\n{"a": \n[1]\n')
    assert answer.status_code == 400
    assert answer.json()["detail"].splitlines()[1:] == [
        "line 3: must be an object with a row's values, not a list",
    ]
    answer = sent(api, collection, '{"a": 1}\n{"b": 1}\n{"a": []}\n')
    first, second = answer.json()["detail"].splitlines()
    assert first == "line 2: b: is no column of the collection: there is 'a'; add the column first"
    assert second.startswith("line 3: a: is a text column")
    assert entries(api, collection) == []


def test_existing_rows_are_skipped_by_their_stored_form(api: httpx2.Client) -> None:
    chat = {"schema_version": "elluminate.uce/1", "input": {"messages": MESSAGES}}
    nulls = {
        "schema_version": "elluminate.uce/1",
        "input": {"messages": [{**MESSAGES[0], "name": None}], "tools": None},
    }
    shape = {"response_format": {"response_schema": {"x": 1}, "hint": None}}
    other = {"response_format": {"json_schema": {"x": 1}}}
    names = [{"name": "c", "column_type": "conversation"}, {"name": "n"}, {"name": "d", "default_value": "x"}]
    collection = made(api, columns=names)

    def added(*rows: dict[str, Any]) -> int:
        return len(sent(api, collection, "\n".join(map(json.dumps, rows)), skip_existing=True).json())

    assert added({"c": chat, "n": 1}, {"n": 1, "c": nulls, "d": "x"}) == 1
    assert added({"c": nulls, "n": 1}) == 0
    assert added({"c": chat, "n": "1"}, {"c": chat, "n": True}, {"c": chat, "n": None}) == 3
    shaped = [chat["input"] | one for one in (shape, other)]  # type: ignore[operator]
    assert added(*({"c": {"schema_version": "elluminate.uce/1", "input": one}} for one in shaped)) == 1
    assert len(sent(api, collection, json.dumps({"c": chat, "n": 1})).json()) == 1


def test_rows_of_a_persona_collection_differ_by_their_configuration_too(api: httpx2.Client) -> None:
    collection = made(api, collection_type="PERSONA")
    rows = [{"persona_goal": "x", "environment_config": {"k": k}} for k in (1, 2, 1)]
    answer = sent(api, collection, "\n".join(map(json.dumps, rows)), skip_existing=True).json()
    assert [row["environment_config"] for row in answer] == [{"k": 1}, {"k": 2}]
    assert [row["input_values"] for row in answer] == [{"persona_goal": "x"}] * 2


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"schema_version": "elluminate.uce/2", "input": {}}, "c.schema_version: must be 'elluminate.uce/1'"),
        ({"schema_version": "elluminate.uce/1"}, "c.input: must be an object"),
        ({"schema_version": "elluminate.uce/1", "input": {"messages": []}}, "at least one message"),
        (
            {"schema_version": "elluminate.uce/1", "input": {"messages": [{"role": "bot", "content": "x"}]}},
            "c.input.messages.0.role: must be one of system",
        ),
        (
            {"schema_version": "elluminate.uce/1", "input": {"messages": [{"role": "user", "content": None}]}},
            "c.input.messages.0.content: is missing",
        ),
        ("text", "must be a conversation"),
    ],
)
def test_what_is_no_conversation_is_refused_by_its_part(api: httpx2.Client, value: Any, says: str) -> None:
    collection = made(api, columns=[{"name": "c", "column_type": "conversation"}])
    answer = api.post(f"/collections/{collection['id']}/entries", json={"input_values": {"c": value}})
    assert answer.status_code == 400
    assert says in answer.json()["detail"]


def test_columns_are_renamed_moved_deleted_and_added_with_the_rows(api: httpx2.Client) -> None:
    collection = made(api, columns=[{"name": "a"}, {"name": "b"}, {"name": "c"}], variables=[{"a": 1, "b": 2, "c": 3}])
    a, b, _ = collection["columns"]
    wanted = [b | {"name": "a"}, a | {"name": "b"}, {"name": "new", "default_value": "d"}]
    after = api.put(f"/collections/{collection['id']}", json={"name": "C", "columns": wanted}).json()
    assert [(column["id"], column["name"]) for column in after["columns"][:2]] == [(b["id"], "a"), (a["id"], "b")]
    assert entries(api, collection) == [{"a": 2, "b": 1, "new": "d"}]
    assert int(after["version"]) == int(collection["version"]) + 1
    by_name = {"name": "C2", "columns": [{"name": "new", "default_value": ""}, {"name": "a"}]}
    after = api.put(f"/collections/{collection['id']}", json=by_name).json()
    assert [(column["name"], column["default_value"]) for column in after["columns"]] == [("new", "d"), ("a", "")]
    assert (entries(api, collection), after["name"], after["description"]) == ([{"new": "d", "a": 2}], "C2", "")


def test_columns_that_rows_do_not_fit_change_nothing(api: httpx2.Client) -> None:
    collection = made(api, columns=[{"name": "a"}, {"name": "b"}], variables=[{"a": "x"}, {"a": "y"}])
    a = collection["columns"][0] | {"column_type": "category", "categorical_values": ["x"]}
    answer = api.put(f"/collections/{collection['id']}", json={"name": "new name", "columns": [a]})
    assert answer.status_code == 400
    assert "a: row " in answer.json()["detail"]
    assert "'y' is none of its values" in answer.json()["detail"]
    after = api.get(f"/collections/{collection['id']}").json()
    assert {name: after[name] for name in collection} == collection


def test_a_read_only_collection_keeps_its_rows_and_columns(api: httpx2.Client) -> None:
    collection = made(api, read_only=True, variables=[{"a": "x"}], environment_config={"k": 1})
    here = f"/collections/{collection['id']}"
    row = collection["variables"][0]["id"]
    refused = [
        api.post(f"{here}/entries", json={"input_values": {"a": "y"}}),
        api.put(f"{here}/entries/{row}", json={"input_values": {"a": "y"}}),
        api.delete(f"{here}/entries/{row}"),
        api.delete(f"{here}/entries"),
        sent(api, collection, '{"a": "y"}'),
        imported(api, collection, "rows.jsonl", '{"a": "y"}'),
        api.put(here, json={"name": "C", "columns": [{"name": "z"}]}),
    ]
    assert {(answer.status_code, "read-only" in answer.text) for answer in refused} == {(400, True)}
    assert entries(api, collection) == [{"a": "x"}]
    opened = api.put(here, json={"name": "C", "read_only": False, "environment_config": None, "columns": []}).json()
    assert (opened["read_only"], opened["environment_config"], opened["columns"]) == (False, None, [])


def test_lists_are_paged_searched_sorted_and_filtered(api: httpx2.Client) -> None:
    for name in "Berlin", "aachen", "Bern":
        made(api, name=name, columns=[{"name": "city"}, {"name": "x"}], variables=[{"city": "1"}] * (name == "Bern"))
    template = api.post("/prompt_templates", json={"name": "T", "messages": "{{city}} and {{x}}"}).json()
    other = api.post("/prompt_templates", json={"name": "T2", "messages": "{{country}}"}).json()

    def names(**params: Any) -> list[str]:
        answer = api.get("/collections", params=params)
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["items"]]

    assert names(page=2, limit=2) == ["Berlin"]
    assert names(search="BER") == ["Bern", "Berlin"]
    assert names(name="Bern") == ["Bern"]
    assert names(filters="{'name': None, 'name_search': 'ber', 'has_entries': False}") == ["Berlin"]
    assert names(sort_options="{'sort': '-created_at'}", filters="{}") == ["Bern", "aachen", "Berlin"]
    assert sorted(names(compatible_prompt_template_id=template["id"])) == ["Berlin", "Bern", "aachen"]
    assert names(compatible_prompt_template_id=other["id"]) == []
    assert api.get("/collections", params={"filters": "__import__('os')"}).status_code == 400


def test_rows_come_in_pages(api: httpx2.Client) -> None:
    collection = made(api, variables=[{"a": n} for n in range(25)])
    pages = [
        api.get(f"/collections/{collection['id']}/entries", params={"page": page, "limit": 10}).json()
        for page in (1, 2, 3, 4)
    ]
    assert {page["count"] for page in pages} == {25}
    assert [[row["input_values"]["a"] for row in page["items"]] for page in pages] == [
        list(range(10)),
        list(range(10, 20)),
        list(range(20, 25)),
        [],
    ]


ROWS = [
    {"text column": 'a "quoted", text\u2028\nwith lines', "json": {"x": [1, None]}, "kind": "x"},
    {"text column": "- #:{}", "json": None, "kind": ""},
    {"text column": "012", "json": "text", "kind": "y"},
]


@pytest.mark.parametrize("form", ["jsonl", "yaml", "csv"])
def test_an_exported_file_is_read_back_the_same(api: httpx2.Client, form: str) -> None:
    named = [
        {"name": "text column"},
        {"name": "json", "column_type": "json"},
        {"name": "kind", "column_type": "category", "categorical_values": ["x", "y"]},
    ]
    one, two = made(api, columns=named, variables=ROWS), made(api, name="two", columns=named)
    text = api.get(f"/collections/{one['id']}/export", params={"format": form}).text
    answer = imported(api, two, f"file.{form}", text)
    assert answer.json() == {"created": 3, "skipped": 0}, answer.text
    assert entries(api, two) == ROWS
    assert imported(api, two, f"file.{form}", text, skip_existing=True).json() == {"created": 0, "skipped": 3}


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("rows.csv", "a,b\n1,2\n3\n", "rows.csv:3: has 1 cells, the header has 2"),
        ("rows.csv", "a,b\n1,2\n3,4\n", "rows.csv:2: b: is no column"),
        ("rows.csv", 'a,json\n1,"{"\n', "rows.csv:2: json: is not JSON"),
        ("rows.yaml", "- a: 1\n- b: 2\n", "rows.yaml:2: b: is no column"),
        ("rows.jsonl", '{"a": 1}\n{"a": 1, "a": 2}\n', "rows.jsonl:2: a: stands twice"),
        ("../../rows.txt", "a", "rows.txt: cannot tell what kind of file this is"),
    ],
)
def test_a_file_is_taken_whole_or_not_at_all(api: httpx2.Client, name: str, data: str, says: str) -> None:
    collection = made(api, columns=[{"name": "a"}, {"name": "json", "column_type": "json"}])
    answer = imported(api, collection, name, data)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(says)
    assert entries(api, collection) == []


def test_rows_and_bodies_have_limits_that_say_so(database_url: str) -> None:
    with running(database_url, max_rows=3, max_body_mib=1) as server, server.client() as api:
        collection = made(api, variables=[{"a": 1}, {"a": 2}])
        many = sent(api, collection, '{"a": 3}\n{"a": 4}')
        large = sent(api, collection, json.dumps({"a": "x" * 2**20}))
        assert (many.status_code, large.status_code) == (400, 413)
        assert "would have 4 rows: the most is 3" in many.json()["detail"]
        assert sent(api, collection, '{"a": 3}').status_code == 201


def test_ten_thousand_rows_are_added_in_one_request(api: httpx2.Client) -> None:
    collection = made(api, columns=[{"name": "topic"}, {"name": "text"}])
    lines = b"\n".join(b'{"topic": "topic %d", "text": "some text of a usual length"}' % n for n in range(10_000))
    began = time.process_time()  # of client and server together; the machine's other work does not count
    answer = sent(api, collection, lines, skip_existing=True)
    assert time.process_time() - began < 4
    rows = answer.json()
    assert [row["input_values"]["topic"] for row in rows[:2]] == ["topic 0", "topic 1"]
    assert [row["id"] for row in rows] == sorted({row["id"] for row in rows})
    assert api.get(f"/collections/{collection['id']}/entries", params={"page": 100}).json()["count"] == 10_000


def test_a_language_model_writes_a_row_for_a_template(api: httpx2.Client) -> None:
    template = api.post("/prompt_templates", json={"name": "T", "messages": "Explain {{topic}} to {{who}}."}).json()
    empty, other = made(api), made(api, name="other", columns=[{"name": "topic"}])
    body = {"prompt_template_id": template["id"], "input_values": None, "environment_config": None}
    first, second = (api.post(f"/collections/{empty['id']}/entries", json=body).json() for _ in range(2))
    assert set(first["input_values"]) == {"topic", "who"}
    assert first["input_values"] != second["input_values"]
    answer = api.post(f"/collections/{other['id']}/entries", json=body)
    assert (answer.status_code, "{{who}}" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize("body", [{}, {"input_values": {"a": 1}, "prompt_template_id": 1}])
def test_a_row_is_given_or_written_but_not_both(api: httpx2.Client, body: dict[str, Any]) -> None:
    answer = api.post(f"/collections/{made(api)['id']}/entries", json=body)
    assert answer.status_code == 422
    assert "either `input_values` or `prompt_template_id`" in answer.json()["detail"]
