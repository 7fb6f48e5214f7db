"""What the simulator's answer says: the next message, or the end. Whatever cannot be sent as it is, is Malformed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, cast

from personae.core.model import ToolCall
from personae.core.text import loads, whole

EndReason = Literal["goal_met", "goal_failed", "stuck"]
END_REASONS: tuple[EndReason, ...] = ("goal_met", "goal_failed", "stuck")

_MARK = re.compile(r"[*_`]*\[END[ _:]*(goal_met|goal_failed|stuck)\][*_`: \t]*(.*)\Z", re.DOTALL | re.IGNORECASE)
_ANY_MARK = re.compile(r"\[END[ _:\]]", re.IGNORECASE)
_THINKING = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
"""Up to the last closing mark: some servers swallow the opening one."""
_ONLY_THINKING = re.compile(r"\A\s*<think(?:ing)?>", re.IGNORECASE)
_FENCE = re.compile(r"\A```(?:json)?\s*(\{.*\})\s*```\Z", re.DOTALL | re.IGNORECASE)
_MOVE_FIELDS = frozenset({"action", "reason", "message", "arguments", "parameters"})
_OWN_LABEL = re.compile(r"\A\s*(?:\*\*)?(?:user|customer)(?:\*\*)?[ \t]*:(?:\*\*)?[ \t]*", re.IGNORECASE)
_OTHER_SIDE = re.compile(r"^[ \t]*(?:\*\*)?(?:assistant|bot|agent)(?:\*\*)?[ \t]*:", re.MULTILINE | re.IGNORECASE)


class Malformed(ValueError):
    """The answer cannot be sent. The text says why, to the model, which gets one more try."""


@dataclass(frozen=True, slots=True)
class Say:
    """The next message."""

    text: str


@dataclass(frozen=True, slots=True)
class End:
    """The conversation is over for the persona."""

    reason: EndReason
    explanation: str
    farewell: str = ""


def read_text(text: str) -> Say | End:
    """A plain message, or one with a marked last line that ends the conversation."""
    text = _without_thinking(text)
    if "[" in text and (mark := _MARK.search(text)):
        farewell = text[: mark.start()].strip()
        return End(_reason(mark.group(1)), mark.group(2).strip(), _message(farewell) if farewell else "")
    if text.endswith(("}", "```")) and (data := _move_in(text)) is not None:
        return _from_data(data.get("arguments") or data.get("parameters") or data)
    return Say(_message(text))


def _move_in(text: str) -> dict[str, Any] | None:
    """The object in the text of a model that writes its tool call, or its choice, as text."""
    fenced = _FENCE.match(text)
    try:
        data = loads(fenced[1] if fenced else text)
    except ValueError:
        return None
    return data if isinstance(data, dict) and _MOVE_FIELDS & data.keys() else None


def read_json(text: str) -> Say | End:
    """The choice as structured output: action, message, reason, explanation."""
    try:
        data = loads(_without_thinking(text))
    except ValueError:
        return read_text(text)
    if not isinstance(data, dict):
        raise Malformed("It must be a JSON object with `action`, `message`, `reason` and `explanation`.")
    return _from_data(data)


def read_tool_call(call: ToolCall, text: str) -> End:
    """The call of `end_conversation`; what was written beside it is the farewell."""
    if call.name != "end_conversation":
        raise Malformed(f"There is no function {call.name!r}. Write your message as plain text.")
    try:
        arguments = loads(call.arguments or "{}")
    except ValueError:
        raise Malformed("The arguments of end_conversation are not valid JSON.") from None
    if not isinstance(arguments, dict):
        raise Malformed("The arguments of end_conversation must be an object with `reason` and `explanation`.")
    end = _end(arguments)
    beside = _without_thinking(text)
    return End(end.reason, end.explanation, end.farewell or (_message(beside) if beside else ""))


def _from_data(data: Any) -> Say | End:
    if not isinstance(data, dict):
        raise Malformed("It must be a chat message, or a JSON object with `action` and `message`.")
    reason = data.get("reason")
    if data.get("action") == "end" or (data.get("action") != "say" and reason in END_REASONS):
        return _end(data)
    message = data.get("message")
    if not isinstance(message, str):
        raise Malformed("The JSON object has no text in `message`.")
    return Say(_message(message))


def _end(data: dict[str, Any]) -> End:
    explanation, farewell = data.get("explanation", ""), data.get("message") or ""
    if not isinstance(explanation, str) or not isinstance(farewell, str):
        raise Malformed("`explanation` and `message` must be texts.")
    return End(_reason(data.get("reason")), explanation.strip(), _message(farewell) if farewell.strip() else "")


def _reason(reason: object) -> EndReason:
    if not isinstance(reason, str) or reason.lower() not in END_REASONS:
        raise Malformed(f"The reason must be goal_met, goal_failed or stuck, not {reason!r}.")
    return cast("EndReason", reason.lower())


def _without_thinking(text: str) -> str:
    if "<" in text:
        text = _THINKING.sub("", text)
        if _ONLY_THINKING.match(text):
            raise Malformed("It holds only thoughts. Write the message itself.")
    return text.strip()


def _message(text: str) -> str:
    """A message as the bot may see it: without a label of our own role, and never with the bot's lines in it."""
    text = _OWN_LABEL.sub("", text, count=1).strip() if ":" in text else text.strip()
    if ":" in text and _OTHER_SIDE.search(text):
        raise Malformed("It holds lines of the assistant. Write only your own next message.")
    if "[" in text and _ANY_MARK.search(text):
        raise Malformed("Its end mark is broken. The reason in it must be goal_met, goal_failed or stuck.")
    if not text:
        raise Malformed("It was empty.")
    return whole(text)
