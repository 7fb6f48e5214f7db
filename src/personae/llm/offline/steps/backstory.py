"""Steps of `generation.backstory`: a life in set phrases, a critic that compares numbers, a survey by the anchor."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from personae.core.seed import derive

_OPENINGS = (
    "I was the second of three children, and I grew up where I still know every corner.",
    "School was not made for me, and I left it as soon as I could get away with it.",
    "A usual week begins before six, and it ends when the others have had their supper.",
    "We live close to each other, and we quarrel about who does what, and about money.",
    "The hardest time was when I could not work, and nobody could tell me for how long.",
    "I do not say much about what I believe, since at our table everybody believes something else.",
    "The others live only two streets away, and they think that people like me have it easy.",
    "When I need something from a company I write it down first, so that nobody can talk me out of it.",
    "What lies ahead I take as it comes, but I do put something by each month.",
)
_DETAILS = (
    "My mother kept a notebook of every coin that went out.", "My father could mend anything but his own bicycle.",
    "A neighbour lent us a room for the winter.", "I still have the letter, and I have never shown it to anybody.",
    "We laughed about it later, though not at once.", "I should have said something then, and I did not.",
    "It cost more than we had, and we paid it off in parts.", "Somebody told me three different things.",
    "I went there on foot, because the bus did not come.", "Since then I ask for it in writing.",
    "My sister says that I make too much of it.", "I am not proud of how I spoke to him that day.",
)  # fmt: skip
_COUNTED = re.compile(
    r"\b(one|two|three|four|five|six|seven|\d+) (children|sons|daughters|brothers|sisters|years old)\b"
)


@dataclass(frozen=True, slots=True)
class TellLife:
    """What does the person of this anchor answer to the question with this number?"""

    anchor: Mapping[str, str | int]
    question: int
    tries: int
    seed: int

    def answer(self, seed: int) -> dict[str, Any]:
        draw = Random(derive(seed, "tell", self.seed, self.question, self.tries))
        facts = [str(value) for name, value in self.anchor.items() if name not in ("age", "gender")]
        about = facts[self.question % len(facts)] if facts else "my life"
        told = " ".join(draw.sample(_DETAILS, 5))
        return {
            "reply": f"{_OPENINGS[self.question % len(_OPENINGS)]} For me it is all bound up with this: {about}. {told}"
        }


@dataclass(frozen=True, slots=True)
class Criticise:
    """Does the latest answer contradict what was said before?"""

    before: Sequence[str]
    now: str

    def answer(self, seed: int) -> dict[str, Any]:  # noqa: ARG002 - the protocol's
        said = {match[2]: match[0] for text in self.before for match in _COUNTED.finditer(text)}
        return {
            "objections": [
                {"earlier": said[match[2]], "now": match[0], "problem": f"It was {said[match[2]]} before."}
                for match in _COUNTED.finditer(self.now)
                if match[2] in said and said[match[2]] != match[0]
            ]
        }


@dataclass(frozen=True, slots=True)
class FillSurvey:
    """Which answers would the teller of this story give?"""

    options: Mapping[str, Sequence[str]]
    anchor: Mapping[str, str | int]
    seed: int

    def answer(self, seed: int) -> dict[str, Any]:
        draw = Random(derive(seed, "survey", self.seed))
        answers = []
        for trait, options in self.options.items():
            known = self.anchor.get(trait)
            fits = [option for option in options if option == known or (trait == "age" and _holds(option, known))]
            answers.append({"trait": trait, "answer": fits[0] if fits else draw.choice(list(options))})
        return {"answers": answers}


def _holds(span: str, age: str | int | None) -> bool:
    """Whether a range such as `30-44` or `65 or older` holds this age."""
    ends = [int(number) for number in re.findall(r"\d+", span)]
    if not ends or not isinstance(age, int):
        return False
    return ends[0] <= age <= (ends[1] if len(ends) > 1 else 200)
