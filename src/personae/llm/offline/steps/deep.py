"""Steps of `generation.deep`: a life, values and a narrative, put together from the anchor's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from personae.core.seed import derive

_FIRST = (
    "Ada", "Bilal", "Catrin", "Dario", "Efua", "Florian", "Gita", "Haruto", "Ines", "Jamal", "Katya", "Lorenzo",
    "Mira", "Nnamdi", "Olga", "Pablo", "Qiao", "Rashid", "Sunniva", "Tomasz", "Ulrike", "Vikram", "Wanjiru", "Ximena",
    "Yusuf", "Zofia",
)  # fmt: skip
_FAMILY = (
    "Adeyemi", "Bauer", "Castillo", "Dlamini", "Eriksen", "Fontaine", "Gupta", "Hughes", "Ito", "Jansen", "Kaya",
    "Larsen", "Mwangi", "Nowak", "Oduya", "Park", "Quispe", "Rossi", "Santos", "Tan", "Usman", "Varga", "Weber", "Yang",
)  # fmt: skip
_EVENTS = (
    "the year I changed schools", "the summer my father lost his work", "the move to another town",
    "an illness that took a winter", "the first money I earned", "a friend who left without a word",
    "the flood that took our cellar", "a letter that came two years late",
)  # fmt: skip
_LESSONS = (
    "I check things twice since then", "I do not wait for others any more", "I learnt to ask when I am lost",
    "I keep some money where nobody sees it", "I would rather be late than wrong", "I trust people who explain",
)  # fmt: skip
_INTERESTS = (
    "old maps", "football on the radio", "growing herbs", "crosswords", "mending clocks", "choir", "cheap train trips",
    "card games", "baking bread", "second-hand books", "walking the dog", "local history",
)  # fmt: skip
_DEGREES = ("hardly any", "a little of", "some of", "rather much of", "a lot of", "no more of")
_SINCE = ("since childhood", "for years", "since last spring", "on and off", "only on Sundays", "when money allows")
_MANNERS = (
    (("terse", "impatient"), "Writes short messages without greeting and wants the answer first."),
    (("verbose", "friendly"), "Writes long messages, tells how it came about and thanks for everything."),
    (("polite", "careful"), "Writes whole sentences, asks whether it was understood, and apologises for asking."),
    (("casual", "typos"), "Writes in lower case on the phone, with slips that nobody corrects."),
    (("skeptical",), "Asks where things are written down, and comes back to what was not answered."),
)


@dataclass(frozen=True, slots=True)
class LiveLife:
    """How did the person of this anchor come to be who they are?"""

    anchor: Mapping[str, str | int]
    seed: int

    def answer(self, seed: int) -> dict[str, Any]:
        draw = Random(derive(seed, "life", self.seed))
        work, place = self.anchor.get("occupation", "nothing in particular"), self.anchor.get("place", "a small town")
        stories = [
            f"What I remember most is {event}. I lived in {place} then, and nobody at home spoke of it. For long "
            f"I told it as a joke, but it stayed with me. {lesson}. That I am now {work} has more to do with it than I "
            "would say to people whom I do not know well."
            for event, lesson in zip(draw.sample(_EVENTS, 2), draw.sample(_LESSONS, 2), strict=True)
        ]
        matters = self.anchor.get("value", "getting by")
        return {
            "name": f"{draw.choice(_FIRST)} {draw.choice(_FAMILY)}",
            "attitude": f"Cares most about {matters}. Outlook: {self.anchor.get('outlook', 'mixed')}.",
            "stories": stories,
            "interests": draw.sample(_INTERESTS, 5),
        }


@dataclass(frozen=True, slots=True)
class FillValues:
    """What is true of this person, for each of these attributes?"""

    paths: tuple[str, ...]
    anchor: Mapping[str, str | int]
    seed: int

    def answer(self, seed: int) -> dict[str, Any]:
        draw = Random(derive(seed, "values", self.seed))
        age, place = self.anchor.get("age", 40), self.anchor.get("place", "town")
        rows = []
        for number, path in enumerate(self.paths, 1):
            what = path.rsplit(" > ", 1)[-1].split(" of ")[-1]
            said = (
                f"{draw.choice(_DEGREES)} {what}, {draw.choice(_SINCE)}",
                f"{what}: as is usual in {place} at {age}",
                f"{what}: {draw.choice(_LESSONS).removeprefix('I ')}",
            )
            rows.append({"number": number, "value": draw.choice(said)[:100]})
        return {"values": rows}


@dataclass(frozen=True, slots=True)
class Narrate:
    """Who is this person, for somebody who is to play them?"""

    name: str
    anchor: Mapping[str, str | int]
    values: Mapping[str, str]
    seed: int

    def answer(self, seed: int) -> dict[str, Any]:
        draw = Random(derive(seed, "narrative", self.seed))
        told = draw.sample(sorted(self.values.items()), min(8, len(self.values)))
        facts = ", ".join(str(value) for value in self.anchor.values())
        details = " ".join(f"As to {path.rsplit(' > ', 1)[-1]}: {value}." for path, value in told)
        traits, manner = draw.choice(_MANNERS)
        text = (
            f"{self.name}: {facts}. {details} Deals with companies when there is no way around it, says what is needed "
            "and wants to know what it costs, how long it takes, and whom to ask if it goes wrong. Gives up only after "
            "the second refusal, and remembers it."
        )
        return {"narrative": text, "manner": manner, "traits": list(traits)}
