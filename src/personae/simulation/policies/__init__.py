"""Policies: behaviours of simulated users, one per file. A policy says how the persona speaks, never what it wants.

Each has a dose. Outside the model, a draw of its own for each turn says whether the behaviour is asked for; a detector
reads off the user's message whether it was shown; and the report sets the one beside the other. Detectors match words
and know nothing of what they mean: each says in its file what it looks for, and answers "cannot tell" where the
message is no evidence either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from personae.core.conversation import Turn
from personae.core.persona import Persona, Scenario
from personae.core.prompt import Prompt
from personae.core.room import Room
from personae.core.seed import derive
from personae.errors import ConfigurationError
from personae.simulation.moves import EndReason

Intensity = Literal[1, 2, 3]
PACKAGE = "personae.simulation.policies"
_WHOLE = float(2**63)


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message of the user, and what a detector may look at beside it."""

    text: str
    before: Sequence[Turn]
    """The turns that came before it."""
    persona: Persona
    scenario: Scenario
    ended: EndReason | None = None
    """Why, where the user ended the conversation with it. The text may be blank then."""

    @property
    def is_opening(self) -> bool:
        return not self.before

    @property
    def told(self) -> tuple[str, ...]:
        """What the simulator knows of the situation and its user, in the words of whoever wrote it."""
        own, what = self.persona, self.scenario
        return (what.goal, what.instructions, what.known_info, own.description, own.domain_knowledge)

    @property
    def heard(self) -> str:
        """What the bot said last; blank where it has said nothing."""
        return next((turn.content for turn in reversed(self.before) if turn.role == "assistant"), "")

    @property
    def said_before(self) -> list[str]:
        """The user's earlier messages."""
        return [turn.content for turn in self.before if turn.role == "user"]


@dataclass(frozen=True)
class Policy:
    """What every file of this room registers a kind of: a behaviour and its dose."""

    probability: float = 0.3
    """Of its being asked for, 0 to 1, in each turn of the window by itself."""
    first_turn: int = 1
    """The user's first turn, from 1, in which it may be asked for."""
    last_turn: int | None = None
    """The last such turn. None: there is none."""
    intensity: Intensity = 1
    """1 slightly, 2 plainly, 3 strongly."""

    name: ClassVar[str] = ""
    shows_in_the_end: ClassVar[bool] = False
    """It can be told even where the user ends the conversation without a word."""
    excuses: ClassVar[frozenset[str]] = frozenset()
    """Guards (`simulation.validity`) that have nothing to object to where it was asked for."""
    instructions: ClassVar[tuple[Prompt, Prompt, Prompt]]
    """What the simulator is told, by intensity."""

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ConfigurationError(f"behaviour {self.name!r}: the probability is 0 to 1, not {self.probability:g}")
        if self.intensity not in (1, 2, 3):
            raise ConfigurationError(f"behaviour {self.name!r}: the intensity is 1, 2 or 3, not {self.intensity}")
        if self.first_turn < 1 or (self.last_turn is not None and self.last_turn < self.first_turn):
            raise ConfigurationError(
                f"behaviour {self.name!r}: the window must begin at turn 1 or later and not end before it begins, "
                f"not {self.first_turn} to {self.last_turn}"
            )

    @property
    def instruction(self) -> str:
        """What the simulator is told for one message."""
        return self.instructions[self.intensity - 1].text

    def is_planned(self, seed: int, turn: int) -> bool:
        """Whether the conversation of this seed asks for it in the user's turn of this number, from 1.

        The draw depends on seed, behaviour and turn alone, so another behaviour beside it, or a conversation that is
        taken up again, changes nothing; and with a higher probability each turn that had it still has it.
        """
        if turn < self.first_turn or (self.last_turn is not None and turn > self.last_turn):
            return False
        return derive(seed, "behaviour", self.name, turn) / _WHOLE < self.probability

    def delivered(self, said: Spoken) -> bool | None:
        """Whether the message shows the behaviour. None: it cannot be told from the message."""
        raise NotImplementedError


policies: Room[Policy] = Room(PACKAGE, "behaviour")


def by_intensity(name: str, slightly: str, plainly: str, strongly: str) -> tuple[Prompt, Prompt, Prompt]:
    """The three instructions of one behaviour, as prompts with a version each."""
    texts = (slightly, plainly, strongly)
    first, second, third = (
        Prompt(f"simulation/policies/{name}.{level}", " ".join(text.split())) for level, text in enumerate(texts, 1)
    )
    return first, second, third
