"""Steps of `population`: a person from lists of plain sentences, and a plan from what most surveys ask."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from personae.core.seed import derive
from personae.llm.offline import people

_PLACES = ("Lisbon", "Leeds", "Gdansk", "Lyon", "Bari", "Graz", "Malmo", "Cork", "Ghent", "Porto")
_FACTORS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")


@dataclass(frozen=True, slots=True)
class DescribePerson:
    """Write one person of a population."""

    facts: tuple[tuple[str, int | str], ...]
    lists: tuple[tuple[str, int], ...]
    """Path of each list, and how many texts it needs."""
    number: str

    def answer(self, seed: int) -> Any:
        draw = Random(derive(seed, "person", self.number, repr(self.facts)))
        facts, place, work = dict(self.facts), draw.choice(_PLACES), draw.choice(people.WORK)
        data: dict[str, Any] = {
            "name": people.name(draw),
            "nationality": "European",
            "residence": place,
            "education": f"School in {place}, then an apprenticeship.",
            "style": people.text(draw, 15, 30),
            "health": draw.choice(("Good.", "Good, but for the back.", "Hay fever in spring.", "Sleeps badly.")),
            "occupation": {"title": work, "organization": "", "description": f"Works as a {work} in {place}."},
            "relationships": [{"name": people.name(draw), "description": "a neighbour"}],
            "personality": {
                "big_five": {name: f"It is {facts.get(name, 'medium')}, as the neighbours say." for name in _FACTORS}
            },
        }
        for path, least in self.lists:
            top, _, below = path.partition(".")
            texts = _texts(below or top, least, draw)
            if below:
                data.setdefault(top, {})[below] = texts
            else:
                data[top] = texts
        return data


def _texts(of: str, least: int, draw: Random) -> list[str]:
    if of in ("likes", "interests"):
        return people.some(draw, people.LIKES, least)
    if of == "dislikes":
        return people.some(draw, people.DISLIKES, least)
    said = list(people.sentences(draw))
    draw.shuffle(said)
    return said[:least]


@dataclass(frozen=True, slots=True)
class ProposePlan:
    """Say how common which attributes are among the people of a description."""

    text: str

    def answer(self, seed: int) -> Any:
        del seed  # it knows these alone
        shares = {
            "age": {"18-29": 20, "30-44": 25, "45-59": 25, "60-74": 20, "75-90": 10},
            "gender": {"female": 50, "male": 48, "other": 2},
            "schooling": {"school only": 35, "apprenticeship": 40, "university": 25},
            "experience": {"new": 30, "some": 50, "much": 20},
        }
        attributes = [
            {"name": name, "about": "", "values": [{"value": value, "share": share} for value, share in values.items()]}
            for name, values in shares.items()
        ]
        return {"attributes": attributes, "never": []}
