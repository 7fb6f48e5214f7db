"""The engine: a model that computes its answers from the tasks of its requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

from personae.core.model import Capabilities, Reply, Request, ToolCall
from personae.core.tasks import (
    Audit,
    Identify,
    IsRefusal,
    Propose,
    Rate,
    ScorePersona,
    Speak,
    Step,
    WriteCriteria,
    WriteRow,
)
from personae.core.usage import Usage
from personae.llm import tokens
from personae.llm.offline.auditor import audit
from personae.llm.offline.author import criteria, row
from personae.llm.offline.heard import is_refusal
from personae.llm.offline.judge import rate
from personae.llm.offline.proposer import propose
from personae.llm.offline.roles import identify, score_persona
from personae.llm.offline.rule_bot import answer
from personae.llm.offline.simulator import End, Say, speak
from personae.llm.offline.slips import CARELESS, slipped
from personae.llm.offline.words import sayable

NAME = "offline/offline"
ABOUT = "This is personae's offline engine: for trying and testing. It answers no free prompts."
END_TOOL = "end_conversation"


@dataclass
class OfflineModel:
    """A model that computes its answer from the request's task instead of reading its prompt."""

    seed: int = 0
    capabilities: Capabilities = field(default_factory=Capabilities)
    is_careless: bool = False
    """As a simulator it slips out of its role now and then; see `slips`."""

    @property
    def name(self) -> str:
        return f"offline/{CARELESS}" if self.is_careless else NAME

    async def complete(self, request: Request) -> Reply:
        """The answer to `request.about`, in the form that the request asks of any model."""
        started = perf_counter()
        text, calls = self._answer(request)
        said = text + "".join(call.arguments for call in calls)
        usage = Usage(
            calls=1,
            input_tokens=tokens.estimate_messages(request.messages),
            output_tokens=tokens.estimate(said),
            estimated_calls=1,
        )
        latency_ms = (perf_counter() - started) * 1000
        return Reply(text, calls, usage, latency_ms, "tool_calls" if calls else "stop")

    def estimate_usd(self, input_tokens: int, output_tokens: int) -> float | None:  # noqa: ARG002 - the protocol's
        """Nothing costs anything here."""
        return 0.0

    def _answer(self, request: Request) -> tuple[str, tuple[ToolCall, ...]]:
        task = request.about
        if isinstance(task, Speak):
            said = speak(task, self.seed)
            if self.is_careless:
                said = replace(said, message=slipped(said.message, task, self.seed))
            return _spoken(said, request)
        data: Any
        if (compute := _COMPUTED.get(type(task))) is not None:
            data = compute(task)
        elif isinstance(task, IsRefusal):
            data = {"refusal": is_refusal(task.reply)}
        elif isinstance(task, Propose):
            data = propose(task, self.seed)
        elif isinstance(task, WriteRow):
            data = row(task, self.seed)
        elif isinstance(task, Step):
            data = task.answer(self.seed)
        elif request.purpose == "bot":
            return sayable(answer(request.messages, self.seed)), ()
        else:
            return ABOUT, ()
        text = json.dumps(data)
        return ("", (ToolCall(request.force_tool, text),)) if request.force_tool else (text, ())


_COMPUTED: dict[type, Callable[[Any], Any]] = {
    Rate: rate,
    Identify: identify,
    ScorePersona: score_persona,
    Audit: audit,
    WriteCriteria: criteria,
}
"""How tasks are answered that need no seed."""


def _spoken(said: Say | End, request: Request) -> tuple[str, tuple[ToolCall, ...]]:
    """What the simulator says, in the form that the request allows: by tool, as JSON, or as plain text."""
    message = sayable(said.message)
    if request.tools:
        if isinstance(said, Say):
            return message, ()
        arguments = {"reason": said.reason, "explanation": sayable(said.explanation), "message": message}
        tool = request.force_tool or next((tool.name for tool in request.tools if "end" in tool.name), END_TOOL)
        return "", (ToolCall(tool, json.dumps(arguments)),)
    ends = isinstance(said, End)
    if request.output is not None or request.json_object:
        reason, explanation = (said.reason, sayable(said.explanation)) if isinstance(said, End) else ("none", "")
        data = {"action": "end" if ends else "say", "message": message, "reason": reason, "explanation": explanation}
        return json.dumps(data), ()
    if isinstance(said, End):
        return f"{message}\n[END {said.reason}] {sayable(said.explanation)}".lstrip(), ()
    return message, ()
