"""What `identity` asks of a model, as JSON: a life, answers to questionnaires, a portrait. Each is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from personae.core.model import OutputSchema
from personae.core.template import pieces
from personae.generation._person import NO_PERSON
from personae.generation._shapes import object_of
from personae.generation.questionnaires import questionnaire
from personae.llm.structured import NotUsable

LIKED = 5
FEWEST_WORDS = 30
"""Of a weekday or weekend; shorter ones tell nothing."""
_FITS = {"low": (0.0, 0.4), "middle": (0.3, 0.7), "high": (0.6, 1.0)}
"""Part of the scale, 0 to 1, in which a score shows a tendency. They overlap: four items are a rough measure."""

_TEXT = {"type": "string"}


_LIST = {"type": "array", "items": _TEXT}
_NUMBER = {"type": "integer"}
_ANSWER = {"type": "array", "items": object_of({"item": _NUMBER, "answer": _NUMBER})}
LIFE = OutputSchema(
    "life", object_of({"name": _TEXT, "likes": _LIST, "dislikes": _LIST, "weekday": _TEXT, "weekend": _TEXT})
)
ANSWERS = OutputSchema("answers", object_of({"traits": _ANSWER, "values": _ANSWER}))
PORTRAIT = OutputSchema("portrait", object_of({"name": _TEXT, "personality": _TEXT, "values": _TEXT}))


@dataclass(frozen=True, slots=True)
class Tendencies:
    """How a person is to come out: a level of each trait, and the value that leads."""

    levels: Mapping[str, str]
    leading: str
    names: frozenset[str]
    """Under which names a plan holds them."""

    @classmethod
    def of(cls, drawn: Mapping[str, int | str], leading: str) -> Tendencies:
        traits = questionnaire("big_five").scales
        levels = {name: str(drawn[name]) for name in traits if name in drawn}
        return cls(levels, str(drawn.get(leading, "")), frozenset({*levels, leading}))

    @property
    def told(self) -> str:
        """In words; blank where there are none."""
        if not self.levels:
            return ""
        traits, values = questionnaire("big_five").scales, questionnaire("values").scales
        said = {
            "low": lambda scale: f"they {scale.low}",
            "middle": lambda scale: f"they sometimes {scale.high}, sometimes {scale.low}",
            "high": lambda scale: f"they {scale.high}",
        }
        lines = [f"- {name} {level}: {said[level](traits[name])}" for name, level in self.levels.items()]
        return "\n".join([*lines, f"- above all they {values[self.leading].high}"])


@dataclass(frozen=True, slots=True)
class Life:
    """Personal life context, as its person tells it."""

    name: str
    likes: tuple[str, ...]
    dislikes: tuple[str, ...]
    weekday: str
    weekend: str

    @property
    def story(self) -> str:
        """What it is told from others by."""
        return f"{self.weekday}\n\n{self.weekend}"

    @property
    def told(self) -> str:
        return (
            f"Likes: {'; '.join(self.likes)}.\nDislikes: {'; '.join(self.dislikes)}.\n"
            f"A weekday, in their own words: {self.weekday}\nA weekend, in their own words: {self.weekend}"
        )


@dataclass(frozen=True, slots=True)
class Portrait:
    """Personal identity in words."""

    name: str
    personality: str
    values: str


def life_of(data: Any) -> Life:
    """NotUsable where something is missing, repeated or too short."""
    given = _mapping(data)
    lists = {}
    for key in ("likes", "dislikes"):
        texts = given.get(key)
        if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
            raise NotUsable(f"`{key}` must be a list of texts.")
        different = {" ".join(text.casefold().split()): text.strip() for text in texts}
        if len(different) < LIKED:
            raise NotUsable(f"`{key}` must have {LIKED} different texts, not {len(different)}.")
        lists[key] = tuple(different.values())[:LIKED]
    days = {key: _paragraph(given, key) for key in ("weekday", "weekend")}
    for key, text in days.items():
        if len(text.split()) < FEWEST_WORDS:
            raise NotUsable(f"`{key}` is too short: tell the whole day in {FEWEST_WORDS} words or more.")
    if days["weekday"] == days["weekend"]:
        raise NotUsable("`weekday` and `weekend` are the same: they must be two different days.")
    return Life(_paragraph(given, "name"), lists["likes"], lists["dislikes"], days["weekday"], days["weekend"])


def portrait_of(data: Any) -> Portrait:
    """NotUsable where something is missing."""
    given = _mapping(data)
    return Portrait(*(_paragraph(given, key) for key in ("name", "personality", "values")))


def answers_of(data: Any, tends: Tendencies) -> Mapping[str, Mapping[int, int]]:
    """Answer by item, for `traits` and `values`. NotUsable where one is missing, or they show another person."""
    given = _mapping(data)
    found = {"traits": _answers(given.get("traits"), "traits"), "values": _answers(given.get("values"), "values")}
    for key, name in (("traits", "big_five"), ("values", "values")):
        if problem := questionnaire(name).problem(found[key]):
            raise NotUsable(f"{problem}.")
    traits = questionnaire("big_five")
    for name, score in traits.scores(found["traits"]).items():
        low, high = _FITS[tends.levels[name]]
        if not low <= (score - traits.low) / (traits.high - traits.low) <= high:
            raise NotUsable(
                f"The answers make {name} {score:.2f} on a scale from {traits.low} to {traits.high}, but this person's "
                f"is {tends.levels[name]}: answer its items as such a person would; mind those that say the opposite."
            )
    scores = questionnaire("values").scores(found["values"])
    if sorted(scores.values(), reverse=True)[2] > scores[tends.leading]:
        raise NotUsable(f"{tends.leading} must be among the three values that matter most to this person.")
    return found


def _answers(rows: Any, key: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for row in rows if isinstance(rows, list) else ():
        number, answer = (row.get("item"), row.get("answer")) if isinstance(row, Mapping) else (None, None)
        if not isinstance(number, int) or not isinstance(answer, int) or isinstance(answer, bool):
            raise NotUsable(f"Each of `{key}` needs an `item` and an `answer`, both whole numbers.")
        if number in found:
            raise NotUsable(f"Item {number} of `{key}` is answered twice.")
        found[number] = answer
    return found


def _mapping(data: Any) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise NotUsable("It must be a JSON object.")
    return data


def _paragraph(given: Mapping[str, Any], key: str) -> str:
    text = given.get(key)
    if not isinstance(text, str) or not text.strip():
        raise NotUsable(f"`{key}` must be a text that is not blank.")
    if NO_PERSON.search(text):
        raise NotUsable(f"`{key}` must be about the person, not about its author.")
    if len(pieces(text)) > 1:
        raise NotUsable(f"`{key}` must hold no placeholder in braces.")
    return " ".join(text.split())
