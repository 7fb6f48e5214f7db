"""What a model is asked to do, as data: for the offline engine, which computes its answer instead of reading a prompt.

A task holds what the prompt says and no more: a simulator's task has no success criteria.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from personae.core.conversation import Turn


@runtime_checkable
class Step(Protocol):
    """A task of a generation method, which brings its offline answer with it; see `llm.offline.steps`."""

    def answer(self, seed: int) -> Any:
        """What a model could answer, as the JSON data that its prompt asks for; the same for the same seed."""
        ...


@dataclass(slots=True)
class Speak:
    """Play the persona: say the next message, or end the conversation. Made at every turn; never changed."""

    name: str
    description: str
    traits: tuple[str, ...]
    domain_knowledge: str
    goal: str
    known_info: str
    unknown_info: str
    instructions: str
    turns: Sequence[Turn]
    max_turns: int
    seed: int
    volunteered: tuple[str, ...] = ()
    """Facts that the user tells of their own accord, as sentences."""
    behaviours: tuple[tuple[str, int], ...] = ()
    """For this message alone: names of behaviours (see `simulation.policies`) and their intensity, 1 to 3."""


@dataclass(frozen=True, slots=True)
class Question:
    """One yes/no question about the whole transcript."""

    id: str
    text: str
    is_goal: bool = False
    """`text` is the scenario's expected outcome, and the question whether it was reached."""


@dataclass(frozen=True, slots=True)
class TurnQuestion:
    """One question asked of several bot turns, each answered by itself."""

    id: str
    metric: str
    text: str
    turns: tuple[int, ...]
    """Numbers of the bot turns to answer for; all turns of the transcript are counted, from 1."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Answer questions about a transcript, in the form of `rating.answers.SCHEMA`."""

    goal: str
    turns: Sequence[Turn]
    questions: tuple[Question, ...]
    turn_questions: tuple[TurnQuestion, ...]


@dataclass(frozen=True, slots=True)
class IsRefusal:
    """Does the bot's reply decline to help at all?"""

    message: str
    reply: str


@dataclass(frozen=True, slots=True)
class Audit:
    """Which of the user's turns show that the simulated user did not behave as the persona would?"""

    description: str
    traits: tuple[str, ...]
    turns: Sequence[Turn]


@dataclass(frozen=True, slots=True)
class Propose:
    """Make `n` personas from a product's description, at least one of them adversarial."""

    text: str
    n: int
    seed: int
    taken_names: tuple[str, ...] = ()
    needs_adversarial: bool = True


@dataclass(frozen=True, slots=True)
class WriteCriteria:
    """Write yes/no criteria for the answers to a prompt."""

    prompt: str
    placeholders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WriteRow:
    """Write one test case for a prompt: a value for each column."""

    prompt: str
    columns: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]]
    """Of columns that are a choice: what there is to choose from."""
    goal: str
    """The column that holds what a simulated user wants; blank where there is none."""
    known: int
    """How many test cases there are already."""


@dataclass(frozen=True, slots=True)
class Identify:
    """Which of the candidates is the user of this conversation? In the form of `rating.roles.SCHEMA`."""

    turns: Sequence[Turn]
    candidates: tuple[tuple[str, str], ...]
    """Id and description of each."""


@dataclass(frozen=True, slots=True)
class ScorePersona:
    """How well does the bot play the persona that it was given? In the form of `rating.persona_score.SCHEMA`."""

    persona: str
    turns: Sequence[Turn]
    tasks: tuple[str, ...]
