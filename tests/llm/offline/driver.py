"""Lets the offline simulator talk with a bot, and the offline judge rate what they said."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from personae.core.conversation import Turn
from personae.core.model import Reply, Request, Tool
from personae.core.tasks import Question, Rate, Speak, TurnQuestion
from personae.llm.offline.engine import OfflineModel

DEMO = Path(__file__).parents[3] / "src" / "personae" / "demo"
END = Tool("end_conversation", "Ends the conversation.", {"type": "object"})
METRICS = ("conversation-relevance", "knowledge-retention", "turn-consistency")
Bot = Callable[[Sequence[Turn]], str]


def speak_task(goal: str = "Find out what a repair costs.", **changes: Any) -> Speak:
    task = Speak(
        name="customer", description="A customer.", traits=(), domain_knowledge="", goal=goal, known_info="",
        unknown_info="", instructions="", turns=(), max_turns=8, seed=1,
    )  # fmt: skip
    return replace(task, **changes)


def ask(about: object, *, seed: int = 0, **changes: Any) -> Reply:
    request = Request([{"role": "system", "content": "prompt"}], "simulator", about=about)
    return asyncio.run(OfflineModel(seed).complete(replace(request, **changes)))


def turns_of(*texts: str) -> tuple[Turn, ...]:
    """Turns from texts, the user's first, then by turns."""
    return tuple(Turn("assistant" if place % 2 else "user", text) for place, text in enumerate(texts))


def next_message(task: Speak, *texts: str, seed: int = 0) -> str:
    """What the simulator says after `texts`. Fails where it ends instead."""
    reply = ask(replace(task, turns=turns_of(*texts)), seed=seed, tools=(END,))
    assert not reply.tool_calls, reply.tool_calls
    return reply.text


@dataclass(frozen=True)
class Talk:
    turns: tuple[Turn, ...]
    reason: str
    explanation: str
    farewell: str

    @property
    def user(self) -> list[str]:
        return [turn.content for turn in self.turns if turn.role == "user"]


def talk(task: Speak, bot: Bot, *, max_turns: int = 8, seed: int = 0) -> Talk:
    """A whole conversation."""
    turns: list[Turn] = []
    for _ in range(max_turns + 1):
        reply = ask(replace(task, turns=tuple(turns)), seed=seed, tools=(END,))
        if reply.tool_calls:
            end = json.loads(reply.tool_calls[0].arguments)
            return Talk(tuple(turns), end["reason"], end["explanation"], end["message"])
        if len(turns) == 2 * max_turns:
            break
        turns.append(Turn("user", reply.text))
        turns.append(Turn("assistant", bot(turns)))
    return Talk(tuple(turns), "max_turns", "", "")


def rate(turns: Sequence[Turn], *questions: str, goal: str = "", outcome: str = "") -> dict[str, Any]:
    """The judge's answer: `criteria` by id (`goal`, `q1`, `q2` ...), and `turns` as they come."""
    bot_turns = tuple(number for number, turn in enumerate(turns, 1) if turn.role == "assistant")
    asked = [Question(f"q{number}", text) for number, text in enumerate(questions, 1)]
    if outcome:
        asked.append(Question("goal", outcome, is_goal=True))
    checks = tuple(TurnQuestion(metric, metric, "", bot_turns) for metric in METRICS)
    reply = ask(Rate(goal, turns, tuple(asked), checks), purpose="judge")
    answer = json.loads(reply.text)
    return {"criteria": {entry["id"]: entry for entry in answer["criteria"]}, "turns": answer["turns"]}


def bad_turns(answer: dict[str, Any]) -> set[tuple[str, int]]:
    """Metric and turn of each NO."""
    return {(entry["id"], entry["turn"]) for entry in answer["turns"] if entry["verdict"] == "NO"}


def demo_bot(name: str) -> Bot:
    """`demo/bot.py` or `demo/bot_mended.py`, given the conversation as lines."""
    spec = importlib.util.spec_from_file_location(f"demo_{name}", DEMO / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    roles = {"user": "USER", "assistant": "ASSISTANT"}
    return lambda turns: str(module.model_fn("\n".join(f"{roles[turn.role]}: {turn.content}" for turn in turns)))


def demo_personas() -> list[dict[str, Any]]:
    lines = (DEMO / "personas.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip() and not line.startswith("#")]


def persona_task(persona: dict[str, Any]) -> Speak:
    return speak_task(
        persona["goal"], name=persona["name"], description=persona["profile"], traits=tuple(persona["traits"])
    )
