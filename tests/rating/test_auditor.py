"""The auditor asks the judge whether the simulated user behaved as the persona would, and trusts no quote unseen."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from lab.fake_llm import FakeLLM, Reply, Step, ToolCall
from personae import Persona, SimulationResult, simulate
from personae.bots.mock import MockBot
from personae.core.conversation import Turn
from personae.core.persona import Scenario
from personae.llm.config import LLMConfig
from personae.llm.prices import Rates
from personae.rating.auditor import messages

ANN = Persona(name="Ann", description="A shy student who never asks for more than she needs.", goal="Return a lamp.")
END = Reply(None, [ToolCall("end_conversation", {"reason": "goal_met", "explanation": "Done."})])
SAYS = "I want to return a lamp, and a free one on top!"


def finding(**changes: Any) -> dict[str, Any]:
    return {
        "turn": 1,
        "quote": "a free one on top",
        "problem": "She never asks for more.",
        "severity": "invalid",
    } | changes


def audited(*answers: Step, audit: bool = True) -> SimulationResult:
    """A conversation after which the judge, who is asked nothing else, gives these answers."""
    with FakeLLM.in_thread(script={"simulator": [Reply(SAYS), END], "judge": list(answers)}) as fake:
        model = LLMConfig("openai", "m", base_url=fake.url + "/v1", rates=Rates.parse("1/2"))
        [result] = simulate(
            MockBot(("Print the label.",)), [ANN], simulator=model, metrics=(), audit=audit, repeat_invalid=0
        )
        return result


def answer(*findings: dict[str, Any]) -> Reply:
    return Reply(json.dumps({"findings": findings}))


@dataclass(frozen=True)
class Case:
    findings: tuple[dict[str, Any], ...]
    verdict: str
    says: str
    words: tuple[str, ...]


CASES = [
    Case((), "valid", "nothing", ()),
    Case((finding(),), "invalid", "a quote that stands there", ("a free one on top",)),
    Case((finding(severity="unsure"),), "unsure", "it is not sure", ("a free one on top",)),
    Case((finding(quote="give me gold"),), "unsure", "a quote that stands nowhere", ("",)),
    Case((finding(turn=2, quote="Print the label."),), "valid", "it speaks of the bot", ()),
    Case((finding(turn=9, quote="nowhere"),), "valid", "there is no such turn", ()),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_what_it_says_becomes_a_verdict(case: Case) -> None:
    validity = audited(answer(*case.findings)).validity
    assert validity is not None
    assert validity.verdict == case.verdict
    assert tuple(one.words for one in validity.findings) == case.words


def test_without_being_asked_for_it_makes_no_call() -> None:
    result = audited(audit=False)
    assert result.usage["judge"].calls == 0


def test_its_call_is_counted_as_the_judges() -> None:
    assert audited(answer()).usage["judge"].calls == 1


def test_an_audit_that_fails_leaves_the_conversation_unsure_by_the_judges_fault() -> None:
    validity = audited(Reply("It was fine."), Reply("As I said.")).validity
    assert validity is not None
    assert (validity.verdict, validity.fault) == ("unsure", "judge")
    assert validity.findings[0].why.startswith("not audited: ")


def test_it_is_told_how_the_persona_behaves_and_nothing_of_how_the_bot_is_rated() -> None:
    scenario = Scenario(goal="Return a lamp.", known_info="Order 7.", expected_outcome="The label is named.")
    text = "\n".join(one["content"] for one in messages(ANN, scenario, [Turn("user", SAYS)], "goal_met"))
    assert "never asks for more than she needs" in text
    assert "Order 7." in text
    assert f"| {SAYS}" in text
    assert "The label is named" not in text


def test_the_offline_engine_answers_it() -> None:
    chatty = Persona(name="Bo", description="Bo.", goal=f"Return a lamp. {'It is long. ' * 40}", traits=("terse",))
    [result] = simulate(MockBot(("Print the label.",)), [chatty], provider="offline", metrics=(), audit=True)
    assert result.validity is not None
    assert result.usage["judge"].calls >= 1
