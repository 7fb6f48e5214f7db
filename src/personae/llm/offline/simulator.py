"""The simulator: plays the persona by its agenda. What was said and answered is read off the turns alone, so a
conversation can be taken up anywhere, and the same turns and seed give the same next message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from personae.core.seed import derive
from personae.core.tasks import Speak
from personae.llm.offline.agenda import Agenda, agenda_of
from personae.llm.offline.behaviours import behaving, leaves
from personae.llm.offline.response import response
from personae.llm.offline.speech import mannered, phrase, worded
from personae.llm.offline.standing import Standing, stand

Reason = Literal["goal_met", "goal_failed", "stuck"]


@dataclass(frozen=True, slots=True)
class Say:
    """The persona goes on."""

    message: str


@dataclass(frozen=True, slots=True)
class End:
    """The persona ends the conversation."""

    reason: Reason
    explanation: str
    message: str
    """A farewell."""


def speak(task: Speak, seed: int) -> Say | End:
    """The persona's next message, or the end, in the manner that is asked for now."""
    said = _spoken(task, seed)
    if not (task.behaviours or task.volunteered):
        return said
    draw = Random(derive(seed, "behave", task.seed, len(task.turns)))
    if leaves(task) and not (isinstance(said, End) and said.reason == "goal_met"):
        said = End("stuck", "The user gave up.", "")
    message = behaving(said.message, task, draw)
    return Say(message) if isinstance(said, Say) else End(said.reason, said.explanation, message)


def _spoken(task: Speak, seed: int) -> Say | End:
    agenda = agenda_of(task)
    draw = Random(derive(seed, "speak", task.seed, len(task.turns)))
    standing = stand(agenda, task.turns)
    if not standing.spoken:
        return Say(_finish(_opening(agenda, draw), agenda, draw))
    if end := _ending(standing, draw):
        return end
    message = _finish(response(standing, draw), agenda, draw)
    return Say(message) if message.strip() else _farewell(standing, draw)


def _finish(parts: Sequence[str], agenda: Agenda, draw: Random) -> str:
    text = ""
    for part in dict.fromkeys(part for part in parts if part):
        follows = text and text[-1] not in ".!?:,"
        text += (" " if text else "") + (part[0].lower() + part[1:] if follows and not part.startswith("I") else part)
    return mannered(text, agenda.manner, draw)


def _opening(agenda: Agenda, draw: Random) -> list[str]:
    """Greeting, circumstances, and the first thing due. The rest comes later, unless the persona says all at once."""
    parts = [phrase("opening", agenda.manner, draw)]
    dues = 0
    remarks = 0
    for item in agenda.items:
        if item.is_due:
            if dues == (2 if agenda.manner.has("verbose") else 1):
                break
            dues += 1
        else:
            remarks += 1
            if dues or remarks > (2 if agenda.manner.has("verbose") else 1) or agenda.manner.has("terse"):
                continue
        first = item.text.replace("I also want", "I want", 1)
        parts.append(worded(first, agenda.manner, draw, keeps_lead=item.kind == "request"))
    return parts


def _ending(standing: Standing, draw: Random) -> End | None:
    """The end, where going on is of no use."""
    manner = standing.agenda.manner
    is_settled = not [item for item in standing.open_items() if item.is_due]
    if is_settled and _waits(standing):
        return None
    if is_settled:
        return _farewell(standing, draw)
    if standing.repeats >= 2 or standing.useless >= manner.patience:
        what = "kept saying the same" if standing.repeats >= 2 else "brought nothing new"
        open_items = [item.text for item in standing.open_items() if item.is_due]
        left = f"; still open: {_short(open_items[0])}" if open_items else ""
        if not standing.heard[-1].refuses or not standing.refused:
            return End("stuck", f"The bot {what} for {max(standing.repeats + 1, standing.useless)} replies{left}.",
                       mannered(phrase("lost", manner, draw), manner, draw))  # fmt: skip
    return None


def _waits(standing: Standing) -> bool:
    """The bot still needs a fact that was not given yet."""
    return bool(set(standing.heard[-1].asked) - standing.given) and not standing.lost_items() and standing.useless < 2


def _farewell(standing: Standing, draw: Random) -> End:
    manner = standing.agenda.manner
    if lost := standing.lost_items():
        return End("goal_failed", f"The bot declined {standing.refused[lost[0]]} times: {_short(lost[0].text)}.",
                   mannered(phrase("leaving", manner, draw), manner, draw))  # fmt: skip
    count = sum(item.is_due for item in standing.agenda.items)
    things = "the one thing" if count == 1 else f"all {count} things"
    return End(
        "goal_met",
        f"The bot answered {things} that the user came for.",
        mannered(phrase("thanks", manner, draw), manner, draw),
    )


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:99].rsplit(None, 1)[0] + " …"
