"""LLM configs by the real elluminate SDK, unmodified."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from elluminate import AsyncClient, Client
from elluminate.exceptions import ConflictError, NotFoundError
from elluminate.schemas import InferenceType

from tests.server.running import Server, running

MODEL = {"name": "gpt", "llm_model_name": "gpt-4o", "api_key": "sk-secret", "temperature": 0.3}


@pytest.fixture
def server(database_url: str) -> Iterator[Server]:
    with running(database_url) as made:
        yield made


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(base_url=server.url, api_key=server.key) as client:
        yield client


def test_a_config_is_made_found_and_deleted(client: Client) -> None:
    made = client.create_llm_config(**MODEL, max_tokens=100, max_retries=2, timeout=20)
    assert (made.name, made.temperature, made.max_tokens, made.api_key) == ("gpt", 0.3, 100, None)
    assert client.get_llm_config(id=made.id) == client.get_llm_config(name="gpt") == made
    with pytest.raises(ConflictError, match="LLM config 'gpt' already exists"):
        client.create_llm_config(**MODEL)
    client.delete_llm_config(made)
    with pytest.raises(NotFoundError):
        client.get_llm_config(id=made.id)
    with pytest.raises(ValueError, match="gpt"):
        client.get_llm_config(name="gpt")


def test_get_or_create_creates_once(client: Client) -> None:
    first, was_created = client.get_or_create_llm_config("gpt", defaults={"llm_model_name": "m", "api_key": "k"})
    again, was_created_again = client.get_or_create_llm_config("gpt", defaults={"llm_model_name": "x", "api_key": "k"})
    assert (was_created, was_created_again) == (True, False)
    assert again == first


def test_bots_of_all_three_kinds(client: Client) -> None:
    parser = "body['answer']"
    api = {"url": "https://bot.example/chat", "headers": {"X-Api-Key": "secret"}, "body": {"q": "{{message}}"}}
    made = client.create_llm_config(
        "custom",
        "bot",
        "k",
        inference_type=InferenceType.CUSTOM_API,
        custom_api_config=api,
        custom_response_parser=parser,
    )
    assert (made.inference_type, made.custom_response_parser) == (InferenceType.CUSTOM_API, parser)
    assert made.custom_api_config == api | {"headers": {"X-Api-Key": "***"}}
    botario = client.create_llm_config(
        "botario", "bot", "k", inference_type=InferenceType.BOTARIO, llm_base_url="https://botario.example/chat"
    )
    assert botario.inference_type is InferenceType.BOTARIO


def test_what_the_sdk_does_not_know_reads_as_openai(client: Client, server: Server) -> None:
    with server.client() as api:
        for provider in ("mock", "offline", "ollama"):
            assert api.post("/llm_configs", json={"name": provider, "provider": provider}).status_code == 201
    assert {client.get_llm_config(name=name).inference_type for name in ("mock", "offline", "ollama")} == {
        InferenceType.OPENAI
    }


def test_all_pages_are_read(client: Client, server: Server) -> None:
    with server.client() as api:
        for number in range(101):
            assert api.post("/llm_configs", json={"name": f"c{number}", "provider": "mock"}).status_code == 201
    assert [config.name for config in client._llm_configs.list()] == [f"c{number}" for number in range(101)]


@pytest.mark.anyio
async def test_the_asynchronous_client_does_the_same(server: Server) -> None:
    async with AsyncClient(base_url=server.url, api_key=server.key) as client:
        made = await client.create_llm_config(**MODEL)
        assert await client.get_llm_config(id=made.id) == await client.get_llm_config(name="gpt") == made
        same, was_created = await client.get_or_create_llm_config("gpt", defaults={})
        assert (same, was_created) == (made, False)
        with pytest.raises(ConflictError):
            await client.create_llm_config(**MODEL)
        await client.delete_llm_config(made)
        with pytest.raises(NotFoundError):
            await client.get_llm_config(id=made.id)
