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
from personae.core.seed import derive
from personae.core.tasks import Speak
from personae.core.text import shown
from personae.core.usage import NO_USAGE, Usage
from personae.errors import ProviderError
from personae.llm.structured import CUT_OFF, UnusableAnswer, refused_feature, said_back, wants_alternation
from personae.simulation.dose import Shown, built, manner, planned
from personae.simulation.dose import shown as read_off
from personae.simulation.facts import FACTS, known, told_if_asked, volunteered
from personae.simulation.moves import End, Malformed, Say, read_json, read_text, read_tool_call
from personae.simulation.policies import Policy, Spoken

SIMULATOR = load("personae.simulation", "simulator")
OPENING = load("personae.simulation", "opening")
MALFORMED = load("personae.simulation", "malformed")
ENDINGS: dict[str, Prompt] = {
    "tool": load("personae.simulation", "end_by_tool"),
    "json": load("personae.simulation", "end_by_json"),
    "mark": load("personae.simulation", "end_by_mark"),
}
PROMPT_VERSIONS = versions(SIMULATOR, OPENING, MALFORMED, *ENDINGS.values())
NOTES = load("personae.simulation", "notes")
THIS_MESSAGE = load("personae.simulation", "this_message")
NOTE_VERSIONS = versions(NOTES, THIS_MESSAGE)
"""Of what a simulator is told where its conversation has behaviours."""
FACTS_VERSIONS = versions(FACTS)
"""And where its persona has facts with rules."""

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
    behaviours: Shown = field(default_factory=dict)
    """What was planned for this move and what it shows. Empty where the conversation has no behaviours."""


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
        behaviours = built(self.spec.behaviours) if self.spec.behaviours else ()
        now = planned(behaviours, self.spec.seed, turns) if behaviours else ()
        for attempt in range(2):
            reply, form = await self._ask(turns, now, retry)
            usage, latency_ms = usage + reply.usage, latency_ms + reply.latency_ms
            try:
                what = _read(reply, form, opening=not turns)
                if now:
                    _check_for_note(what, self._mark)
            except Malformed as error:
                problem = str(error)
                if reply.finish_reason in CUT_OFF:
                    problem = f"It was cut off because it was too long: think and write less. {problem}"
                retry = [
                    {"role": "assistant", "content": said_back(reply)},
                    {"role": "user", "content": MALFORMED.render(problem=problem)},
                ]
                continue
            move = Move(what, usage, latency_ms, reply.sampling, attempt)
            if behaviours:
                move.behaviours = read_off(behaviours, now, self._spoken(what, turns))
            return move
        raise UnusableAnswer(f"{self.model.name} gave no usable message, twice: {problem}", usage)

    def _spoken(self, what: Say | End, turns: Sequence[Turn]) -> Spoken:
        """The move as a detector looks at it."""
        text, reason = (what.text, None) if isinstance(what, Say) else (what.farewell, what.reason)
        return Spoken(text, turns, self.spec.persona, self.spec.scenario, reason)

    async def _ask(self, turns: Sequence[Turn], now: Sequence[Policy], retry: list[Message]) -> tuple[Reply, Form]:
        while True:
            form = self._form or _form(self.model)
            self._hear(turns, form)
            request = Request(
                [*self._told(now), *retry] if now else [*self._messages, *retry],
                "simulator",
                tools=(END_CONVERSATION,) if form == "tool" else (),
                output=MOVE if form == "json" else None,
                max_output_tokens=MAX_OUTPUT_TOKENS,
                about=self._task(turns, now),
            )
            try:
                reply = await self.model.complete(request)
            except ProviderError as error:
                if now and not self.model.capabilities.alternates and wants_alternation(error):
                    self.model.capabilities.alternates = True
                    continue
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

    def _told(self, now: Sequence[Policy]) -> list[Message]:
        """The messages with a note on this one alone at their end. It is not kept, so what comes before it is cached.

        Where two messages of one role must not follow each other, it stands in the last one.
        """
        note = THIS_MESSAGE.render(mark=self._mark, instructions="\n".join(f"- {one.instruction}" for one in now))
        if not self.model.capabilities.alternates:
            return [*self._messages, {"role": "user", "content": note}]
        *before, last = self._messages
        return [*before, {"role": "user", "content": f"{last['content']}\n\n{note}"}]

    @property
    def _mark(self) -> str:
        """What notes begin with. A bot that is not told the seed cannot write one."""
        return f"[note {derive(self.spec.seed, 'note') % 16**6:06x}]"

    def system_message(self, form: Form = "tool") -> str:
        """Persona, situation and rules. It holds nothing of how the conversation will be rated."""
        persona, scenario = self.spec.persona, self.spec.scenario
        text = SIMULATOR.render(
            name=persona.name,
            description=persona.description,
            traits=", ".join(manner(persona.traits)),
            domain_knowledge=persona.domain_knowledge,
            goal=scenario.goal,
            known_info=known(scenario, persona),
            unknown_info=scenario.unknown_info,
            instructions=scenario.instructions,
            how_to_end=ENDINGS[form].render(),
        )
        return f"{text}\n\n{NOTES.render(mark=self._mark)}" if self.spec.behaviours else text

    def _task(self, turns: Sequence[Turn], now: Sequence[Policy] = ()) -> Speak:
        persona, scenario = self.spec.persona, self.spec.scenario
        task = Speak(
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
        if persona.facts:
            task.known_info = told_if_asked(scenario, persona)
            task.volunteered = volunteered(persona)
        if self.spec.behaviours:
            task.traits = manner(persona.traits)
            task.behaviours = tuple((policy.name, policy.intensity) for policy in now)
        return task


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


def _check_for_note(what: Say | End, mark: str) -> None:
    if mark in (what.text if isinstance(what, Say) else what.farewell):
        raise Malformed("It repeats your note. Write only the message itself.")


def example_system_message(spec: Spec, model: Model) -> str:
    """What the simulator of `spec` would be told: for people to read before they start."""
    return Simulator(model, spec, max_turns=1).system_message(_form(model))
