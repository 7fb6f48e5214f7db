"""People as the offline engine makes them up: names, and plain sentences about a life, drawn from lists."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

_FIRST = (
    "Amara", "Ben", "Chiara", "Diego", "Esra", "Farid", "Greta", "Hana", "Ivo", "Joan", "Kofi", "Lena", "Mateus",
    "Noor", "Owen", "Petra", "Quentin", "Rosa", "Samir", "Tove", "Uma", "Viktor", "Wanda", "Yan", "Zofia", "Anton",
    "Bridget", "Carlos", "Divya", "Emil",
)  # fmt: skip
_LAST = (
    "Okafor", "Lindqvist", "Moretti", "Fuentes", "Yilmaz", "Rahimi", "Hoffmann", "Suzuki", "Petrov", "Whitaker",
    "Mensah", "Brandt", "Rocha", "Haddad", "Gallagher", "Novak", "Morel", "Delgado", "Patel", "Nilsen", "Krishnan",
    "Szabo", "Kowalska", "Li", "Adeyemi", "Bauer", "Costa", "Dahl", "Eriksen", "Farkas",
)  # fmt: skip
PLACES = (
    "a village by a lake", "the edge of a large town", "a flat above a bakery", "a street of small houses",
    "a tower block near the station", "an old farmhouse", "a shared flat near the harbour", "a quiet suburb",
)  # fmt: skip
WORK = (
    "night nurse", "bus driver", "retired teacher", "carpenter", "student of law", "shop assistant", "accountant",
    "cook", "gardener", "web designer", "warehouse clerk", "piano teacher", "civil engineer", "hairdresser",
)  # fmt: skip
LIKES = (
    "early walks", "crossword puzzles", "football on the radio", "baking bread", "old maps", "singing in a choir",
    "repairing bicycles", "long train rides", "growing tomatoes", "card games", "films without explosions",
    "swimming in cold water",
)  # fmt: skip
DISLIKES = (
    "being kept waiting", "phone menus", "small print", "loud restaurants", "people who are late", "surprises in bills",
    "cold coffee", "being talked down to", "long forms", "crowded shops", "advertising calls", "broken lifts",
)  # fmt: skip
_DOES = (
    "writes shopping lists on the backs of envelopes", "asks the same question twice to be sure",
    "keeps every receipt in a shoe box", "answers messages at six in the morning", "forgets where the glasses are",
    "reads instructions only when all else has failed", "calls a friend before buying anything",
    "leaves forms half filled in for days", "hums when a page takes long to load",
    "makes tea before every hard decision",
    "counts the change", "walks up and down during calls", "writes angry letters and does not send them",
    "tells the neighbours how it went", "hates to be hurried", "helps strangers with their bags",
)  # fmt: skip
_DID = (
    "moved twice in three years", "once lost a deposit and has not forgotten it", "changed jobs last spring",
    "learned to use a computer from a nephew", "looked after an ill parent for a long time",
    "ran a small shop that closed",
    "won an argument with a landlord", "missed a flight because of a wrong date", "was helped by a kind clerk once",
    "left school early and went back later", "had the same doctor for twenty years", "sold the car to save money",
)  # fmt: skip
_WRITES = (
    "in short lines without full stops", "in whole, careful sentences", "with many question marks",
    "as if it were a letter", "on a phone, with slips of the thumb", "politely at first and curtly in the end",
)  # fmt: skip


def name(draw: Random) -> str:
    """A first and a last name."""
    return f"{draw.choice(_FIRST)} {draw.choice(_LAST)}"


def some(draw: Random, of: tuple[str, ...], count: int) -> list[str]:
    """`count` different ones."""
    return draw.sample(of, min(count, len(of)))


def sentences(draw: Random) -> Iterator[str]:
    """What can be said of somebody, each sentence another, until there is no more to say."""
    yield f"Lives in {draw.choice(PLACES)} and works as a {draw.choice(WORK)}."
    does, did = some(draw, _DOES, len(_DOES)), some(draw, _DID, len(_DID))
    likes, dislikes = some(draw, LIKES, len(LIKES)), some(draw, DISLIKES, len(DISLIKES))
    yield f"Writes {draw.choice(_WRITES)}."
    for habit, event, liked, disliked in zip(does, did, likes, dislikes, strict=False):
        yield f"{draw.choice(('Often', 'Usually', 'Now and then', 'Always', 'At weekends'))} {habit}."
        yield f"{event[0].upper()}{event[1:]}."
        yield f"Likes {liked}, and cannot stand {disliked}."


def text(draw: Random, low: int, high: int, *first: str) -> str:
    """A paragraph of `low` to `high` words that begins with `first`, as far as there is something to say."""
    told = list(first)
    left = list(sentences(draw))
    draw.shuffle(left)
    while left and len(" ".join(told).split()) < low:
        told.append(left.pop())
    words = " ".join(told).split()
    return " ".join(words[:high]).rstrip(".,") + "."
