"""From an LLM config to the bot that the engine asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from lab.fake_bot import FakeBots
from lab.fake_llm import FakeLLM
from lab.fake_llm import Reply as Say
from lab.fake_llm import ToolCall as Call
from personae.bots import BotReply, BotSpec, BotWiring, Session
from personae.bots._auth import GivenAuth
from personae.bots._targets import settings as shown_settings
from personae.bots.botario import BotarioBot
from personae.bots.custom_api import CustomApiBot
from personae.bots.mock import MockBot
from personae.bots.openai import OpenAIBot
from personae.core.conversation import Turn
from personae.core.model import Model
from personae.errors import BotError, ConfigurationError, InputError
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.prices import Rates
from personae.llm.providers import connect
from personae.server.bot_specs import BotLimits, bot_limits, bot_spec, model_config, secrets_for
from personae.server.config_secrets import hidden
from personae.server.models import judge_config, overridden, simulator_config
from personae.server.schemas.custom_api import CustomApi
from personae.server.schemas.llm_config import LLMConfigIn
from personae.server.secrets import Cipher
from personae.server.settings import ServerSettings
from personae.transport import Pool

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def bots() -> Iterator[FakeBots]:
    with FakeBots.in_thread() as served:
        yield served


def spec_of(config: dict[str, Any], **how: Any) -> BotSpec:
    """The spec for a config as the API takes it."""
    settings, secrets = hidden(LLMConfigIn(**({"name": "x"} | config)).settings())
    return bot_spec(settings, secrets, **how)


@dataclass(frozen=True)
class Case:
    name: str
    config: dict[str, Any]
    spec: BotSpec
    how: dict[str, Any] = field(default_factory=dict)


TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}]
CASES = [
    Case("nothing said", {}, OpenAIBot()),
    Case(
        "a model at an address never takes the process's key",
        {"llm_model_name": "m", "llm_base_url": "http://x/v1"},
        OpenAIBot("m", "http://x/v1", uses_environment=False),
    ),
    Case("a key", {"api_key": "k"}, OpenAIBot(api_key="k")),
    Case("another provider", {"provider": "anthropic"}, OpenAIBot(provider="anthropic")),
    Case("an API version means Azure", {"api_version": "v1"}, OpenAIBot(provider="azure", api_version="v1")),
    Case(
        "sampling",
        {"temperature": 0.5, "max_tokens": 9, "top_p": 0.1, "top_k": 3, "best_of": 2, "logprobs": False},
        OpenAIBot(
            temperature=0.5,
            max_output_tokens=9,
            extra_body={"top_p": 0.1, "best_of": 2, "top_k": 3, "logprobs": False},
        ),
    ),
    Case(
        "rates",
        {"requests_per_minute": 60, "tokens_per_minute": 1000},
        OpenAIBot(requests_per_minute=60, tokens_per_minute=1000),
    ),
    Case("its own system message", {"system_message": "mine"}, OpenAIBot(system_prompt="mine")),
    Case(
        "a template's system message wins",
        {"system_message": "mine"},
        OpenAIBot(system_prompt="theirs"),
        {"system_prompt": "theirs"},
    ),
    Case(
        "an experiment's reasoning effort takes the temperature's place",
        {"temperature": 0.5, "top_p": 0.2},
        OpenAIBot(extra_body={"top_p": 0.3, "reasoning_effort": "low"}),
        {"generation_params": {"reasoning_effort": "low", "top_p": 0.3, "max_tokens": None}},
    ),
    Case(
        "an experiment's temperature takes the reasoning effort's place",
        {"reasoning_effort": "high", "verbosity": "low"},
        OpenAIBot(temperature=0.1, extra_body={"verbosity": "low"}),
        {"generation_params": {"temperature": 0.1}},
    ),
    Case(
        "a template's tools and response format",
        {"top_p": 0.2},
        OpenAIBot(
            extra_body={
                "top_p": 0.2,
                "tools": TOOLS,
                "tool_choice": "auto",
                "response_format": {"type": "json_object"},
            }
        ),
        {"tools": TOOLS, "tool_choice": "auto", "response_format": {"type": "json_object"}},
    ),
    Case("offline reads no tools", {"provider": "offline"}, OpenAIBot(provider="offline"), {"tools": TOOLS}),
    Case("mock", {"provider": "mock"}, MockBot(system_prompt="s"), {"system_prompt": "s"}),
    Case(
        "a mock's script",
        {"provider": "mock", "mock": {"replies": ["a", "b"], "at_end": "cycle", "latency_ms": 5}},
        MockBot(replies=("a", "b"), at_end="cycle", latency_ms=5),
    ),
    Case(
        "botario",
        {"inference_type": "botario", "llm_base_url": "http://b/chat", "api_key": "kkkk"},
        BotarioBot("http://b/chat", auth=GivenAuth(key="kkkk"), system_prompt="s", hidden=("kkkk",)),
        {"system_prompt": "s"},
    ),
    Case(
        "botario with names of its own",
        {
            "inference_type": "botario",
            "custom_api_config": {"url": "http://b/", "session_field": "sid", "reply_path": "a.b"},
        },
        BotarioBot("http://b/", session_field="sid", reply_path="a.b"),
    ),
    Case(
        "custom API",
        {
            "inference_type": "custom_api",
            "api_key": "kkkk",
            "llm_base_url": "http://c/{{shop}}",
            "custom_api_config": {"method": "PUT", "body": ["{{message}}"], "auth": {"header": "X-Key", "prefix": ""}},
            "custom_response_parser": "text",
        },
        CustomApiBot(
            "http://c/{{shop}}",
            "PUT",
            body=["{{message}}"],
            auth=GivenAuth(header="X-Key", prefix="", key="kkkk"),
            parser="text",
            hidden=("kkkk",),
        ),
    ),
    Case(
        "a custom API's secret header is put back",
        {"inference_type": "custom_api", "custom_api_config": {"url": "http://c/", "headers": {"X-Token": "tttt"}}},
        CustomApiBot("http://c/", headers={"X-Token": "tttt"}, hidden=("tttt",)),
    ),
    Case(
        "an Authorization header of its own stands alone",
        {
            "inference_type": "custom_api",
            "api_key": "kkkk",
            "custom_api_config": {"url": "http://c/", "headers": {"authorization": "Bearer {{t}}"}},
        },
        CustomApiBot("http://c/", headers={"authorization": "Bearer {{t}}"}, hidden=("kkkk",)),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_config_becomes_the_bot_that_it_describes(case: Case) -> None:
    assert spec_of(case.config, **case.how) == case.spec


@pytest.mark.parametrize("provider", ["anthropic", "botario", "custom_api"])
def test_tools_are_refused_where_they_cannot_be_sent(provider: str) -> None:
    address = {} if provider == "anthropic" else {"llm_base_url": "http://x/"}
    with pytest.raises(InputError, match=f"tools: cannot be sent to a bot of the provider '{provider}'"):
        spec_of({"provider": provider, **address}, tools=TOOLS)


def test_a_secret_that_is_gone_is_missed_before_a_call() -> None:
    api = CustomApi(url="http://c/", headers={"X-Token": "tttt"})
    settings, _ = hidden(LLMConfigIn(name="x", provider="custom_api", custom_api_config=api).settings())
    with pytest.raises(ConfigurationError, match="/custom_api_config/headers/X-Token is not stored any more"):
        bot_spec(settings, {})
    settings, _ = hidden(LLMConfigIn(name="x", api_key="k").settings())
    with pytest.raises(ConfigurationError, match="key is not stored any more"):
        bot_spec(settings, {})


def test_nothing_that_a_record_may_hold_of_a_bot_is_secret() -> None:
    api = {"url": "http://c/?key=uuuu", "headers": {"X-Token": "tttt"}}
    for config in ({"provider": "custom_api", "custom_api_config": api}, {"llm_model_name": "m"}):
        spec = spec_of({**config, "api_key": "kkkk"})
        everything = f"{shown_settings(spec)} {spec.label}"
        assert [secret for secret in ("kkkk", "tttt", "uuuu") if secret in everything] == []


def test_limits_come_from_the_config_and_the_experiment() -> None:
    assert bot_limits({}) == BotLimits(10, None, None, None)
    config = {"max_connections": 3, "timeout": 20, "max_retries": 0, "input_price_per_mtok": 2.0}
    assert bot_limits(config) == BotLimits(3, 20.0, 1, Rates(2.0, 0.0))
    assert bot_limits(config, {"max_connections": 7}).max_connections == 7
    assert bot_limits(config, {"max_connections": 10}).max_connections == 3  # the SDK's default, which nobody chose


def test_a_key_is_not_sent_to_where_its_config_once_led() -> None:
    cipher = Cipher("secret")
    row = {"name": "gpt", "settings": {"llm_base_url": "http://new/v1"}, "secrets": cipher.seal({"/api_key": "k"})}
    assert secrets_for({"llm_base_url": "http://NEW/v2"}, row, cipher) == {"/api_key": "k"}
    with pytest.raises(ConfigurationError, match="'gpt' was changed to another address"):
        secrets_for({"llm_base_url": "http://old/v1"}, row, cipher)


def test_a_config_can_be_the_simulator_or_the_judge() -> None:
    config = {"provider": "openai", "llm_model_name": "m", "timeout": 9, "max_retries": 2, "has_api_key": True}
    assert model_config(config, {"/api_key": "k"}) == LLMConfig(
        "openai", "m", api_key="k", timeout_s=9.0, attempts=3, max_output_tokens=4096
    )
    with pytest.raises(InputError, match="is no language model"):
        model_config({"provider": "mock"}, {})


def test_the_judge_is_the_simulator_unless_it_has_settings_of_its_own() -> None:
    settings = ServerSettings(simulator_provider="openai", simulator_model="m", simulator_api_key="k")
    simulator = LLMConfig("openai", "m", api_key="k", temperature=0.7)
    assert simulator_config(settings) == simulator
    assert judge_config(settings) == simulator.with_(temperature=0.0)
    assert judge_config(settings.with_(judge_model="j")) == simulator.with_(temperature=0.0, model="j")
    other = settings.with_(judge_provider="anthropic", judge_api_key="a")
    assert judge_config(other) == LLMConfig("anthropic", api_key="a", temperature=0.0)


def test_an_experiment_that_chooses_another_address_does_not_get_the_deployments_key() -> None:
    config = LLMConfig("openai", "m", api_key="k")
    assert overridden(config, {"model": "n"}) == config.with_(model="n")
    elsewhere = overridden(config, {"base_url": "http://x/"})
    assert (elsewhere.api_key, elsewhere.uses_environment) == ("", False)
    assert overridden(config, {"provider": "anthropic"}) == LLMConfig("anthropic")


@asynccontextmanager
async def wiring(**limits: Any) -> AsyncIterator[BotWiring]:
    async with Pool() as pool:

        def connect_model(**settings: Any) -> Model:
            return connect(LLMConfig(**settings), Wiring(pool, Limits(4), attempts=1))

        yield BotWiring(pool, connect_model, attempts=1, **limits)


async def reply(spec: BotSpec, *said: str, columns: dict[str, Any] | None = None) -> BotReply:
    async with wiring() as given:
        bot = spec.open(given)
        try:
            turns = [Turn("assistant" if index % 2 else "user", text) for index, text in enumerate(said)]
            return await bot.reply(turns, Session("s-1", columns or {}))
        finally:
            await bot.close()


async def test_a_model_gets_the_system_prompt_and_what_the_config_says() -> None:
    with FakeLLM.in_thread(Say("Hello.")) as fake:
        config = {"llm_base_url": f"{fake.url}/v1", "llm_model_name": "m", "api_key": "kkkk", "top_p": 0.5}
        said = await reply(spec_of(config, system_prompt="Be kind."), "Hi")
        body = fake.requests[0].body
    assert said.text == "Hello."
    assert (body["model"], body["top_p"]) == ("m", 0.5)
    assert body["messages"] == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]


async def test_a_reply_that_only_calls_tools_is_kept() -> None:
    with FakeLLM.in_thread(Say("", tool_calls=(Call("look_up", '{"id": 7}'),))) as fake:
        config = {"llm_base_url": f"{fake.url}/v1", "llm_model_name": "m"}
        said = await reply(spec_of(config, tools=TOOLS, tool_choice="required"), "Hi")
        body = fake.requests[0].body
    assert (body["tools"], body["tool_choice"]) == (TOOLS, "required")
    call = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": '{"id": 7}'}}
    assert said.metadata["tool_calls"] == [call]
    assert '"look_up"' in said.text


async def test_botario_gets_the_new_message_alone(bots: FakeBots) -> None:
    config = {"inference_type": "botario", "llm_base_url": f"{bots.url}/botario"}
    spec = spec_of(config, system_prompt="kept, not sent")
    await reply(spec, "Please remember the number 5.", "All right.", "Which number?")
    assert set(bots.requests[0].body) == {"sessionId", "message"}
    assert bots.requests[0].body["message"] == "Which number?"


async def test_a_custom_api_is_asked_and_read_as_its_config_says(bots: FakeBots) -> None:
    api = {"url": f"{bots.url}/json", "body": {"message": "{{message}} {{topic}}"}}
    config = {"inference_type": "custom_api", "custom_api_config": api, "custom_response_parser": "body['session']"}
    with pytest.raises(BotError, match="yields nothing"):
        await reply(spec_of(config), "Hi", columns={"topic": "tea"})
    config |= {"custom_response_parser": "'parsed: ' + body['reply']['text']"}
    said = await reply(spec_of(config), "Hi", columns={"topic": "tea"})
    assert bots.requests[-1].body == {"message": "Hi tea"}
    assert said.text.startswith("parsed: ")
