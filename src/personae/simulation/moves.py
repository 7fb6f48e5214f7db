"""What the simulator's answer says: the next message, or the end. Whatever cannot be sent as it is, is Malformed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, cast

from personae.core.model import ToolCall
from personae.core.text import loads, whole

EndReason = Literal["goal_met", "goal_failed", "stuck"]
END_REASONS: tuple[EndReason, ...] = ("goal_met", "goal_failed", "stuck")

_MARK = re.compile(r"^[ \t]*\[END[ _]*:?[ \t]*(goal_met|goal_failed|stuck)\][ \t]*(.*)\Z", re.MULTILINE | re.IGNORECASE)
_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_OWN_LABEL = re.compile(r"\A\s*(?:\*\*)?(?:user|customer)(?:\*\*)?[ \t]*:(?:\*\*)?[ \t]*", re.IGNORECASE)
_OTHER_SIDE = re.compile(r"^[ \t]*(?:\*\*)?(?:assistant|bot|agent)(?:\*\*)?[ \t]*:", re.MULTILINE | re.IGNORECASE)


class Malformed(ValueError):
    """The answer cannot be sent. The text says why, to the model, which gets one more try."""


@dataclass(frozen=True, slots=True)
class Say:
    text: str


@dataclass(frozen=True, slots=True)
class End:
    reason: EndReason
    explanation: str
    farewell: str = ""


def read_text(text: str) -> Say | End:
    """A plain message, or one with a marked last line that ends the conversation."""
    text = _THINKING.sub("", text).strip()
    if mark := _MARK.search(text):
        farewell = text[: mark.start()].strip()
        return End(_reason(mark.group(1)), mark.group(2).strip(), _message(farewell) if farewell else "")
    if text.startswith("{") and text.endswith("}"):  # a model that writes its tool call, or its choice, as text
        try:
            data = loads(text)
        except ValueError:
            return Say(_message(text))
        return _from_data(data.get("arguments") or data.get("parameters") or data)
    return Say(_message(text))


def read_json(text: str) -> Say | End:
    """The choice as structured output: action, message, reason, explanation."""
    try:
        data = loads(_THINKING.sub("", text).strip())
    except ValueError:
        return read_text(text)
    if not isinstance(data, dict):
        raise Malformed("It must be a JSON object with action, message, reason and explanation.")
    return _from_data(data)


def read_tool_call(call: ToolCall, text: str) -> End:
    """The call of `end_conversation`; what was written beside it is the farewell."""
    if call.name != "end_conversation":
        raise Malformed(f"There is no function {call.name!r}. Write your message as plain text.")
    try:
        arguments = loads(call.arguments or "{}")
    except ValueError:
        raise Malformed("The arguments of end_conversation were not valid JSON.") from None
    if not isinstance(arguments, dict):
        raise Malformed("The arguments of end_conversation must be an object with reason and explanation.")
    end = _end(arguments)
    beside = _THINKING.sub("", text).strip()
    return End(end.reason, end.explanation, end.farewell or (_message(beside) if beside else ""))


def _from_data(data: Any) -> Say | End:
    if not isinstance(data, dict):
        raise Malformed("It must be a chat message, or a JSON object with action and message.")
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
    return cast(EndReason, reason.lower())


def _message(text: str) -> str:
    """A message as the bot may see it: without a label of our own role, and never with the bot's lines in it."""
    text = _OWN_LABEL.sub("", text, count=1).strip()
    if _OTHER_SIDE.search(text):
        raise Malformed("It holds lines of the assistant. Write only your own next message.")
    if not text:
        raise Malformed("It was empty.")
    return whole(text)
