"""Prompt templates by REST."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}


def sent(api: httpx2.Client, messages: Any, name: str = "T", **body: Any) -> httpx2.Response:
    return api.post("/prompt_templates", json={"name": name, "messages": messages, **body})


def made(api: httpx2.Client, messages: Any, name: str = "T", **body: Any) -> dict[str, Any]:
    answer = sent(api, messages, name, **body)
    assert answer.status_code == 201, answer.text
    template: dict[str, Any] = answer.json()
    return template


def system(text: str) -> list[dict[str, Any]]:
    return [{"role": "system", "content": text}]


def test_new_content_is_a_new_version_and_the_same_is_a_conflict(api: httpx2.Client) -> None:
    one = made(api, "Explain {{ topic }} to {{who}}, {{topic}}.")
    assert (one["version"], one["placeholders"]) == (1, ["topic", "who"])
    assert one["messages"] == [{"role": "user", "content": "Explain {{ topic }} to {{who}}, {{topic}}."}]
    two = made(api, system("Be kind."), tools=[TOOL], tool_choice="auto", parent_prompt_template_id=one["id"])
    assert (two["version"], two["is_system_only"], two["parent_prompt_template_id"]) == (2, True, one["id"])
    nulls = {"strict": None, "description": None, **TOOL["function"]}  # type: ignore[dict-item]
    again = sent(
        api,
        [{"content": "Be kind.", "role": "system", "name": None}],
        tools=[{"function": nulls, "type": "function"}],
        tool_choice="auto",
    )
    assert (again.status_code, again.json()["prompt_template_id"]) == (409, two["id"])
    assert made(api, system("Be kind."))["version"] == 3
    assert made(api, system("Be kind."), name="other")["version"] == 1


def test_versions_come_the_newest_first_and_by_number(api: httpx2.Client) -> None:
    for text in "one", "two", "three":
        made(api, text)
    made(api, "four", name="other")

    def versions(**params: Any) -> list[int]:
        answer = api.get("/prompt_templates", params=params)
        assert answer.status_code == 200, answer.text
        return [item["version"] for item in answer.json()["items"]]

    assert versions(sort_options="{}") == [1, 3, 2, 1]
    assert versions(name="T") == [3, 2, 1]
    assert versions(name="T", version="None")[0] == versions(name="T", version="latest")[0] == 3
    assert versions(name="T", version="2") == [2]
    assert versions(name="T", version="9" * 30) == versions(name="T", version="-1") == []
    assert versions(newest_only=True) == [1, 3]
    assert versions(page=2, limit=3) == [1]
    assert api.get("/prompt_templates", params={"version": "new"}).status_code == 400


def test_templates_are_found_by_what_a_collection_fills(api: httpx2.Client) -> None:
    bot, asks = made(api, system("Sell {{product}}."), "bot"), made(api, "What is {{product}}?", "asks")
    made(api, "{{other}}", "other")
    plain = api.post("/collections", json={"name": "C", "columns": [{"name": "product"}]}).json()
    goals = [{"name": "persona_goal", "column_type": "persona_goal"}, {"name": "product"}]
    persona = api.post("/collections", json={"name": "P", "collection_type": "PERSONA", "columns": goals}).json()

    def fitting(collection: dict[str, Any]) -> list[int]:
        answer = api.get("/prompt_templates", params={"compatible_collection_id": collection["id"]})
        return [item["id"] for item in answer.json()["items"]]

    def collections(template: dict[str, Any]) -> list[int]:
        answer = api.get("/collections", params={"compatible_prompt_template_id": template["id"]})
        return [item["id"] for item in answer.json()["items"]]

    assert (fitting(plain), fitting(persona)) == ([asks["id"], bot["id"]], [bot["id"]])
    assert (collections(bot), collections(asks)) == ([persona["id"], plain["id"]], [plain["id"]])


def test_a_version_made_from_another_keeps_its_criterion_set(api: httpx2.Client) -> None:
    one = made(api, "one")
    criteria = api.post("/criterion_sets", json={"name": "S"}).json()
    api.put(f"/criterion_sets/{criteria['id']}/prompt_templates/{one['id']}")
    two = made(api, "two", parent_prompt_template_id=one["id"])
    three = made(api, "three")
    assert (two["criterion_set_id"], three["criterion_set_id"]) == (criteria["id"], None)
    found = api.get("/prompt_templates", params={"criterion_set_id": criteria["id"]}).json()
    assert [item["id"] for item in found["items"]] == [two["id"], one["id"]]


def test_a_deleted_version_is_gone_and_its_number_is_not_the_next_ones(api: httpx2.Client) -> None:
    one, two = made(api, "one"), made(api, "two")
    assert api.delete(f"/prompt_templates/{one['id']}").status_code == 204
    assert api.get(f"/prompt_templates/{one['id']}").status_code == 404
    assert made(api, "one")["version"] == two["version"] + 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"messages": []}, "messages: must hold at least one message"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role: must be one of system"),
        ({"messages": [{"role": "user", "content": None}]}, "messages.0.content: is missing"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content: must be text or a list of parts"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.tool_call_id: is missing"),
        ({"messages": [{"role": "assistant", "tool_calls": "x"}]}, "messages.0.tool_calls: must be a list"),
        ({"messages": "x", "tools": [{"type": "function"}]}, "tools.0: must be"),
        ({"messages": "x", "tool_choice": "auto"}, "tool_choice: cannot be set without tools"),
        ({"messages": "x", "tools": [TOOL], "tool_choice": "maybe"}, "tool_choice: must be one of none, auto"),
    ],
)
def test_what_is_no_prompt_is_refused_by_its_part(api: httpx2.Client, body: dict[str, Any], says: str) -> None:
    answer = api.post("/prompt_templates", json={"name": "T", **body})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(says)


def test_messages_with_tools_and_parts_are_kept_without_nulls(api: httpx2.Client) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "See {{this}} \0 \u2028"}], "name": None},
        {"role": "assistant", "content": None, "tool_calls": [call], "refusal": None},
        {"role": "tool", "content": "{{that}}", "tool_call_id": "1"},
    ]
    template = made(api, messages)
    assert template["placeholders"] == ["this", "that"]
    assert template["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "See {{this}} \0 \u2028"}]},
        {"role": "assistant", "tool_calls": [call]},
        messages[2],
    ]
