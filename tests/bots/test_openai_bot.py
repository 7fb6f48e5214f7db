from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from personae.bots import BotWiring, Session
from personae.bots.openai import OpenAIBot
from personae.core.model import Capabilities, Reply, Request
from personae.core.usage import Usage
from personae.errors import BotError, BudgetExceeded, ConfigurationError, InputError, ProviderError
from tests.bots.serving import Server, status, user

pytestmark = pytest.mark.anyio


def completion(content: str | None, reason: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    usage = {"prompt_tokens": 12, "completion_tokens": 3}
    return {"choices": [{"message": message, "finish_reason": reason}], "usage": usage}


async def test_the_system_prompt_and_the_whole_conversation_are_sent(server: Server, wiring: BotWiring) -> None:
    server.then(completion("Fine."))
    spec = OpenAIBot("m-1", server.url + "/v1", "Be kind.", api_key="k", temperature=0.5, extra_body={"top_k": 3})
    reply = await spec.open(wiring).reply(user("Hi", "Hello!", "How are you\ud800?"), Session("s"))
    seen = server.seen[0]
    assert seen.raw_path == "/v1/chat/completions"
    assert seen.headers["Authorization"] == "Bearer k"
    assert seen.json["model"] == "m-1"
    assert (seen.json["temperature"], seen.json["top_k"]) == (0.5, 3)
    assert seen.json["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "How are you\ufffd?"},
    ]
    assert reply.text == "Fine."
    assert reply.usage is not None
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (12, 3)
    assert reply.latency_ms > 0
    assert reply.metadata == {"model": "openai/m-1", "sampling": {"temperature": 0.5}, "finish_reason": "stop"}


async def test_without_a_system_prompt_none_is_sent(server: Server, wiring: BotWiring) -> None:
    server.then(completion("Fine."))
    await OpenAIBot("m", server.url).open(wiring).reply(user("Hi"), Session("s"))
    assert [message["role"] for message in server.seen[0].json["messages"]] == ["user"]


@pytest.mark.parametrize(("code", "hopeless"), [(401, True), (400, False)])
async def test_what_the_endpoint_says_is_in_the_bot_error(
    code: int, hopeless: bool, server: Server, wiring: BotWiring
) -> None:
    server.then(status(code, {"error": {"message": "no such luck"}}))
    with pytest.raises(BotError, match=f"{code}: no such luck") as raised:
        await OpenAIBot("m", server.url).open(wiring).reply(user("Hi"), Session("s"))
    assert raised.value.hopeless is hopeless
    assert "no such luck" in raised.value.received


async def test_an_empty_reply_is_an_error_that_says_why_it_ended(server: Server, wiring: BotWiring) -> None:
    server.then(completion(None, "content_filter"))
    with pytest.raises(BotError, match="empty reply from openai/m") as raised:
        await OpenAIBot("m", server.url).open(wiring).reply(user("Hi"), Session("s"))
    assert "content_filter" in raised.value.received


class Scripted:
    """A model that raises what it is given."""

    name = "some/model"
    capabilities = Capabilities()

    def __init__(self, raised: Exception | None) -> None:
        self.raised = raised
        self.asked: list[Request] = []

    async def complete(self, request: Request) -> Reply:
        self.asked.append(request)
        if self.raised is not None:
            raise self.raised
        return Reply("Fine.", usage=Usage(calls=1))

    def estimate_usd(self, input_tokens: int, output_tokens: int) -> float | None:
        return None


async def test_the_ceiling_of_the_budget_is_not_the_bots_fault(wiring: BotWiring) -> None:
    model = Scripted(BudgetExceeded("no more"))
    bot = OpenAIBot().open(replace(wiring, connect_model=lambda **_: model))
    with pytest.raises(BudgetExceeded):
        await bot.reply(user("Hi"), Session("s"))
    assert model.asked[0].purpose == "bot"


async def test_a_failure_that_may_heal_is_marked(wiring: BotWiring) -> None:
    model = Scripted(ProviderError("busy", status=503, retryable=True))
    with pytest.raises(BotError, match="busy") as raised:
        await OpenAIBot().open(replace(wiring, connect_model=lambda **_: model)).reply(user("Hi"), Session("s"))
    assert raised.value.retryable


async def test_any_provider_can_be_the_bot_and_only_what_is_set_is_passed_on(wiring: BotWiring) -> None:
    passed: dict[str, Any] = {}

    def connect(**settings: Any) -> Scripted:
        passed.update(settings)
        return Scripted(None)

    spec = OpenAIBot.from_target("model:ollama/llama3.2:3b")
    assert spec is not None
    spec.open(replace(wiring, connect_model=connect))
    assert passed == {"provider": "ollama", "model": "llama3.2:3b", "timeout_s": 20.0}


async def test_a_key_is_taken_from_the_named_variable(wiring: BotWiring, monkeypatch: pytest.MonkeyPatch) -> None:
    passed: dict[str, Any] = {}
    wired = replace(wiring, connect_model=lambda **settings: passed.update(settings) or Scripted(None))
    monkeypatch.setenv("BOT_KEY", " k ")
    OpenAIBot(api_key_env="BOT_KEY").open(wired)
    assert passed["api_key"] == "k"
    monkeypatch.delenv("BOT_KEY")
    with pytest.raises(ConfigurationError, match="BOT_KEY"):
        OpenAIBot(api_key_env="BOT_KEY").open(wired)


async def test_an_address_with_a_password_is_refused(wiring: BotWiring) -> None:
    with pytest.raises(InputError, match="base_url"):
        OpenAIBot(base_url="http://ann:pw@127.0.0.1").open(wiring)
