"""The labelled conversations beside this file, and how well the guards do on them. README.md says how they came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from personae.core.conversation import Conversation, Termination, Turn
from personae.core.persona import Persona, Scenario
from personae.core.validity import Validity
from personae.simulation.validity import check, guards

FOLDER = Path(__file__).parent
FILES = ("tuned", "held_out")

PERSONAS = {
    "shop": Persona(
        name="Maya Lindgren",
        description="Maya Lindgren, 41, a nurse who writes between two shifts. Her Beacon desk lamp is too bright.",
        traits=("terse",),
    ),
    "bank": Persona(
        name="worried_saver",
        description="A pensioner of 62 who has never had a card stolen before. Careful, polite, a little scared.",
    ),
    "german": Persona(
        name="Klaus Weber",
        description="Klaus Weber, 55, schreibt kurz und höflich und erledigt so etwas in der Mittagspause.",
    ),
    "flight": Persona(
        name="Sofia Rossi",
        description="Sofia Rossi travels for work. She speaks English and, when she is upset, Italian.",
    ),
    "dev": Persona(
        name="Tom",
        description="Tom is a software developer who writes scripts against the shop's API and builds a chatbot on it.",
        domain_knowledge="He knows HTTP. His mail is tom@craft.example.",
    ),
}
SCENARIOS = {
    "shop": Scenario(
        goal="Find out how to return the lamp, how many days are left for a return, and when the money is back.",
        known_info="Your order number is LO-20417. It was delivered on 3 May.",
        expected_outcome="The assistant should offer a prepaid return label without being asked, state the window of "
        "30 days, and confirm a refund of 149.90 euros.",
    ),
    "bank": Scenario(
        goal="Have the stolen card blocked and a new one sent.",
        known_info="The card ends in 4471. It was stolen on 2025-03-14.",
        expected_outcome="The bot blocks the card before asking for anything else, and says that the replacement card "
        "arrives within 7 working days and costs nothing.",
    ),
    "german": Scenario(
        goal="Die Lieferadresse der Bestellung ändern und erfahren, wann sie ankommt.",
        known_info="Die Bestellnummer ist B-77120. Die neue Adresse ist Gartenstraße 8 in Kassel.",
        expected_outcome="Der Bot bestätigt die neue Adresse und nennt den Freitag.",
    ),
    "flight": Scenario(
        goal="Change the flight to the next day.",
        known_info="Reservation ZFA04Y, flight HAT170 on 2024-05-20.",
        expected_outcome="The agent rebooks to May 21 and charges the difference.",
    ),
    "dev": Scenario(
        goal="Find out why the API answers with error 429, and what to do about it.",
        known_info="Three keys, 50 requests per second.",
        expected_outcome="The bot names the limit of 20 requests per second.",
    ),
}
_LINE = re.compile(r"([UBW])(?:\{([a-z_, ]*)\})?(?: (.*))?\Z")


@dataclass
class Labelled:
    """One conversation, and which guards should speak up at which of its turns; 0 is the whole."""

    name: str
    context: str
    ends: Termination
    turns: list[Turn] = field(default_factory=list)
    expected: set[tuple[str, int]] = field(default_factory=set)

    @property
    def user_turns(self) -> list[int]:
        return [number for number, turn in enumerate(self.turns, 1) if turn.role == "user"]

    def checked(self) -> Validity:
        conversation = Conversation(tuple(self.turns), self.ends)
        return check(PERSONAS[self.context], SCENARIOS[self.context], conversation)

    def found(self) -> set[tuple[str, int]]:
        """What the guards say. `ended_early` speaks of the last turn, whoever said it: its label may be the whole."""
        return {(finding.guard, self._place(finding.guard, finding.turn)) for finding in self.checked().findings}

    def _place(self, guard: str, turn: int) -> int:
        return 0 if guard == "ended_early" else turn


def read(name: str) -> list[Labelled]:
    """The conversations of one of the two files."""
    found: list[Labelled] = []
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            title, context, ends = line[2:].split()
            found.append(Labelled(title, context, cast("Termination", ends)))
        elif line.strip() and not line.startswith("#"):
            match = _LINE.match(line)
            assert match, f"{name}.txt: {line}"
            case, (who, labels, text) = found[-1], match.groups()
            if who != "W":
                role = "user" if who == "U" else "assistant"
                case.turns.append(Turn("user" if role == "user" else "assistant", (text or "").replace("\\n", "\n")))
            place = 0 if who == "W" else len(case.turns)
            for label in filter(None, (labels or "").split(", ")):
                case.expected.add((label, 0 if label == "ended_early" else place))
    return found


@dataclass
class Score:
    """How one guard does: places where it spoke up rightly, wrongly, and where it was silent wrongly."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def scores(cases: list[Labelled]) -> dict[str, Score]:
    """By guard."""
    by_guard = {name: Score() for name in guards.names()}
    for case in cases:
        found = case.found()
        for guard, _ in found & case.expected:
            by_guard[guard].right += 1
        for guard, _ in found - case.expected:
            by_guard[guard].wrong += 1
        for guard, _ in case.expected - found:
            by_guard[guard].missed += 1
    return by_guard


def differences(cases: list[Labelled]) -> Iterator[str]:
    """What is not as it was labelled, for whoever mends a guard."""
    for case in cases:
        found = case.found()
        for what, places in (("wrong", found - case.expected), ("missed", case.expected - found)):
            for guard, turn in sorted(places):
                words = case.turns[turn - 1].content if turn else "the whole"
                yield f"{case.name}: {what} {guard} at {turn}: {words!r}"
