"""The usual answer: read from the request who is asked (simulator, judge or bot), and answer in that role.

The prompts of other simulators (multivon-eval, deepeval, openevals) are known by their words, so that they
can run whole conversations against this server.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from lab.fake_llm import phrases
from lab.fake_llm.request import ANY_TOOL, ChatRequest
from lab.fake_llm.schema import END_NAMES, TURN_NAMES, Filler
from lab.fake_llm.steps import Reply, ToolCall

END_TOOL = "end_conversation"
END_MARK = "[END goal_met]"
"""Last line of a simulator that has neither tools nor JSON, when its prompt speaks of it."""
SIMULATOR, JUDGE, BOT = "simulator", "judge", "bot"
USED_TURNS = re.compile(r"You have used (\d+) of")


def role_of(request: ChatRequest) -> str:
    """Who is asked: by the tools, by the schema, by known prompts, and at last by the name of the model."""
    if END_TOOL in request.tools:
        return SIMULATOR
    schema = _wanted_schema(request)
    if schema is not None:
        names = schema.get("properties", {}).keys()
        return SIMULATOR if names & TURN_NAMES or (names & END_NAMES and request.own_turns) else JUDGE
    if len(request.messages) <= 2:
        known = _known_prompt(request)
        if known is not None:
            return known[0]
    if request.model.startswith(("sim", "persona", "user")) or END_MARK in request.first_text:
        return SIMULATOR
    return JUDGE if request.model.startswith("judge") or request.json_object else BOT


def answer(request: ChatRequest, end_after: int | None) -> Reply:
    """The usual answer in the role that `role_of` found. Deterministic: it depends on the request alone."""
    turn = request.own_turns
    ending = end_after is not None and turn >= end_after
    if END_TOOL in request.tools:
        return _simulated_turn(request, turn, ending)
    text = phrases.user_text(turn, request.checksum)
    schema = _wanted_schema(request)
    if schema is not None:
        value = Filler(schema, text, request.last_text, ending).fill()
        forced = _forced_tool(request)
        return Reply(tool_calls=(ToolCall(forced, value),)) if forced else Reply(_dump(value))
    if len(request.messages) <= 2:
        known = _known_prompt(request, end_after)
        if known is not None:
            return Reply(known[1])
    if request.role == SIMULATOR:
        return Reply(f"Thank you, that is all I wanted.\n{END_MARK} It was solved." if ending else text)
    if request.role == JUDGE:
        return Reply(_dump({"verdict": "YES", "score": 1, "reasoning": phrases.REASON}))
    return Reply(phrases.bot_text(request.checksum))


def _simulated_turn(request: ChatRequest, turn: int, ending: bool) -> Reply:
    others = [name for name in request.tools if name != END_TOOL]
    forced = request.forced == END_TOOL or (request.forced == ANY_TOOL and not others)
    if ending or forced:
        value = Filler(request.tools[END_TOOL], ending=True).fill()
        return Reply(tool_calls=(ToolCall(END_TOOL, {**value, "reason": "goal_met"}),))
    text = phrases.user_text(turn, request.checksum)
    if request.forced:
        name = others[0] if request.forced == ANY_TOOL else request.forced
        return Reply(tool_calls=(ToolCall(name, Filler(request.tools[name], text).fill()),))
    return Reply(text)


def _forced_tool(request: ChatRequest) -> str | None:
    if request.forced == ANY_TOOL:
        return next(iter(request.tools), None)
    return request.forced


def _wanted_schema(request: ChatRequest) -> dict[str, Any] | None:
    if request.schema is not None:
        return request.schema
    forced = _forced_tool(request)
    if forced is not None:
        return request.tools.get(forced)
    return _schema_in(request.first_text) or (_schema_in(request.last_text) if request.json_object else None)


def _schema_in(text: str) -> dict[str, Any] | None:
    """A JSON schema written into the prompt, as is done for models that know no response format."""
    if '"properties"' not in text:
        return None
    decoder = json.JSONDecoder()
    start = text.find("{")
    while start >= 0:
        try:
            found, _ = decoder.raw_decode(text, start)
        except ValueError:
            found = None
        if isinstance(found, dict):
            schema = found.get("schema", found)
            if isinstance(schema, dict) and "properties" in schema:
                return schema
        start = text.find("{", start + 1)
    return None


def _known_prompt(request: ChatRequest, end_after: int | None = None) -> tuple[str, str] | None:
    system, last = request.first_text, request.last_text
    if last.endswith('Answer with only "Yes" or "No".'):
        return JUDGE, "Yes"
    if '"goal_reached"' in system:
        used = USED_TURNS.search(last)
        turn = int(used[1]) if used else 0
        ending = end_after is not None and turn >= end_after
        text = phrases.user_text(turn, request.checksum)
        return SIMULATOR, _dump({"message": text, "goal_reached": ending})
    if '"goal_achieved"' in system:
        return JUDGE, _dump({"goal_achieved": True, "reason": phrases.REASON})
    if "`simulated_input`" in last:
        turn = last.count('"role": "user"')
        return SIMULATOR, _dump({"simulated_input": phrases.user_text(turn, request.checksum)})
    if "`is_complete`" in last:
        return JUDGE, _dump({"is_complete": False, "reason": phrases.REASON})
    if '"score"' in last and last.rstrip().endswith("JSON:"):
        return JUDGE, _dump({"score": 10, "reason": phrases.REASON})
    if '"personas"' in system and '"success_criteria"' in system:
        return JUDGE, _dump({"personas": [_persona(number) for number in range(5)]})
    return None


def _persona(number: int) -> dict[str, Any]:
    return {
        "name": f"persona-{number}",
        "profile": "A customer who writes short messages on the way to work.",
        "goal": phrases.USER_OPENINGS[number % len(phrases.USER_OPENINGS)],
        "success_criteria": "The assistant says what happens next and when.",
        "traits": ["adversarial"] if number == 0 else ["terse"],
    }


def _dump(value: Any) -> str:
    return orjson.dumps(value).decode()
