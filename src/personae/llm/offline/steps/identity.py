"""Steps of `identity`: a life from lists, answers that follow the tendencies, and results put one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from personae.core.seed import derive
from personae.llm.offline import people


@dataclass(frozen=True, slots=True)
class TellLife:
    """Write a person's likes, dislikes, weekday and weekend."""

    known: tuple[tuple[str, int | str], ...]
    number: str

    def answer(self, seed: int) -> Any:
        draw = Random(derive(seed, "life", self.number, repr(self.known)))
        return {
            "name": people.name(draw),
            "likes": people.some(draw, people.LIKES, 5),
            "dislikes": people.some(draw, people.DISLIKES, 5),
            "weekday": people.text(draw, 60, 150, "I get up when I have to."),
            "weekend": people.text(draw, 60, 150, "I sleep for longer."),
        }


@dataclass(frozen=True, slots=True)
class AnswerItems:
    """Answer both questionnaires as the person would."""

    traits: tuple[tuple[int, str, bool], ...]
    """Number, scale, and whether it is reversed, of each item."""
    values: tuple[tuple[int, str, bool], ...]
    levels: tuple[tuple[str, str], ...]
    """`low`, `middle` or `high` by trait."""
    leading: str
    """The value that matters most."""
    number: str

    def answer(self, seed: int) -> Any:
        draw = Random(derive(seed, "answers", self.number, repr(self.levels), self.leading))
        around = {"low": (1, 1, 2, 2), "middle": (2, 3, 3, 4), "high": (4, 4, 5, 5)}
        dealt = {trait: draw.sample(around[level], 4) for trait, level in self.levels}
        return {
            "traits": [
                {"item": number, "answer": 6 - given if turned else given}
                for number, scale, turned in self.traits
                for given in (dealt[scale].pop(),)
            ],
            "values": [
                {"item": number, "answer": 6 if scale == self.leading else draw.randint(1, 5)}
                for number, scale, _ in self.values
            ],
        }


@dataclass(frozen=True, slots=True)
class Summarise:
    """Turn results into a portrait."""

    traits: tuple[str, ...]
    values: tuple[str, ...]
    number: str

    def answer(self, seed: int) -> Any:
        draw = Random(derive(seed, "portrait", self.number, *self.traits))
        return {"name": people.name(draw), "personality": " ".join(self.traits), "values": " ".join(self.values)}
