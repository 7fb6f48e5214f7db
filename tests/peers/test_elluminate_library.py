"""Collections, scenario sets, prompt templates and criteria by the real elluminate SDK, unmodified, sync and async."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from elluminate import AsyncClient, Client
from elluminate.exceptions import APIError, ConflictError, NotFoundError
from elluminate.schemas import CollectionColumn, CriterionIn, ScenarioIn
from elluminate.schemas.conversation import UCEPayloadV1
from elluminate.schemas.template_variables_collection import (
    ColumnTypeEnum,
    TemplateVariablesCollectionFilter,
    TemplateVariablesCollectionSort,
)
from openai.types.beta import FunctionTool
from pydantic import BaseModel

from personae.store import collections, criteria, criterion_sets, prompt_templates
from personae.store.engine import Database
from tests.server.running import Server, running

LATE = pytest.mark.slow  # each client has one database: what differs between these is in tests/store and tests/server
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize(
        ("sdk", "database_url"),
        [
            ("sync", "postgresql"),
            ("async", "sqlite"),
            pytest.param("sync", "sqlite", marks=LATE),
            pytest.param("async", "postgresql", marks=LATE),
        ],
        indirect=True,
    ),
]
MANY = 230
"""More than two pages."""


class SDK:
    """One of the two clients, called the same way."""

    def __init__(self, client: Any) -> None:
        self.client = client

    async def __call__(self, method: str, *arguments: Any, of: Any = None, **named: Any) -> Any:
        """Call a method of the client, of one of its resources (`_collections.list`), or of a record it gave."""
        is_async = isinstance(self.client, AsyncClient)
        owner, name = (self.client if of is None else of), method
        if "." in method:
            resource, name = method.split(".")
            owner = getattr(self.client, resource)
        if is_async and owner is not self.client:
            name = f"a{name}"
        result = getattr(owner, name)(*arguments, **named)
        return await result if inspect.isawaitable(result) else result


@pytest.fixture
def server(database_url: str) -> Iterator[Server]:
    with running(database_url) as made:
        yield made


@pytest.fixture
async def sdk(server: Server, request: pytest.FixtureRequest) -> AsyncIterator[SDK]:
    if request.param == "sync":
        with Client(base_url=server.url, api_key=server.key) as client:
            yield SDK(client)
    else:
        async with AsyncClient(base_url=server.url, api_key=server.key) as client:
            yield SDK(client)


async def test_a_collection_is_made_found_and_deleted(sdk: SDK) -> None:
    made = await sdk("create_collection", "C", description="d", columns=["a", "b"], variables=[{"a": 1, "b": None}])
    assert [(column.name, column.column_type) for column in made.columns] == [
        ("a", ColumnTypeEnum.TEXT),
        ("b", ColumnTypeEnum.TEXT),
    ]
    assert made.variables[0].input_values == {"a": 1, "b": None}
    assert await sdk("get_collection", name="C") == await sdk("get_collection", id=made.id) == made
    with pytest.raises(ConflictError):
        await sdk("create_collection", "C")
    await sdk("delete_collection", made)
    with pytest.raises(NotFoundError):
        await sdk("get_collection", id=made.id)
    with pytest.raises(ValueError, match="No collection found"):
        await sdk("get_collection", name="C")


async def test_get_or_create_finds_a_collection_of_the_same_column_types(sdk: SDK) -> None:
    goal = CollectionColumn(name="persona_goal", column_type=ColumnTypeEnum.PERSONA_GOAL)
    defaults = {"collection_type": "PERSONA", "columns": [goal, "order_id"]}
    first, was_made = await sdk("get_or_create_collection", "P", defaults=defaults)
    again, was_made_again = await sdk("get_or_create_collection", "P", defaults=defaults)
    assert (was_made, was_made_again, again) == (True, False, first)
    assert (first.collection_type, first.columns[0].column_type) == ("PERSONA", ColumnTypeEnum.PERSONA_GOAL)
    other = [CollectionColumn(name="a", column_type=ColumnTypeEnum.JSON)]
    with pytest.raises(ValueError, match="different column types"):
        await sdk("get_or_create_collection", "P", defaults={"columns": other})
    with pytest.raises(APIError, match="exactly one persona_goal column, not 2"):
        await sdk(
            "create_collection", "Q", collection_type="PERSONA", columns=[goal, goal.model_copy(update={"name": "b"})]
        )


async def test_rows_are_added_skipped_changed_and_cleared(sdk: SDK) -> None:
    made = await sdk("create_collection", "C", columns=["topic", "level"])
    rows: list[dict[str, Any]] = [{"topic": "one\u2028two", "level": 1}, {"topic": "x", "level": True}]
    added = await sdk("add_many", rows, of=made)
    assert [row.input_values for row in added] == rows
    assert await sdk("add_many", [*rows, {"topic": "y", "level": None}] * 2, skip_existing=True, of=made) != []
    assert made.variables_count == 3
    assert len(await sdk("add_many", rows[:1], of=made)) == 1
    one = await sdk("_template_variables.add_to_collection", {"topic": "z"}, made, {"k": 1})
    assert (one.input_values, one.environment_config) == ({"topic": "z", "level": ""}, {"k": 1})
    changed = await sdk("_template_variables.update", one.id, made, input_values={"topic": "zz", "level": "2"})
    assert (changed.input_values, changed.environment_config) == ({"topic": "zz", "level": "2"}, {"k": 1})
    assert await sdk("_template_variables.get", collection_id=made.id, id=one.id) == changed
    await sdk("_template_variables.delete", one, made)
    assert len(await sdk("_template_variables.list", made)) == 4
    assert [row.input_values["topic"] for row in made.items()] == ["one\u2028two", "x", "y", "one\u2028two"]
    cleared = await sdk("clear", of=made)
    assert (cleared.variables, cleared.variables_count) == ([], 0)
    with pytest.raises(APIError, match="level2: is no column of the collection: did you mean 'level'"):
        await sdk("add_many", [{"level2": 1}], of=made)


async def test_a_conversation_is_the_same_in_both_forms(sdk: SDK) -> None:
    column = CollectionColumn(name="chat", column_type=ColumnTypeEnum.CONVERSATION)
    made = await sdk("create_collection", "C", columns=[column])
    shape = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    payload = UCEPayloadV1.from_openai([{"role": "user", "content": "Hi"}], response_format=shape)
    added = await sdk("add_many", [{"chat": payload}, {"chat": payload.to_uce_dict()}], skip_existing=True, of=made)
    assert [row.input_values for row in added] == [{"chat": payload.to_uce_dict()}]


async def test_columns_are_updated_with_their_rows(sdk: SDK) -> None:
    made = await sdk("create_collection", "C", columns=["a", "b", "c"], variables=[{"a": "1", "b": "2", "c": "3"}])
    b = made.columns[1].model_copy(update={"name": "bee"})
    after = await sdk("_collections.update", made.id, "C2", columns=["new", b, "a"], environment_config={"k": 1})
    assert ([column.name for column in after.columns], after.environment_config) == (["new", "bee", "a"], {"k": 1})
    read = await sdk("get_collection", id=made.id)
    assert read.variables[0].input_values == {"new": "", "bee": "2", "a": "1"}
    after = await sdk("_collections.update", made.id, "C2", read_only=True, environment_config=None)
    assert (after.read_only, after.environment_config) == (True, None)
    with pytest.raises(APIError, match="read-only"):
        await sdk("add_many", [{"a": "2"}], of=read)


async def test_a_model_writes_rows_and_criteria(sdk: SDK) -> None:
    template, _ = await sdk("get_or_create_prompt_template", "T", messages="Explain {{topic}}. Never lie.")
    made, _ = await sdk("get_or_create_collection", "C")
    for _ in range(2):
        row = await sdk("generate_variables", template, of=made)
        assert row.input_values["topic"]
    assert made.variables_count == 2
    written = await sdk("generate_criteria", of=template)
    assert any("Never lie" in criterion.criterion_str for criterion in written)
    assert await sdk("get_or_generate_criteria", of=template) == (written, False)
    assert await sdk("list_criteria", of=template) == written
    with pytest.raises(ConflictError):
        await sdk("generate_criteria", of=template)
    again = await sdk("generate_criteria", delete_existing=True, of=template)
    assert [one.criterion_str for one in again] == [one.criterion_str for one in written]


class Answer(BaseModel):
    """What the model is to say."""

    text: str


async def test_prompt_templates_have_versions(sdk: SDK) -> None:
    tool = FunctionTool.model_validate({"type": "function", "function": {"name": "f", "description": "d"}})
    named: dict[str, Any] = {"response_format": Answer, "tools": [tool], "tool_choice": "auto"}
    one = await sdk("create_prompt_template", "T", messages="Explain {{ topic }}.", **named)
    assert (one.version, one.placeholders, one.tools) == (1, {"topic"}, [tool])
    assert one.response_format_json_schema["json_schema"]["name"] == "answer"
    with pytest.raises(ConflictError):
        await sdk("create_prompt_template", "T", messages="Explain {{ topic }}.", **named)
    defaults = {"response_format": Answer, "tools": [tool], "tool_choice": "auto"}
    found, was_made = await sdk("get_or_create_prompt_template", "T", messages="Explain {{ topic }}.", **defaults)
    assert (found, was_made) == (one, False)
    two = await sdk("new_version", messages=[{"role": "system", "content": "Hi"}], of=one)
    assert (two.version, two.tools) == (2, [tool])
    with pytest.raises(ConflictError, match="already has a version"):
        await sdk("new_version", messages="Explain {{ topic }}.", of=one)
    assert await sdk("get_prompt_template", name="T") == two
    assert await sdk("get_prompt_template", id=one.id) == one
    assert await sdk("get_prompt_template", name="T", version=1) == one
    with pytest.raises(NotFoundError):
        await sdk("get_prompt_template", name="T", version=7)
    assert await sdk("list_prompt_templates", name="T") == [two, one]
    made = await sdk("create_collection", "C", columns=["topic"])
    assert await sdk("_prompt_templates.list", compatible_collection=made) == [two, one]
    assert len(await sdk("_collections.list", compatible_prompt_template=one)) == 1
    await sdk("delete_prompt_template", two)
    assert await sdk("get_prompt_template", name="T") == one


async def test_criterion_sets_hold_each_criterion_once(sdk: SDK) -> None:
    made, was_made = await sdk(
        "get_or_create_criterion_set", "S", defaults={"criteria": ["a?", CriterionIn(criterion_str="b?", label="bee")]}
    )
    again, was_made_again = await sdk("get_or_create_criterion_set", "S")
    assert (was_made, was_made_again, again) == (True, False, made)
    assert [(one.criterion_str, one.label) for one in made.criteria] == [("a?", None), ("b?", "bee")]
    with pytest.raises(ConflictError):
        await sdk("create_criterion_set", "S")
    c = await sdk("add_criterion", "c?", of=made)
    reused = await sdk("add_criteria", ["d?", "a?"], of=made)
    assert [one.criterion_str for one in reused] == ["d?", "a?"]
    assert reused[1].id == made.criteria[0].id
    edited = await sdk("_criteria.edit", c.id, criterion_str="cc?")
    assert await sdk("_criteria.get", id=c.id) == edited
    await sdk("_criteria.delete", edited)
    read = await sdk("get_criterion_set", id=made.id)
    assert [one.criterion_str for one in read.criteria] == ["a?", "b?", "d?"]
    await sdk("clear", of=read)
    assert (await sdk("get_criterion_set", name="S")).criteria == []
    await sdk("delete_criterion_set", read)
    with pytest.raises(NotFoundError):
        await sdk("get_criterion_set", name="S")


async def test_a_criterion_set_is_linked_to_templates(sdk: SDK) -> None:
    made = await sdk("create_criterion_set", "S", criteria=["a?"])
    template = await sdk("create_prompt_template", "T", messages="x")
    linked = await sdk("link_template", template, of=made)
    assert [one.id for one in linked.linked_prompt_templates] == [template.id]
    assert (await sdk("get_prompt_template", id=template.id)).criterion_set_id == made.id
    assert [one.criterion_str for one in await sdk("list_criteria", of=template)] == ["a?"]
    assert [one.id for one in await sdk("_prompt_templates.list", criterion_set=made)] == [template.id]
    added = await sdk("_criteria.add_many", ["b?"], template)
    assert added[0].prompt_template.id == template.id
    await sdk("unlink_template", template, of=made)
    assert (await sdk("get_criterion_set", id=made.id)).linked_prompt_templates == []


async def test_scenario_sets_are_made_filled_and_changed(sdk: SDK) -> None:
    made = await sdk("create_scenario_set", "S", description="d", fields=["a", "b"])
    assert await sdk("get_scenario_set", id=made.id) == await sdk("get_scenario_set", name="S") == made
    for taken in "S", (await sdk("create_collection", "C")).name:
        with pytest.raises(APIError) as raised:
            await sdk("create_scenario_set", taken)
        assert raised.value.status_code == 400
    added = await sdk(
        "add_scenarios",
        [
            ScenarioIn(goal=" Cancel ", expected_conversation_outcome="Cancelled.", field_values={"a": "1"}),
            {"goal": "Ask", "expected_conversation_outcome": "Answered."},
        ],
        of=made,
    )
    assert [(one.goal, one.field_values) for one in added] == [
        ("Cancel", {"a": "1", "b": ""}),
        ("Ask", {"a": "", "b": ""}),
    ]
    same = {"goal": "Ask", "expected_conversation_outcome": "Answered."}
    assert await sdk("add_scenarios", [same, same], skip_existing=True, of=made) == []
    one = await sdk("_scenario_sets.add_scenario", made, "Go", "Gone.", {"b": "2"})
    field = await sdk("add_field", "c", "z", of=made)
    assert (field.field_type, field.default_value) == ("text", "z")
    await sdk("rename_field", made.fields[1], "bee", of=made)
    await sdk("delete_field", made.fields[0], of=made)
    read = await sdk("get_scenario", one.id, of=made)
    assert read.field_values == {"bee": "2", "c": "z"}
    read.goal, read.field_values = "Stay", {"c": "y"}
    assert await sdk("update_scenario", read, of=made) == read.model_copy(
        update={"field_values": {"bee": "", "c": "y"}}
    )
    await sdk("delete_scenario", read, of=made)
    assert [scenario.goal for scenario in await sdk("list_scenarios", of=made)] == ["Cancel", "Ask"]
    renamed = await sdk("_scenario_sets.update", made, name="S2")
    assert (renamed.name, renamed.description, renamed.scenarios_count) == ("S2", "d", 2)
    goal = (await sdk("get_collection", id=made.id)).columns[0]
    with pytest.raises(APIError, match="can be neither renamed nor deleted"):
        await sdk("_scenario_sets.delete_field", made, goal)
    assert (await sdk("create_scenario_set")).name != (await sdk("create_scenario_set")).name
    await sdk("delete_scenario_set", made)
    with pytest.raises(NotFoundError):
        await sdk("get_scenario_set", name="S2")


async def test_lists_are_whole_over_several_pages(sdk: SDK, server: Server) -> None:
    await asyncio.to_thread(asyncio.run, _fill(server.services.settings.database))
    every = [f"n{number}" for number in reversed(range(MANY))]
    collections_ = await sdk("list_collections")
    assert [one.name for one in collections_ if one.name.startswith("n")] == every
    assert [one.name for one in await sdk("list_scenario_sets")] == [f"s{name}" for name in every]
    assert [one.name for one in await sdk("list_criterion_sets")] == every
    templates = await sdk("list_prompt_templates")
    assert [one.version for one in templates] == list(range(MANY, 0, -1))
    assert len(await sdk("list_criteria", of=templates[0])) == MANY
    assert (await sdk("get_scenario_set", name="sn7")).name == "sn7"
    filled = await sdk("get_collection", name="n7")
    scenarios = await sdk("get_scenario_set", name="sn7")
    await sdk("add_many", [{"x": number} for number in range(MANY)], of=filled)
    assert [row.input_values["x"] for row in await sdk("_template_variables.list", filled)] == list(range(MANY))
    wishes = [{"goal": f"g{number}", "expected_conversation_outcome": "o"} for number in range(MANY)]
    await sdk("add_scenarios", wishes, of=scenarios)
    assert [one.goal for one in await sdk("list_scenarios", of=scenarios)] == [wish["goal"] for wish in wishes]
    found = await sdk(
        "_collections.list",
        filters=TemplateVariablesCollectionFilter(name_search="N7", has_entries=True),
        sort_options=TemplateVariablesCollectionSort(sort="-name"),
    )
    assert [one.name for one in found] == ["sn7", "n7"]


async def _fill(url: str) -> None:
    """More than the SDK could make in reasonable time."""
    database, now = Database(url), datetime.now(UTC)
    goals = [{"id": None, "name": "goal", "column_type": "persona_goal", "column_position": 0, "default_value": ""}]
    outcomes = [{**goals[0], "name": "expected_conversation_outcome", "column_type": "text", "column_position": 1}]
    columns = [one | {"categorical_values": None} for one in (*goals, *outcomes)]
    async with database.writing() as connection:
        for number in range(MANY):
            name = f"n{number}"
            await collections.create(connection, 1, name, now=now)
            await collections.create(
                connection, 1, f"s{name}", collection_type="PERSONA", is_scenario_set=True, columns=columns, now=now
            )
            set_id = await criterion_sets.create(connection, 1, name, now=now)
            content = {"messages": [], "placeholders": [], "content_hash": name}
            template_id = await prompt_templates.add_version(connection, 1, "T", content, now=now)
        await criterion_sets.link(connection, set_id, template_id)
        new = [{"criterion_str": f"{number}?", "label": None} for number in range(MANY)]
        await criteria.add(connection, 1, set_id, new, now=now)
    await database.close()
