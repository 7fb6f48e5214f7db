"""The labelled messages beside this file, and how well the detectors do on them. README.md says how they came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from personae.core.conversation import Turn
from personae.simulation.policies import Spoken, policies
from tests.simulation.play import bot, user
from tests.simulation.validity.labelled import PERSONAS, SCENARIOS, Score

FOLDER = Path(__file__).parent
FILES = ("tuned", "held_out")


@dataclass(frozen=True)
class Labelled:
    """One message of a user, and whether it shows a behaviour."""

    behaviour: str
    context: str
    heard: str
    text: str
    shows: bool

    def delivered(self) -> bool | None:
        """What the detector says."""
        before: list[Turn] = [user("Hello."), bot(self.heard)] if self.heard else []
        said = Spoken(self.text, before, PERSONAS[self.context], SCENARIOS[self.context])
        return policies.get(self.behaviour)().delivered(said)


def read(name: str) -> list[Labelled]:
    """The messages of one of the two files."""
    found: list[Labelled] = []
    behaviour = context = heard = ""
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        sign, _, text = line.partition(" ")
        if sign == "==":
            behaviour = text
        elif sign.startswith("@"):
            context, heard = sign[1:], text
        elif sign in ("+", "-"):
            found.append(Labelled(behaviour, context, heard, text, sign == "+"))
        else:
            assert not line or line.startswith("#"), f"{name}.txt: {line}"
    return found


def scores(messages: list[Labelled]) -> dict[str, Score]:
    """By behaviour. `cannot tell` of a message that shows it counts as missed, and of another one as right."""
    by_behaviour = {name: Score() for name in policies.names()}
    for one in messages:
        score, said = by_behaviour[one.behaviour], one.delivered() is True
        score.right += said and one.shows
        score.wrong += said and not one.shows
        score.missed += one.shows and not said
    return by_behaviour


def differences(messages: list[Labelled]) -> Iterator[str]:
    """What is not as it was labelled, for whoever mends a detector."""
    for one in messages:
        if (said := one.delivered()) is not one.shows and (one.shows or said):
            yield f"{one.behaviour}: {'missed' if one.shows else 'wrong'}: {one.text!r}"
