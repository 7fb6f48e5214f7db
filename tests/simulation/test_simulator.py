"""The simulator's moves: the three forms of ending, and one more try for what cannot be sent."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lab.fake_llm import Limits, Reply, Status, Step, ToolCall, Usage
from lab.fake_llm.hostile import WRONG_ARGUMENTS
from personae.core.model import Capabilities
from personae.errors import ProviderError
from personae.llm.structured import UnusableAnswer
from personae.simulation.moves import End, Say
from personae.simulation.simulator import Simulator
from tests.llm.reach import Reach, reach
from tests.simulation.play import bot, end, spec, user

pytestmark = pytest.mark.anyio
TURNS = [user("Hi."), bot("Hello!")]
NO_TOOLS, NOTHING = Limits(tools=False), Limits(tools=False, json_schema=False, json_object=False)


def simulator(there: Reach) -> Simulator:
    return Simulator(there.model(), spec(), 8)


async def test_a_message_comes_with_what_it_took() -> None:
    async with reach(Reply("One day more, please.", usage=Usage(100, 7))) as there:
        move = await Simulator(there.model(temperature=0.9), spec(), 8).next_move([])
    assert move.what == Say("One day more, please.")
    assert (move.usage.calls, move.usage.input_tokens, move.usage.output_tokens) == (1, 100, 7)
    assert (move.sampling, move.retried) == ({"temperature": 0.9}, 0)


@dataclass(frozen=True)
class Form:
    name: str
    limits: Limits
    ending: Reply


FORMS = [
    Form("tool", Limits(), end("stuck", "No way.", message="Bye.")),
    Form("json", NO_TOOLS, Reply('{"action": "end", "message": "Bye.", "reason": "stuck", "explanation": "No way."}')),
    Form("mark", NOTHING, Reply("Bye.\n[END stuck] No way.")),
]
EACH_FORM = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


@EACH_FORM
async def test_a_model_ends_by_the_strongest_form_that_its_endpoint_takes(form: Form) -> None:
    async with reach(form.ending, limits=form.limits) as there:
        move = await simulator(there).next_move(TURNS)
    assert move.what == End("stuck", "No way.", "Bye.")


@EACH_FORM
async def test_the_system_message_tells_the_form_that_is_asked_for(form: Form) -> None:
    async with reach(limits=form.limits) as there:
        await simulator(there).next_move([])
        body = there.sent()
    told = {"tool": "call the function", "json": "Answer each time with one JSON object", "mark": "[END goal_met]"}
    assert [name for name, words in told.items() if words in body["messages"][0]["content"]] == [form.name]
    assert ("tools" in body, "response_format" in body) == (form.name == "tool", form.name == "json")


async def test_a_form_once_found_is_taken_at_once_by_all_later_conversations() -> None:
    async with reach(limits=NOTHING) as there:
        model = there.model()
        for _ in range(2):
            await Simulator(model, spec(), 8).next_move([])
        assert there.calls == 3 + 1
    assert model.capabilities == Capabilities(tools=False, json_schema=False)


async def test_a_prompt_that_is_too_long_changes_no_form() -> None:
    says = "This model's maximum context length is 8192 tokens (8000 in the messages, 900 in the functions)."
    async with reach(Status(400, message=says)) as there:
        sim = simulator(there)
        with pytest.raises(ProviderError, match="maximum context length"):
            await sim.next_move([])
    assert sim.model.capabilities == Capabilities()


@dataclass(frozen=True)
class Bad:
    step: Step
    told: str
    shown: str


BAD = [
    Bad(Reply(""), "It was empty.", "(empty)"),
    Bad(Reply("ASSISTANT: Hello!"), "It holds lines of the assistant.", "ASSISTANT: Hello!"),
    Bad(
        Reply(None, [ToolCall("end_conversation", WRONG_ARGUMENTS)]),
        "The arguments of end_conversation",
        WRONG_ARGUMENTS,
    ),
    Bad(Reply(None, [ToolCall("search", {"q": "cars"})]), "There is no function 'search'.", 'search({"q":"cars"})'),
    Bad(end("bored"), "The reason must be goal_met, goal_failed or stuck, not 'bored'.", '"reason":"bored"'),
    Bad(Reply("", finish_reason="length"), "It was cut off because it was too long", "(empty)"),
    Bad(Reply("BOT: " + "x" * 100_000), "It holds lines of the assistant.", "left out"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.told[:35])
async def test_an_answer_that_cannot_be_sent_is_shown_with_its_problem_and_asked_for_again(bad: Bad) -> None:
    async with reach([bad.step, Reply("Fine.")]) as there:
        move = await simulator(there).next_move(TURNS)
        *before, said, told = there.sent()["messages"]
        assert before == there.sent(0)["messages"]
    assert (move.what, move.retried, move.usage.calls) == (Say("Fine."), 1, 2)
    assert said["role"] == "assistant"
    assert bad.shown in said["content"]
    assert len(said["content"]) < 9_000
    assert told["role"] == "user"
    assert told["content"].startswith(f"(That could not be sent: {bad.told}")


async def test_two_answers_that_cannot_be_sent_are_an_error_with_both_paid_for() -> None:
    async with reach(Reply("", usage=Usage(100, 1))) as there:
        with pytest.raises(UnusableAnswer) as raised:
            await simulator(there).next_move([])
        assert there.calls == 2
    assert str(raised.value) == "openai/sim gave no usable message, twice: It was empty."
    assert (raised.value.usage.calls, raised.value.usage.input_tokens) == (2, 200)


@EACH_FORM
async def test_a_conversation_cannot_end_before_its_first_message(form: Form) -> None:
    async with reach([form.ending, form.ending, form.ending, form.ending], limits=form.limits) as there:
        with pytest.raises(UnusableAnswer, match="The conversation has not begun: write your first message"):
            await simulator(there).next_move([])


async def test_an_endpoint_that_refuses_late_what_it_took_before_is_an_error() -> None:
    async with reach([Reply("Hi."), Status(400, message="tools are not supported today")]) as there:
        sim = simulator(there)
        await sim.next_move([])
        with pytest.raises(ProviderError, match="not supported today"):
            await sim.next_move(TURNS)
