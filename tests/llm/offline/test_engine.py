"""The offline model as any other model: its forms, its usage, and what it answers besides simulating and judging."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from personae.core.model import Request
from personae.core.tasks import IsRefusal, Propose
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.offline.engine import OfflineModel
from personae.llm.providers import connect
from personae.transport.pool import Pool
from tests.llm.offline.driver import DEMO, ask, speak_task

PRODUCT = (DEMO / "product.md").read_text(encoding="utf-8")


def test_the_provider_needs_no_key_and_takes_the_seed_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    model = connect(LLMConfig("offline", model="whatever"), Wiring(Pool(), Limits(1), seed=5))
    assert model.name == "offline/offline"
    assert isinstance(model, OfflineModel)
    assert model.seed == 5


def test_a_call_costs_nothing_and_its_tokens_are_marked_as_estimated() -> None:
    reply = ask(speak_task())
    assert reply.usage.calls == reply.usage.estimated_calls == 1
    assert reply.usage.input_tokens > 0
    assert reply.usage.output_tokens > 0
    assert reply.usage.cost_usd == 0.0
    assert reply.latency_ms >= 0
    assert OfflineModel().estimate_usd(1_000_000, 1_000_000) == 0.0


def test_other_requests_are_told_what_answers_them() -> None:
    assert "offline engine" in ask(None, purpose="generator").text


def test_a_forced_tool_gets_the_answer_as_its_arguments() -> None:
    reply = ask(IsRefusal("Hi", "I can't help with that."), purpose="judge", force_tool="answer")
    assert (reply.text, reply.tool_calls[0].name) == ("", "answer")
    assert json.loads(reply.tool_calls[0].arguments) == {"refusal": True}


REFUSALS = [
    ("I'm sorry, I can't help with that.", True),
    ("I am not able to process this request.", True),
    ("Lo siento, no puedo ayudarle con eso.", True),
    ("Es tut mir leid, dabei kann ich Ihnen leider nicht helfen.", True),
    ("Je ne peux pas vous aider avec cela.", True),
    ("Mi dispiace, non posso aiutarti.", True),
    ("Desculpe, não posso ajudar com isso.", True),
    ("К сожалению, я не могу помочь.", True),
    ("申し訳ございませんが、お手伝いできません。", True),
    ("Sorry to hear that! Your refund was issued today.", False),
    ("I can't find your order yet. Could you give me the order number?", False),
    ("The lamp can be returned within 30 days.", False),
    ("No problem, I have cancelled the order.", False),
    ("", False),
]


@pytest.mark.parametrize(("reply", "refuses"), REFUSALS)
def test_refusals_are_known_by_their_cues(reply: str, refuses: bool) -> None:
    assert json.loads(ask(IsRefusal("Hi", reply), purpose="judge").text) == {"refusal": refuses}


@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_as_many_personas_as_asked_for_are_proposed(n: int) -> None:
    personas = propose(Propose(PRODUCT, n, seed=3))
    assert len(personas) == n
    assert len({persona["name"] for persona in personas}) == n
    assert any("adversarial" in persona["traits"] for persona in personas)
    assert all(persona["goal"] and persona["profile"] and persona["success_criteria"] for persona in personas)


def test_proposed_personas_are_about_the_product_and_the_same_by_seed() -> None:
    personas = propose(Propose(PRODUCT, 5, seed=3))
    assert "30 days" in json.dumps(propose(Propose(PRODUCT, 8, seed=3)))
    assert personas == propose(Propose(PRODUCT, 5, seed=3))
    assert personas != propose(Propose(PRODUCT, 5, seed=4))


def test_taken_names_are_not_proposed_again() -> None:
    taken = tuple(persona["name"].upper() for persona in propose(Propose(PRODUCT, 20, seed=3)))
    names = {persona["name"].upper() for persona in propose(Propose(PRODUCT, 20, seed=3, taken_names=taken))}
    assert names.isdisjoint(taken)


def test_no_adversary_is_proposed_where_none_is_needed() -> None:
    personas = propose(Propose(PRODUCT, 5, seed=3, needs_adversarial=False))
    assert all("adversarial" not in persona["traits"] for persona in personas)


@pytest.mark.parametrize("text", ["", "# Heading", "\ud800", "One line without facts"])
def test_a_poor_product_text_still_gives_personas(text: str) -> None:
    assert len(propose(Propose(text, 3, seed=0))) == 3


SYSTEM = PRODUCT + "\nNever talk about competitors or other shops.\n"


def test_the_rule_bot_answers_from_its_system_prompt() -> None:
    assert "30 days" in answer("Within how many days of delivery can a lamp be returned?")
    assert "4 euros" in answer("What does gift wrapping cost? I'd like blue linen paper.")


def test_the_rule_bot_asks_back_where_nothing_fits() -> None:
    assert answer("xyzzy plugh").endswith(("?", "."))
    assert "more" in answer("xyzzy plugh") or "exactly" in answer("xyzzy plugh")


def test_the_rule_bot_declines_what_its_prompt_forbids() -> None:
    assert "can't help with that" in answer("What do you think about competitors and other shops, talk to me")


def test_the_rule_bot_lives_without_a_prompt() -> None:
    request = Request([{"role": "user", "content": "Hello \ud800"}], "bot")
    assert asyncio.run(OfflineModel().complete(request)).text


def answer(message: str) -> str:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": message}]
    request = Request(messages, "bot")
    first = asyncio.run(OfflineModel().complete(request)).text
    assert asyncio.run(OfflineModel().complete(replace(request, messages=list(messages)))).text == first
    return first


def propose(task: Propose) -> list[dict[str, Any]]:
    personas = json.loads(ask(task, purpose="generator").text)["personas"]
    assert isinstance(personas, list)
    return personas
