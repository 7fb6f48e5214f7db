"""Each endpoint: where it is, where its key comes from, and what it says when something is missing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import pytest

from lab.fake_llm import Reply
from personae.errors import ConfigurationError, NotFound
from personae.llm.client import HttpModel
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.providers import connect, providers
from personae.transport import Pool
from tests.llm.reach import answer, reach

pytestmark = pytest.mark.anyio
CHAT = "/chat/completions"


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_MASTER_KEY", "_BASE_URL", "_API_VERSION", "_ENDPOINT")):
            monkeypatch.delenv(name)


def connected(provider: str, **config: Any) -> HttpModel:
    model = connect(LLMConfig(provider, **config), Wiring(Pool(), Limits(1)))
    assert isinstance(model, HttpModel)
    return model


@dataclass(frozen=True)
class Case:
    provider: str
    url: str
    key_variable: str = ""
    model: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    header: str = "Authorization"


CASES = [
    Case("openai", "https://api.openai.com/v1" + CHAT, "OPENAI_API_KEY"),
    Case(
        "openai",
        "https://gate.example/x" + CHAT,
        "OPENAI_API_KEY",
        "",
        (("OPENAI_BASE_URL", "https://gate.example/x/"),),
    ),
    Case("anthropic", "https://api.anthropic.com/v1/messages", "ANTHROPIC_API_KEY", header="x-api-key"),
    Case("google", "https://generativelanguage.googleapis.com/v1beta/openai" + CHAT, "GEMINI_API_KEY"),
    Case("google", "https://generativelanguage.googleapis.com/v1beta/openai" + CHAT, "GOOGLE_API_KEY"),
    Case("openrouter", "https://openrouter.ai/api/v1" + CHAT, "OPENROUTER_API_KEY", "a/b"),
    Case("ollama", "http://localhost:11434/v1" + CHAT, "", "llama3"),
    Case("ollama", "http://box:11434/v1" + CHAT, "", "llama3", (("OLLAMA_BASE_URL", "http://box:11434/v1"),)),
    Case("lmstudio", "http://localhost:1234/v1" + CHAT, "", "qwen"),
    Case("vllm", "http://localhost:8000/v1" + CHAT, "VLLM_API_KEY", "qwen"),
    Case("litellm", "http://localhost:4000" + CHAT, "LITELLM_MASTER_KEY", "any"),
    Case(
        "azure",
        "https://me.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21",
        "AZURE_OPENAI_API_KEY",
        "my gpt",
        (("AZURE_OPENAI_ENDPOINT", "https://me.openai.azure.com/"),),
        "api-key",
    ),
    Case(
        "azure",
        "https://me.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2025-01-01",
        "AZURE_OPENAI_API_KEY",
        "gpt",
        (("AZURE_OPENAI_ENDPOINT", "https://me.openai.azure.com"), ("OPENAI_API_VERSION", "2025-01-01")),
        "api-key",
    ),
    Case(
        "azure",
        "https://me.openai.azure.com/openai/v1/chat/completions",
        "AZURE_OPENAI_API_KEY",
        "gpt",
        (("AZURE_OPENAI_ENDPOINT", "https://me.openai.azure.com/openai/v1/"),),
        "api-key",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.provider}-{case.key_variable}-{len(case.variables)}")
def test_a_provider_takes_its_address_and_key_from_the_environment(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in case.variables:
        monkeypatch.setenv(name, value)
    if case.key_variable:
        monkeypatch.setenv(case.key_variable, "key-1")
    model = connected(case.provider, model=case.model)
    assert model.url == case.url
    sent = model.headers.get(case.header)
    assert sent == ((f"Bearer {'key-1'}" if case.header == "Authorization" else "key-1") if case.key_variable else None)


def test_every_provider_of_the_room_is_tested_here() -> None:
    assert {case.provider for case in CASES} | {"offline"} == set(providers.names())


@dataclass(frozen=True)
class Missing:
    provider: str
    config: tuple[tuple[str, str], ...]
    says: str


MISSING = [
    Missing("openai", (), "no API key for 'openai': set OPENAI_API_KEY, or choose another provider"),
    Missing("openai", (("base_url", "https://api.openai.com/v1/"),), "no API key for 'openai'"),
    Missing("anthropic", (), "set ANTHROPIC_API_KEY"),
    Missing("google", (), "set GEMINI_API_KEY or GOOGLE_API_KEY"),
    Missing("openrouter", (("model", "a/b"),), "set OPENROUTER_API_KEY"),
    Missing("openrouter", (("api_key", "key-1"),), "the provider 'openrouter' needs a model's name"),
    Missing("azure", (), "the provider 'azure' needs a model's name"),
    Missing("azure", (("model", "gpt"),), "needs an address: give a base URL or set AZURE_OPENAI_ENDPOINT"),
    Missing("azure", (("model", "gpt"), ("base_url", "https://me.openai.azure.com")), "set AZURE_OPENAI_API_KEY"),
    Missing("ollama", (), "the provider 'ollama' needs a model's name"),
    Missing("openai", (("base_url", "api.openai.com"),), "does not begin with http:// or https://"),
    Missing("openai", (("base_url", "https://me:pw@host/v1"),), "the base URL holds a user or password"),
    Missing("openai", (("api_key", "sk-1\nsk-2"),), "the API key holds characters that no key has"),
    Missing("openai", (("api_key", "sk-“1”"),), "the API key holds characters that no key has"),
]  # fmt: skip


@pytest.mark.parametrize("case", MISSING, ids=lambda case: f"{case.provider}: {case.says[:30]}")
def test_what_is_missing_or_wrong_is_said_before_any_call(case: Missing) -> None:
    with pytest.raises(ConfigurationError) as raised:
        connected(case.provider, **dict(case.config))
    assert case.says in str(raised.value)
    assert "pw" not in str(raised.value)


def test_a_key_of_the_environment_that_cannot_be_one_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1\x07")
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY holds characters"):
        connected("openai")


def test_a_key_in_a_header_of_ones_own_is_enough() -> None:
    config = LLMConfig("azure", "gpt", "https://me.openai.azure.com", headers={"Authorization": "Bearer token"})
    model = connect(config, Wiring(Pool(), Limits(1)))
    assert isinstance(model, HttpModel)
    assert "api-key" not in model.headers


def test_an_unknown_provider_names_the_nearest() -> None:
    with pytest.raises(NotFound, match="no provider is called 'opena1'; there is openai"):
        connected("opena1")


def test_a_key_that_is_given_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-outside")
    assert connected("openai", api_key="given").headers["Authorization"] == "Bearer given"


def test_openai_itself_is_asked_with_the_newer_name_of_the_limit_on_output() -> None:
    assert connected("openai", api_key="key-1").capabilities.tokens_field == "max_completion_tokens"
    assert connected("openai", base_url="http://box/v1").capabilities.tokens_field == "max_tokens"


async def test_azure_is_reached_at_its_deployment_with_its_header() -> None:
    async with reach(Reply("Fine.")) as there:
        model = there.model("azure", path="", model="my-deployment", api_key="key-1")
        assert (await answer(model)).text == "Fine."
        request = there.fake.requests[-1]
    assert request.path == "/openai/deployments/my-deployment/chat/completions"
    assert request.headers["api-key"] == "key-1"
    assert "Authorization" not in request.headers
    assert request.body["max_completion_tokens"] == 4096


@pytest.mark.parametrize("path", ["", "/v1", "/v1/"])
async def test_anthropic_is_reached_whether_or_not_the_base_url_ends_in_v1(path: str) -> None:
    async with reach(Reply("Fine.")) as there:
        assert (await answer(there.model("anthropic", path=path))).text == "Fine."
