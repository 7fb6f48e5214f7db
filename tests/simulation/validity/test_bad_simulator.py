"""A scripted model plays a simulator that misbehaves on purpose, once in each way: each guard catches its own."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lab.fake_llm import FakeLLM, Reply, Step, ToolCall
from personae import Persona, SimulationResult, simulate
from personae.bots.mock import MockBot
from personae.core.persona import Scenario
from personae.llm.config import LLMConfig
from personae.llm.prices import Rates
from personae.simulation.validity import guards

NURSE = Persona(name="Maya Lindgren", description="A nurse who writes between two shifts.", traits=("polite",))
RETURN = Scenario(
    goal="Find out how to return the lamp of order LO-20417.",
    known_info="The order number is LO-20417.",
    expected_outcome="The bot offers the prepaid label and confirms the pickup on Friday morning.",
)
ANSWERS = (
    "Happy to help! Which order is it?",
    "You can return it within 30 days. Print the label from your account and drop the parcel at any shop nearby.",
    "The money is back within 5 working days.",
    "You're welcome. Goodbye!",
    "Goodbye!",
    "Bye.",
)


@dataclass(frozen=True)
class Case:
    guard: str
    says: tuple[str, ...]
    ends: str = "goal_met"


OPENING = "Hello, how do I return my lamp?"
PARROT = "You can return it within 30 days. Print the label from your account and drop the parcel at any shop nearby."
CASES = [
    Case("role_leak", (OPENING, "It is LO-20417. Is there anything else I can help you with today?")),
    Case("meta_text", (OPENING, "*sighs* It is LO-20417.")),
    Case("empty_or_repeated", (f"{OPENING} It is for LO-20417.",) * 4),
    Case("parroting", (OPENING, "LO-20417", PARROT)),
    Case(
        "wrong_language", (OPENING, "Das ist die Bestellung LO-20417, und ich weiß nicht, wie das mit der Lampe geht.")
    ),
    Case("invented_fact", (OPENING, "The order number is LO-77811.")),
    Case("goal_abandoned", (OPENING, "Never mind, forget it.")),
    Case("solved_by_simulator", ("How do I return my lamp? You can return it within two weeks, by post.", "LO-20417")),
    Case("ended_early", (OPENING,)),
    Case("goodbye_loop", (OPENING, "LO-20417", "Thank you!", "Thanks, goodbye!", "Bye, thanks again!"), "stuck"),
    Case("criteria_leaked", (OPENING, "LO-20417. By the success criteria you offer me a label.")),
]
BEHAVES = (OPENING, "LO-20417.", "And when is the money back?")


def end(reason: str = "goal_met") -> Reply:
    return Reply(None, [ToolCall("end_conversation", {"reason": reason, "explanation": "It is over."})])


def play(fake: FakeLLM, *, repeat_invalid: int = 0, max_turns: int = 8) -> SimulationResult:
    model = LLMConfig("openai", "m", base_url=fake.url + "/v1", rates=Rates.parse("1/2"))
    bot = MockBot(ANSWERS)
    [result] = simulate(
        bot,
        [NURSE],
        scenarios=[RETURN],
        simulator=model,
        metrics=(),
        max_turns=max_turns,
        repeat_invalid=repeat_invalid,
    )
    return result


def script(*talks: tuple[tuple[str, ...], str]) -> dict[str, list[Step]]:
    """One conversation after the other, as the simulator plays them."""
    return {"simulator": [step for says, ends in talks for step in (*map(Reply, says), end(ends))]}


def test_every_guard_has_a_simulator_that_it_catches() -> None:
    assert sorted(case.guard for case in CASES) == list(guards.names())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.guard)
def test_each_guard_catches_its_own_and_no_other_speaks_up(case: Case) -> None:
    with FakeLLM.in_thread(script=script((case.says, case.ends))) as fake:
        validity = play(fake).validity
    assert validity is not None
    assert {finding.guard for finding in validity.findings} == {case.guard}
    assert validity.verdict in ("invalid", "unsure")
    assert validity.fault == "simulator"


def test_a_simulator_that_behaves_is_left_alone() -> None:
    with FakeLLM.in_thread(script=script((BEHAVES, "goal_met"))) as fake:
        validity = play(fake).validity
    assert validity is not None
    assert (validity.verdict, validity.fault, validity.findings) == ("valid", None, ())


def test_a_finding_points_at_its_words() -> None:
    with FakeLLM.in_thread(script=script(((OPENING, "*sighs* It is LO-20417."), "goal_met"))) as fake:
        result = play(fake)
    assert result.validity is not None
    [finding] = result.validity.findings
    assert (finding.turn, finding.words) == (3, "*sighs*")
    assert finding.words in result.conversation.turns[finding.turn - 1].content
