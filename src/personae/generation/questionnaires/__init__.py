"""Questionnaires in the public domain: items, scores and what a score says.

Source: `big_five.json`: the Mini-IPIP, 20 items of the International Personality Item Pool, which is in the public
        domain (ipip.ori.org; Donnellan, Oswald, Baird and Lucas 2006). `values.json`: statements in our own words, two
        for each of the ten kinds of values that Schwartz (1992) names; not the PVQ, whose wording is not ours to give.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from statistics import fmean

_WORDS = ("very low", "low", "middling", "high", "very high")


@dataclass(frozen=True, slots=True)
class Item:
    """One statement."""

    number: int
    text: str
    scale: str
    is_reversed: bool
    """Agreeing with it says less of the scale, not more."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What some items measure together."""

    name: str
    low: str
    """Of people who score low, after "they"."""
    high: str


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """Items that are answered by whole numbers from `low` to `high`."""

    name: str
    ask: str
    """How an answer is to be given."""
    low: int
    high: int
    scales: Mapping[str, Scale]
    items: tuple[Item, ...]

    def problem(self, answers: Mapping[int, int]) -> str:
        """What is wrong with the answers; blank where they can be scored."""
        numbers = {item.number for item in self.items}
        if missing := sorted(numbers - set(answers)):
            return f"items {', '.join(map(str, missing))} of {self.name} have no answer"
        if strange := sorted(set(answers) - numbers):
            return f"{self.name} has no items {', '.join(map(str, strange))}"
        if wrong := sorted(number for number, answer in answers.items() if not self.low <= answer <= self.high):
            return f"answers to {', '.join(map(str, wrong))} of {self.name} are not from {self.low} to {self.high}"
        if len(set(answers.values())) == 1:
            return f"all answers to {self.name} are the same, though some of its items say the opposite of others"
        return ""

    def scores(self, answers: Mapping[int, int]) -> dict[str, float]:
        """The mean of each scale's items, `low` to `high`, reversed items turned round. All items must be answered.

        Means are kept as they are: the published code of SPeCtrum cuts off what is behind the point.
        """
        turned: dict[str, list[int]] = {scale: [] for scale in self.scales}
        for item in self.items:
            answer = answers[item.number]
            turned[item.scale].append(self.low + self.high - answer if item.is_reversed else answer)
        return {scale: round(fmean(given), 3) for scale, given in turned.items()}

    def level(self, score: float) -> int:
        """In which fifth of the scale a score is, 0 to 4."""
        return min(4, int(5 * (score - self.low) / (self.high - self.low)))

    def sentences(self, scores: Mapping[str, float]) -> Iterator[str]:
        """What each score says."""
        for key, score in scores.items():
            scale, level = self.scales[key], self.level(score)
            both = f"sometimes {scale.high}, sometimes {scale.low}"
            they = scale.low if level < 2 else scale.high if level > 2 else both
            name = scale.name.capitalize()
            yield f"{name} is {_WORDS[level]} ({score:.4g} on a scale from {self.low} to {self.high}): they {they}."


@cache
def questionnaire(name: str) -> Questionnaire:
    """`big_five` or `values`."""
    data = json.loads((files(__name__) / f"{name}.json").read_text(encoding="utf-8"))
    items = tuple(
        Item(number, text, scale.lstrip("-"), scale.startswith("-"))
        for number, (scale, text) in enumerate(data["items"], 1)
    )
    scales = {key: Scale(key, **what) for key, what in data["scales"].items()}
    return Questionnaire(data["name"], data["ask"], data["low"], data["high"], scales, items)
