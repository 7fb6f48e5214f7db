"""The loop between persona and bot: how it goes on, and every way in which it ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.fake_llm import BAD_KEY, Delay, Huge, Reply, Status, Step, Usage
from personae.bots import BotReply, Session
from personae.core.conversation import Turn
from personae.core.persona import Persona
from personae.errors import BotError, BudgetExceeded, ProviderError
from personae.rating.refusal import RefusalCheck
from personae.simulation.conversation import Rules, converse, too_long
from personae.simulation.simulator import Simulator
from tests.llm.reach import reach
from tests.simulation.play import MAYA, Failing, bot, end, never, scripted, spec, talk, user

pytestmark = pytest.mark.anyio
ADVERSARIAL = MAYA.model_copy(update={"traits": ("Adversarial",)})
REFUSAL = "I'm sorry, but I can't help with that."


def said(turns: list[Turn]) -> list[str]:
    return [f"{turn.role}: {turn.content}" for turn in turns]


async def says_no(_message: str, reply: str) -> bool:
    return reply == REFUSAL


@pytest.mark.parametrize("reason", ["goal_met", "goal_failed", "stuck"])
async def test_the_simulator_ends_the_conversation_with_its_reason(reason: str) -> None:
    async with reach([Reply("Hi."), end(reason, "So it is.")]) as there:
        turns, ended = await talk(there)
    assert said(turns) == ["user: Hi.", "assistant: I see."]
    assert (ended.termination, ended.explanation, ended.error) == (reason, "So it is.", "")
    assert ended.usage.calls == 1


async def test_a_farewell_is_the_last_turn_and_gets_no_answer() -> None:
    async with reach([Reply("Hi."), end(message="Thanks, bye!")]) as there:
        turns, ended = await talk(there)
    assert said(turns) == ["user: Hi.", "assistant: I see.", "user: Thanks, bye!"]
    assert turns[-1].metadata == {"farewell": True}
    assert ended.termination == "goal_met"


@pytest.mark.parametrize("most", [1, 2, 5])
async def test_max_turns_counts_replies_of_the_bot(most: int) -> None:
    async with reach(Reply("Go on.")) as there:
        turns, ended = await talk(there, max_turns=most)
        assert there.calls == most
    assert sum(turn.role == "assistant" for turn in turns) == most
    assert ended.termination == "max_turns"


async def test_a_refusal_ends_the_conversation() -> None:
    async with reach(Reply("Hi.")) as there:
        turns, ended = await talk(there, scripted("Hello!", REFUSAL), refused=says_no, max_turns=9)
    assert said(turns)[-1] == f"assistant: {REFUSAL}"
    assert (ended.termination, ended.refusals) == ("assistant_refused", 1)


async def test_an_adversarial_persona_goes_on_and_its_refusals_are_counted() -> None:
    async with reach(Reply("Do it.")) as there:
        _, ended = await talk(
            there, scripted(REFUSAL, "Sure?", REFUSAL), refused=says_no, max_turns=4, persona=ADVERSARIAL
        )
    assert (ended.termination, ended.refusals) == ("max_turns", 3)


@pytest.mark.parametrize(
    ("traits", "goes_on"),
    [
        (("adversarial",), True),
        (("terse", "ADVERSARIAL"), True),
        (("non-adversarial",), False),
        (("adversarial-ish", "very adversarial"), False),
        ((), False),
    ],
)
def test_adversarial_is_exactly_that_trait_in_any_case(traits: tuple[str, ...], goes_on: bool) -> None:
    persona = Persona(name="Eve", description="A user.", traits=traits)
    assert Rules(8).for_persona(persona).goes_on_after_refusal is goes_on


async def test_the_first_turn_tells_how_the_simulator_was_sampled() -> None:
    async with reach(Reply("Hi.", usage=Usage(50, 5))) as there:
        turns, _ = await talk(there, temperature=0.8)
    assert [turn.metadata for turn in turns if turn.role == "user"] == [{"sampling": {"temperature": 0.8}}, {}, {}]
    assert all(turn.usage is not None and turn.usage.calls == 1 for turn in turns if turn.role == "user")
    assert all(turn.latency_ms is not None for turn in turns)


async def test_a_message_that_was_mended_says_so() -> None:
    async with reach([Reply(""), Reply("Hi.")]) as there:
        turns, _ = await talk(there, max_turns=1)
    assert turns[0].metadata == {"retried": 1}


async def test_a_reply_of_five_megabytes_is_kept_whole() -> None:
    class Long(Failing):
        async def reply(self, turns: object, session: object) -> BotReply:
            return BotReply("x" * 5_000_000, 1.0)

    async with reach(Reply("Hi.")) as there:
        turns, ended = await talk(there, Long(BotError("")), max_turns=2)
        assert max(len(message["content"]) for message in there.sent()["messages"]) < 21_000
    assert [len(turn.content) for turn in turns if turn.role == "assistant"] == [5_000_000, 5_000_000]
    assert ended.termination == "max_turns"


async def test_a_message_of_five_megabytes_is_passed_on_whole() -> None:
    async with reach(Huge(5_000_000)) as there:
        turns, _ = await talk(there, max_turns=1)
    assert len(turns[0].content) == 5_000_000


@dataclass(frozen=True)
class Resumed:
    so_far: tuple[Turn, ...]
    first: str
    calls: int


@pytest.mark.parametrize(
    "case",
    [
        Resumed((), "user: Go on.", 2),
        Resumed((user("Hi."),), "assistant: One.", 1),
        Resumed((user("Hi."), bot("Hello!")), "user: Go on.", 1),
        Resumed((user("Hi."), bot("Hello!"), user("So?")), "assistant: Two.", 0),
    ],
    ids=lambda case: f"after {len(case.so_far)} turns",
)
async def test_a_conversation_goes_on_where_it_was_broken_off(case: Resumed) -> None:
    async with reach(Reply("Go on.")) as there:
        turns, ended = await talk(there, scripted("One.", "Two."), so_far=case.so_far, max_turns=2)
        assert there.calls == case.calls
    assert said(turns)[0] == case.first
    assert len(case.so_far) + len(turns) == 4
    assert ended.termination == "max_turns"


async def test_a_conversation_broken_off_at_a_refusal_ends_by_it() -> None:
    async with reach() as there:
        turns, ended = await talk(there, refused=says_no, so_far=[user("Hi."), bot(REFUSAL)])
        assert there.calls == 0
    assert (turns, ended.termination, ended.refusals) == ([], "assistant_refused", 1)


async def test_a_conversation_broken_off_at_its_last_reply_ends_without_a_call() -> None:
    async with reach() as there:
        turns, ended = await talk(there, so_far=[user("Hi."), bot("Hello!")], max_turns=1)
        assert there.calls == 0
    assert (turns, ended.termination) == ([], "max_turns")


async def test_a_bot_that_fails_ends_its_conversation_with_what_came_back() -> None:
    async with reach(Reply("Hi.")) as there:
        turns, ended = await talk(there, Failing(BotError("no reply in it", received="<html>"), after=1))
    assert said(turns) == ["user: Hi.", "assistant: I see.", "user: Hi."]
    assert (ended.termination, ended.error) == ("bot_error", "no reply in it")
    assert ended.metadata == {"received": "<html>"}


async def test_a_simulator_that_fails_ends_its_conversation_and_keeps_the_turns() -> None:
    async with reach([Reply("Hi."), Status(400, message="too strange")]) as there:
        turns, ended = await talk(there)
    assert said(turns) == ["user: Hi.", "assistant: I see."]
    assert ended.termination == "simulator_error"
    assert ended.error == "openai/sim answered 400: too strange"


async def test_calls_of_a_simulator_that_gave_no_message_are_counted() -> None:
    async with reach([Reply("Hi."), Reply("", usage=Usage(10, 1)), Reply("", usage=Usage(20, 1))]) as there:
        _, ended = await talk(there)
    assert ended.termination == "simulator_error"
    assert (ended.usage.calls, ended.usage.input_tokens) == (2, 30)


async def test_a_budget_that_is_used_up_ends_the_conversation() -> None:
    async with reach(Reply("Hi.")) as there:
        turns, ended = await talk(there, Failing(BudgetExceeded("the budget of $1 is used up")))
    assert said(turns) == ["user: Hi."]
    assert (ended.termination, ended.error) == ("budget_exceeded", "the budget of $1 is used up")


async def test_a_budget_that_ends_while_a_refusal_is_checked_ends_the_conversation() -> None:
    async def broke(_message: str, _reply: str) -> bool:
        raise BudgetExceeded("nothing left")

    async with reach(Reply("Hi.")) as there:
        turns, ended = await talk(there, refused=broke)
    assert (len(turns), ended.termination) == (2, "budget_exceeded")


async def test_a_hopeless_simulator_stops_the_run() -> None:
    async with reach(BAD_KEY) as there:
        with pytest.raises(ProviderError, match="Check the API key"):
            await talk(there)


async def test_a_hopeless_bot_stops_the_run() -> None:
    async with reach(Reply("Hi.")) as there:
        with pytest.raises(BotError, match="wrong address"):
            await talk(there, Failing(BotError("wrong address", hopeless=True)))


@pytest.mark.parametrize(
    ("turns", "termination"),
    [([], "simulator_error"), ([user("Hi.")], "bot_error"), ([user("Hi."), bot("Hello!")], "simulator_error")],
)
def test_a_conversation_that_takes_too_long_is_the_fault_of_the_side_waited_for(
    turns: list[Turn], termination: str
) -> None:
    ended = too_long(turns, 90.0)
    assert (ended.termination, ended.error) == (termination, "the conversation took longer than 90 s")


async def test_cancelling_ends_the_call_under_way_and_leaves_no_place_taken() -> None:
    async with reach([Reply("Hi."), Delay(60_000)]) as there:
        task = asyncio.create_task(talk(there))
        while there.calls < 2:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert there.model().gate.running == 0


async def test_the_loop_makes_no_call_before_the_last_turn_was_taken() -> None:
    async with reach(Reply("Hi.")) as there:
        events = converse(Simulator(there.model(), spec(), 3), scripted(), Session("s"), Rules(3), never)
        await anext(events)
        await anext(events)
        assert there.calls == 1
        await anext(events)
        assert there.calls == 2


async def test_refusals_in_another_language_end_the_conversation_by_the_judges_word() -> None:
    def judge_or_user(request: object) -> Step | None:
        return None if getattr(request, "role", "") == "judge" else Reply("Hola.")

    async with reach(judge_or_user) as there:
        check = RefusalCheck(there.model(model="judge"))
        _, ended = await talk(there, scripted("Lo siento, no puedo ayudarte con eso."), refused=check, max_turns=5)
    assert ended.termination == "assistant_refused"
    assert check.usage.calls == 1


@given(st.integers(1, 6), st.integers(0, 12), st.booleans())
async def test_turns_alternate_and_never_exceed_the_ceiling(most: int, ends_after: int, farewell: bool) -> None:
    steps: list[Step] = [Reply(f"m{number}") for number in range(max(ends_after, 1))]
    steps += [end(message="Bye." if farewell else "")] * 20
    async with reach(steps) as there:
        turns, ended = await talk(there, max_turns=most)
    kept = [turn for turn in turns if not turn.metadata.get("farewell")]
    assert [turn.role for turn in kept] == ["user", "assistant"] * (len(kept) // 2)
    assert len(kept) // 2 == min(most, max(ends_after, 1))
    assert ended.termination == ("max_turns" if most <= max(ends_after, 1) else "goal_met")
