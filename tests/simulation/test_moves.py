"""What the simulator's answers mean: the next message, the end, or nothing that can be sent."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personae.core.model import ToolCall
from personae.simulation.moves import End, Malformed, Say, read_json, read_text, read_tool_call


@dataclass(frozen=True)
class Case:
    text: str
    move: Say | End


TEXTS = [
    Case("  Where is my car?\n", Say("Where is my car?")),
    Case("USER: Where is it?", Say("Where is it?")),
    Case("**User:** Where is it?", Say("Where is it?")),
    Case("customer: Where is it?", Say("Where is it?")),
    Case("User: my name is user: 7", Say("my name is user: 7")),
    Case("The user said: no", Say("The user said: no")),
    Case("My agent told me: yes", Say("My agent told me: yes")),
    Case("<think>Be terse.</think>Where is it?", Say("Where is it?")),
    Case("<thinking>\nBe\nterse.\n</thinking>\n\nWhere is it?", Say("Where is it?")),
    Case("Be terse.\n</think>\nWhere is it?", Say("Where is it?")),
    Case("Is 3 < 4 and 5 > 4?", Say("Is 3 < 4 and 5 > 4?")),
    Case("half \ud800", Say("half \ufffd")),
    Case("Thanks.\n[END goal_met] I have the date.", End("goal_met", "I have the date.", "Thanks.")),
    Case("[END stuck]", End("stuck", "", "")),
    Case("[end: GOAL_FAILED] They said no.", End("goal_failed", "They said no.", "")),
    Case("Bye! [END goal_met] All done.", End("goal_met", "All done.", "Bye!")),
    Case("Bye!\n**[END goal_met]** All done.", End("goal_met", "All done.", "Bye!")),
    Case("[END_goal_met]\nI have the date\nand the price.", End("goal_met", "I have the date\nand the price.", "")),
    Case('{"action": "say", "message": "Hi."}', Say("Hi.")),
    Case('```json\n{"action": "say", "message": "Hi."}\n```', Say("Hi.")),
    Case('{"action": "end", "reason": "stuck", "explanation": "No."}', End("stuck", "No.")),
    Case('{"name": "end_conversation", "arguments": {"reason": "stuck", "explanation": "No."}}', End("stuck", "No.")),
    Case('{"name": "end_conversation", "parameters": {"reason": "goal_met"}}', End("goal_met", "")),
    Case('{"order": 48213}', Say('{"order": 48213}')),
    Case("{not json}", Say("{not json}")),
]


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case.text[:30].encode("ascii", "replace").decode())
def test_a_plain_text_is_a_message_or_an_end(case: Case) -> None:
    assert read_text(case.text) == case.move


@dataclass(frozen=True)
class Bad:
    text: str
    told: str


BAD_TEXTS = [
    Bad("", "It was empty."),
    Bad(" \n", "It was empty."),
    Bad("User:", "It was empty."),
    Bad("<think>What would Maya say?", "It holds only thoughts."),
    Bad("<think>What?</think>", "It was empty."),
    Bad("Where is it?\nASSISTANT: On its way.", "It holds lines of the assistant."),
    Bad("**Bot**: Hello, how can I help?", "It holds lines of the assistant."),
    Bad("USER: Hi\nAGENT: Hello\nUSER: Bye", "It holds lines of the assistant."),
    Bad("Thanks.\n[END done] All fine.", "Its end mark is broken."),
    Bad("Thanks. [END]", "Its end mark is broken."),
    Bad("Assistant: Bye.\n[END goal_met] Done.", "It holds lines of the assistant."),
    Bad('{"action": "end", "reason": "none"}', "The reason must be goal_met, goal_failed or stuck, not 'none'."),
    Bad('{"action": "say"}', "The JSON object has no text in `message`."),
    Bad('{"action": "say", "message": ""}', "It was empty."),
    Bad('{"action": "end", "reason": "stuck", "explanation": 7}', "`explanation` and `message` must be texts."),
    Bad('{"name": "end_conversation", "arguments": "{}"}', "It must be a chat message, or a JSON object"),
]


@pytest.mark.parametrize("case", BAD_TEXTS, ids=lambda case: case.text[:30])
def test_a_text_that_cannot_be_sent_says_why(case: Bad) -> None:
    with pytest.raises(Malformed) as raised:
        read_text(case.text)
    assert str(raised.value).startswith(case.told)


@pytest.mark.parametrize(
    "case",
    [
        Case('{"action": "say", "message": "Hi.", "reason": "none", "explanation": ""}', Say("Hi.")),
        Case('{"action": "say", "message": "Hi.", "reason": "goal_met", "explanation": ""}', Say("Hi.")),
        Case('{"action": "end", "message": "Bye.", "reason": "goal_met", "explanation": "Done. "}',
             End("goal_met", "Done.", "Bye.")),
        Case('{"message": "", "reason": "stuck", "explanation": "No."}', End("stuck", "No.")),
        Case("Hello there.", Say("Hello there.")),
    ],
    ids=lambda case: case.text[:40],
)  # fmt: skip
def test_the_choice_as_json_is_a_message_or_an_end(case: Case) -> None:
    assert read_json(case.text) == case.move


@pytest.mark.parametrize(("text", "told"), [("[]", "It must be a JSON object"), ("{}", "The JSON object has no text")])
def test_json_of_another_form_says_why(text: str, told: str) -> None:
    with pytest.raises(Malformed, match=told):
        read_json(text)


def test_the_tool_ends_with_the_text_beside_it_as_a_farewell() -> None:
    call = ToolCall("end_conversation", '{"reason": "goal_met", "explanation": "Done."}')
    assert read_tool_call(call, "<think>bye</think>Thanks!") == End("goal_met", "Done.", "Thanks!")


def test_a_farewell_in_the_arguments_wins_over_the_text_beside() -> None:
    call = ToolCall("end_conversation", '{"reason": "goal_met", "explanation": "", "message": "Bye."}')
    assert read_tool_call(call, "I will end now.") == End("goal_met", "", "Bye.")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (ToolCall("search", "{}"), "There is no function 'search'. Write your message as plain text."),
        (ToolCall("end_conversation", '{"reason": "goal_met", '), "are not valid JSON"),
        (ToolCall("end_conversation", "[]"), "must be an object with `reason` and `explanation`"),
        (ToolCall("end_conversation", ""), "The reason must be goal_met, goal_failed or stuck, not None"),
        (ToolCall("end_conversation", '{"reason": ["stuck"]}'), "The reason must be"),
    ],
)
def test_a_call_that_is_wrong_says_why(call: ToolCall, told: str) -> None:
    with pytest.raises(Malformed) as raised:
        read_tool_call(call, "")
    assert told in str(raised.value)


@given(st.text() | st.from_regex(r"(?s)(<think>|</think>|USER: |\[END stuck\]|\{\"action\": \"|\n)*.{0,30}"))
def test_whatever_a_model_writes_the_bot_gets_clean_text_or_nothing(text: str) -> None:
    for read in (read_text, read_json):
        try:
            move = read(text)
        except Malformed:
            continue
        said = move.text if isinstance(move, Say) else move.farewell
        said.encode()
        assert said == said.strip()
        assert said or isinstance(move, End)
        assert "[END stuck]" not in said
