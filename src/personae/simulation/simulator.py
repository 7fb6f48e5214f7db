"""The simulator: a language model that plays one persona in one scenario.

It sees the conversation with roles flipped (the bot's turns as `user`, its own as `assistant`). Its system message
never changes during a conversation, and its history is only appended to, so that each request is the last one plus new
messages and providers' prompt caches work. It ends the conversation by the tool `end_conversation`; a model without
tools chooses by structured output, and one without either by a marked last line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from personae.core.conversation import Turn
from personae.core.model import Message, Model, OutputSchema, Reply, Request, Tool
from personae.core.prompt import Prompt, load, versions
from personae.core.result import Spec
from personae.core.tasks import Speak
from personae.core.text import shown
from personae.core.usage import NO_USAGE, Usage
from personae.errors import ProviderError
from personae.llm.structured import CUT_OFF, UnusableAnswer, refused_feature, said_back
from personae.simulation.moves import End, Malformed, Say, read_json, read_text, read_tool_call

SIMULATOR = load("personae.simulation", "simulator")
OPENING = load("personae.simulation", "opening")
MALFORMED = load("personae.simulation", "malformed")
ENDINGS: dict[str, Prompt] = {
    "tool": load("personae.simulation", "end_by_tool"),
    "json": load("personae.simulation", "end_by_json"),
    "mark": load("personae.simulation", "end_by_mark"),
}
PROMPT_VERSIONS = versions(SIMULATOR, OPENING, MALFORMED, *ENDINGS.values())

END_CONVERSATION = Tool(
    "end_conversation",
    "End the conversation because it is over for you.",
    {
        "type": "object",
        "properties": {
            "reason": {
                "type": "string",
                "enum": ["goal_met", "goal_failed", "stuck"],
                "description": "goal_met: you got all that you wanted. goal_failed: the assistant cannot or will not "
                "give it. stuck: no progress, and you would give up.",
            },
            "explanation": {"type": "string", "description": "Why it is over, in one or two sentences."},
            "message": {"type": "string", "description": "A last word to the assistant, or an empty text."},
        },
        "required": ["reason", "explanation"],
        "additionalProperties": False,
    },
)
MOVE = OutputSchema(
    "move",
    {
        "type": "object",
        "properties": {
            "action": {"type": "string", "enum": ["say", "end"]},
            "message": {"type": "string"},
            "reason": {"type": "string", "enum": ["none", "goal_met", "goal_failed", "stuck"]},
            "explanation": {"type": "string"},
        },
        "required": ["action", "message", "reason", "explanation"],
        "additionalProperties": False,
    },
)
MAX_OUTPUT_TOKENS = 2048

Form = Literal["tool", "json", "mark"]


@dataclass(slots=True)
class Move:
    """What the persona does next, and what it took to find out."""

    what: Say | End
    usage: Usage
    latency_ms: float
    sampling: Mapping[str, float]
    retried: int = 0


@dataclass(slots=True)
class Simulator:
    """Plays one persona in one scenario with `model`."""

    model: Model
    spec: Spec
    max_turns: int
    _messages: list[Message] = field(default_factory=list)
    _heard: int = 0
    _form: Form | None = None

    async def next_move(self, turns: Sequence[Turn]) -> Move:
        """The next message or the end, after `turns`, whose last is the bot's.

        Raises ProviderError where the model fails, or answers twice in a form that cannot be used.
        """
        usage, latency_ms, problem = NO_USAGE, 0.0, ""
        retry: list[Message] = []
        for attempt in range(2):
            reply, form = await self._ask(turns, retry)
            usage, latency_ms = usage + reply.usage, latency_ms + reply.latency_ms
            try:
                what = _read(reply, form, opening=not turns)
            except Malformed as error:
                problem = str(error)
                if reply.finish_reason in CUT_OFF:
                    problem = f"It was cut off because it was too long: think and write less. {problem}"
                retry = [
                    {"role": "assistant", "content": said_back(reply)},
                    {"role": "user", "content": MALFORMED.render(problem=problem)},
                ]
                continue
            return Move(what, usage, latency_ms, reply.sampling, attempt)
        raise UnusableAnswer(f"{self.model.name} gave no usable message, twice: {problem}", usage)

    async def _ask(self, turns: Sequence[Turn], retry: list[Message]) -> tuple[Reply, Form]:
        while True:
            form = self._form or _form(self.model)
            self._hear(turns, form)
            request = Request(
                [*self._messages, *retry],
                "simulator",
                tools=(END_CONVERSATION,) if form == "tool" else (),
                output=MOVE if form == "json" else None,
                max_output_tokens=MAX_OUTPUT_TOKENS,
                about=self._task(turns),
            )
            try:
                reply = await self.model.complete(request)
            except ProviderError as error:
                if self._form is not None or not refused_feature(error, request, self.model.capabilities):
                    raise
                self._messages.clear()  # nothing was said yet in this form: begin again in a weaker one
                self._heard = 0
                continue
            self._form = form
            return reply, form

    def _hear(self, turns: Sequence[Turn], form: Form) -> None:
        """Append what was said since the last call, with roles flipped."""
        if not self._messages:
            self._messages.append({"role": "system", "content": self.system_message(form)})
            self._messages.append({"role": "user", "content": OPENING.render()})
        for turn in turns[self._heard :]:
            role = "assistant" if turn.role == "user" else "user"
            self._messages.append({"role": role, "content": shown(turn.content)})
        self._heard = len(turns)

    def system_message(self, form: Form = "tool") -> str:
        """Persona, situation and rules. It holds nothing of how the conversation will be rated."""
        persona, scenario = self.spec.persona, self.spec.scenario
        return SIMULATOR.render(
            name=persona.name,
            description=persona.description,
            traits=", ".join(persona.traits),
            domain_knowledge=persona.domain_knowledge,
            goal=scenario.goal,
            known_info=scenario.known_info,
            unknown_info=scenario.unknown_info,
            instructions=scenario.instructions,
            how_to_end=ENDINGS[form].render(),
        )

    def _task(self, turns: Sequence[Turn]) -> Speak:
        persona, scenario = self.spec.persona, self.spec.scenario
        return Speak(
            persona.name,
            persona.description,
            persona.traits,
            persona.domain_knowledge,
            scenario.goal,
            scenario.known_info,
            scenario.unknown_info,
            scenario.instructions,
            turns,
            self.max_turns,
            self.spec.seed,
        )


def _form(model: Model) -> Form:
    can = model.capabilities
    return "tool" if can.tools else "json" if can.json_schema else "mark"


def _read(reply: Reply, form: Form, *, opening: bool) -> Say | End:
    what: Say | End
    if reply.tool_calls:
        what = read_tool_call(reply.tool_calls[0], reply.text)
    else:
        what = (read_json if form == "json" else read_text)(reply.text)
    if opening and isinstance(what, End):
        raise Malformed("The conversation has not begun: write your first message.")
    return what


def example_system_message(spec: Spec, model: Model) -> str:
    """What the simulator of `spec` would be told: for people to read before they start."""
    return Simulator(model, spec, max_turns=1).system_message(_form(model))
