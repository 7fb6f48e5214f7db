"""LLM configs by REST: what is stored, what is never shown, and whether the bot behind one answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from lab.fake_bot import SECRET, FakeBots
from lab.fake_llm import FakeLLM
from personae.store import llm_configs
from personae.store.engine import Database
from personae.store.tables import experiments
from tests.server.running import Server

KEY = "sk-never-to-be-seen-again"
MODEL = {"name": "gpt", "llm_model_name": "gpt-4o", "api_key": KEY, "temperature": 0.3}


@pytest.fixture
def bots() -> Iterator[FakeBots]:
    with FakeBots.in_thread() as served:
        yield served


def made(api: httpx2.Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post("/llm_configs", json=body)
    assert answer.status_code == 201, answer.text
    config: dict[str, Any] = answer.json()
    return config


def custom(url: str, **fields: Any) -> dict[str, Any]:
    api_config = {"url": url, "body": {"message": "{{message}}"}, "reply_path": "reply.text", **fields}
    return {"name": "bot", "inference_type": "custom_api", "custom_api_config": api_config}


def test_a_config_is_read_back_without_its_key(api: httpx2.Client) -> None:
    config = made(api, MODEL)
    assert config["api_key"] is None
    assert config["has_api_key"] is True
    assert (config["provider"], config["inference_type"], config["max_connections"]) == ("openai", "openai", 10)
    assert api.get(f"/llm_configs/{config['id']}").json() == config
    assert api.get("/llm_configs").json() == {"items": [config], "count": 1}
    assert api.get("/llm_configs", params={"name": "gp"}).json() == {"items": [], "count": 0}
    assert api.get("/llm_configs", params={"name": "gpt"}).json()["count"] == 1


def test_a_name_is_taken_once(api: httpx2.Client) -> None:
    made(api, MODEL)
    answer = api.post("/llm_configs", json=MODEL)
    assert (answer.status_code, answer.json()["detail"]) == (409, "an LLM config is called 'gpt' already")
    other = made(api, MODEL | {"name": "other"})
    assert api.put(f"/llm_configs/{other['id']}", json=MODEL).status_code == 409


def test_the_sdk_never_sees_a_provider_that_it_does_not_know(api: httpx2.Client) -> None:
    for provider in ("mock", "offline", "anthropic", "ollama"):
        config = made(api, {"name": provider, "provider": provider})
        assert (config["provider"], config["inference_type"]) == (provider, "openai")


def test_what_cannot_work_is_refused_before_it_is_stored(api: httpx2.Client) -> None:
    api_config = {"url": "http://127.0.0.1:1/"}
    cases = [
        ({"name": "x", "provider": "nobody"}, 422, "provider: 'nobody' is not known"),
        ({"name": "x", "provider": "python"}, 422, "provider: 'python' is not known"),
        ({"name": "x", "provider": "command"}, 422, "provider: 'command' is not known"),
        ({"name": "x", "inference_type": "mock"}, 422, "inference_type"),
        ({"name": "x", "llm_base_url": "file:///etc/passwd"}, 422, "does not begin with http:// or https://"),
        ({"name": "x", "llm_base_url": "http://u:p@x/"}, 422, "holds a user or password"),
        ({"name": "x", "llm_base_url": "http://169.254.169.254/latest"}, 400, "private or reserved address"),
        (custom("http://10.0.0.1/{{x}}"), 400, "custom_api_config.url: '10.0.0.1' is a private"),
        ({"name": "x", "api_key": "two\nlines"}, 422, "holds characters that no key has"),
        ({"name": "x", "temperature": 0.1, "reasoning_effort": "low"}, 422, "exclude each other"),
        ({"name": "x", "max_tokens": 10**30}, 422, "body.max_tokens"),
        ({"name": "x", "inference_type": "botario"}, 422, "needs an address"),
        ({"name": "x", "custom_api_config": api_config}, 422, "is for the providers custom_api and botario"),
        (custom("http://x", surprise=1), 422, "custom_api_config.surprise"),
        (custom("http://x", session_field="s"), 422, "session_field: means nothing"),
        (custom("http://x", headers={"a b": "c"}), 400, "'a b' is no name for a header"),
        (custom("http://x", reply_path="[["), 400, "reply_path"),
        (custom("http://x", reply_path=None) | {"custom_response_parser": "a b"}, 400, "is not Python"),
        (custom("http://x", headers={"X-Api-Key": "***"}), 400, "stands for a stored secret"),
    ]
    for body, status, problem in cases:
        answer = api.post("/llm_configs", json=body)
        assert (answer.status_code, problem in answer.json()["detail"]) == (status, True), (body, answer.text)
    assert api.get("/llm_configs").json()["count"] == 0


def test_an_update_keeps_the_key_replaces_it_or_removes_it(server: Server, api: httpx2.Client) -> None:
    config = made(api, MODEL)

    def stored_key() -> str | None:
        return stored_secrets(server, config["id"]).get("/api_key")

    def put(**fields: Any) -> dict[str, Any]:
        answer = api.put(f"/llm_configs/{config['id']}", json=config | fields)
        assert answer.status_code == 200, answer.text
        changed: dict[str, Any] = answer.json()
        return changed

    assert put(temperature=0.9)["temperature"] == 0.9
    assert stored_key() == KEY
    put(api_key="another-key")
    assert stored_key() == "another-key"
    assert put(api_key="")["has_api_key"] is False
    assert stored_key() is None


def test_a_stored_key_does_not_follow_to_another_address(api: httpx2.Client) -> None:
    config = made(api, MODEL)
    for change in ({"llm_base_url": "https://elsewhere.example/v1"}, {"provider": "openrouter"}):
        answer = api.put(f"/llm_configs/{config['id']}", json=config | change)
        assert (answer.status_code, "give the key again" in answer.json()["detail"]) == (400, True)
    there = config | {"llm_base_url": "https://elsewhere.example/v1", "api_key": "a-new-key"}
    assert api.put(f"/llm_configs/{config['id']}", json=there).status_code == 200


def test_secrets_inside_a_custom_api_are_hidden_and_survive_being_sent_back(server: Server, api: httpx2.Client) -> None:
    secrets = ["t0p-secret-a", "t0p-secret-b", "t0p-secret-c"]
    body = custom(
        f"https://bot.example/chat?token={secrets[0]}&lang=en",
        headers={"X-Api-Key": secrets[1], "Authorization": "Bearer {{user_token}}", "X-Lang": "de"},
        body={"message": "{{message}}", "auth": {"password": secrets[2]}, "max_tokens": 7, "nothing": None},
    )
    config = made(api, body)
    shown = config["custom_api_config"]
    assert shown["url"] == "https://bot.example/chat?token=***&lang=en"
    assert shown["headers"] == {"X-Api-Key": "***", "Authorization": "Bearer {{user_token}}", "X-Lang": "de"}
    assert shown["body"] == {
        "message": "{{message}}",
        "auth": {"password": "***"},
        "max_tokens": 7,
        "nothing": None,
    }
    stored = stored_secrets(server, config["id"])
    again = api.put(f"/llm_configs/{config['id']}", json=config | {"description": "as it was"})
    assert again.status_code == 200, again.text
    assert stored_secrets(server, config["id"]) == stored
    everything = api.get("/llm_configs").text + again.text + json.dumps(raw_row(server, config["id"]))
    assert [secret for secret in secrets if secret in everything] == []


def test_the_default_is_one(api: httpx2.Client) -> None:
    first = made(api, {"name": "a", "is_default": True})
    second = made(api, {"name": "b", "is_default": True})
    assert [item["is_default"] for item in api.get("/llm_configs").json()["items"]] == [False, True]
    api.put(f"/llm_configs/{first['id']}", json={"name": "a"})
    assert [item["is_default"] for item in api.get("/llm_configs").json()["items"]] == [False, True]
    api.put(f"/llm_configs/{second['id']}", json={"name": "b", "is_default": False})
    assert [item["is_default"] for item in api.get("/llm_configs").json()["items"]] == [False, False]


def test_a_config_that_a_running_experiment_uses_cannot_be_deleted(server: Server, api: httpx2.Client) -> None:
    config = made(api, MODEL)

    async def begin(connection: AsyncConnection) -> None:
        now = datetime.now(UTC)
        values = {"name": "e", "evaluation_mode": "MULTI_TURN", "settings": {}, "snapshot": {}, "status": "running"}
        await connection.execute(
            experiments.insert().values(
                project_id=1, llm_config_id=config["id"], created_at=now, updated_at=now, **values
            )
        )

    async def finish(connection: AsyncConnection) -> None:
        await connection.execute(experiments.update().values(status="finished"))

    in_database(server, begin)
    answer = api.delete(f"/llm_configs/{config['id']}")
    assert (answer.status_code, "'e' is under way" in answer.json()["detail"]) == (409, True)
    in_database(server, finish)
    assert api.delete(f"/llm_configs/{config['id']}").status_code == 204
    assert api.get(f"/llm_configs/{config['id']}").status_code == 404


def test_a_test_of_a_bot_tells_what_was_sent_and_whether_it_remembers(api: httpx2.Client, bots: FakeBots) -> None:
    body = custom(
        f"{bots.url}/session",
        body={"message": "{{message}}", "session": "{{session_id}}"},
        session_path="session",
        stateful=True,
    )
    config = made(api, body | {"api_key": KEY})
    answer = api.post(f"/llm_configs/{config['id']}/test")
    found = answer.json()
    assert (found["passed"], found["verdict"], found["is_stateful"]) == (True, "remembers", True)
    assert [turn["session"] for turn in found["turns"]] == ["first", "first", "fresh"]
    turn = found["turns"][1]
    exchange = turn["exchanges"][0]
    assert turn["reply"] == "You told me 7413."
    assert json.loads(exchange["answer"])["reply"]["text"] == "You told me 7413."
    assert exchange["headers"]["Authorization"] == "Bearer ***"
    assert bots.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in answer.text


def test_changed_settings_can_be_tested_with_the_stored_key_before_they_are_stored(
    api: httpx2.Client, bots: FakeBots
) -> None:
    config = made(api, custom(f"{bots.url}/secret", reply_path="wrong") | {"api_key": SECRET})
    address = f"/llm_configs/{config['id']}"
    assert api.post(f"{address}/test").json()["verdict"] == "failed"
    changed = custom(f"{bots.url}/secret")
    assert api.post(f"{address}/test", json=changed).json()["verdict"] == "does_not_remember"
    assert bots.requests[-1].headers["Authorization"] == f"Bearer {SECRET}"
    assert api.get(address).json() == config
    elsewhere = api.post(f"{address}/test", json=custom("http://127.0.0.1:1/"))
    assert (elsewhere.status_code, "give the key again" in elsewhere.text) == (400, True)


def test_each_kind_of_bot_can_be_tested_before_it_is_stored(
    api: httpx2.Client, bots: FakeBots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with FakeLLM.in_thread() as fake:
        cases: list[tuple[dict[str, Any], str, str]] = [
            ({"llm_base_url": f"{fake.url}/v1", "llm_model_name": "m", "api_key": KEY}, "does_not_remember", ""),
            ({"provider": "mock", "mock": {"echo": True}}, "does_not_remember", ""),
            ({"provider": "offline"}, "does_not_remember", ""),
            ({"inference_type": "botario", "llm_base_url": f"{bots.url}/botario"}, "remembers", ""),
            (custom(f"{bots.url}/json"), "does_not_remember", ""),
            (custom(f"{bots.url}/secret") | {"api_key": SECRET}, "does_not_remember", ""),
            (custom(f"{bots.url}/secret") | {"api_key": "wrong-key"}, "failed", "answered 401"),
            (custom(f"{bots.url}/broken"), "failed", "answered 500"),
            (custom(f"{bots.url}/json", reply_path="answer"), "failed", "reply"),
            ({"provider": "anthropic"}, "failed", "no API key"),
            (custom("http://127.0.0.1:1/"), "failed", "no connection"),
        ]
        for body, verdict, problem in cases:
            answer = api.post("/llm_configs/test", json={"name": "not stored"} | body)
            assert answer.status_code == 200, answer.text
            found = answer.json()
            assert (found["verdict"], problem in found["error"]) == (verdict, True), (body, found)
        assert fake.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert api.get("/llm_configs").json()["count"] == 0


def test_a_bot_that_sends_keys_back_does_not_get_them_shown(api: httpx2.Client, bots: FakeBots) -> None:
    secrets = {"key": "the-key-of-the-bot", "header": "the-key-in-a-header", "body": "the-key-in-the-body"}
    body = custom(
        f"{bots.url}/tells?token=the-key-in-the-url",
        headers={"X-Secret": secrets["header"]},
        body={"message": "{{message}}", "password": secrets["body"]},
    )
    answer = api.post("/llm_configs/test", json=body | {"api_key": secrets["key"]})
    assert answer.json()["verdict"] == "failed"
    assert [secret for secret in (*secrets.values(), "the-key-in-the-url") if secret in answer.text] == []


def test_the_servers_own_key_goes_to_no_address_that_a_config_names(
    api: httpx2.Client, bots: FakeBots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "the-key-of-the-deployment")
    with FakeLLM.in_thread() as fake:
        api.post("/llm_configs/test", json={"name": "x", "llm_base_url": f"{fake.url}/v1", "llm_model_name": "m"})
        assert "authorization" not in fake.requests[0].headers


def in_database(server: Server, work: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
    """What `work` gives on a connection of its own: the server's belong to another event loop."""

    async def run() -> Any:
        database = Database(server.services.settings.database_url)
        try:
            async with database.writing() as connection:
                return await work(connection)
        finally:
            await database.close()

    return asyncio.run(run())


def raw_row(server: Server, config_id: int) -> dict[str, Any]:
    """Settings and sealed secrets, as they are in the database."""

    async def read(connection: AsyncConnection) -> dict[str, Any]:
        row = await llm_configs.get(connection, 1, config_id)
        assert row is not None
        return {"settings": row["settings"], "secrets": row["secrets"]}

    row: dict[str, Any] = in_database(server, read)
    return row


def stored_secrets(server: Server, config_id: int) -> dict[str, Any]:
    return server.services.cipher.unseal(raw_row(server, config_id)["secrets"])
