"""A person as `population` asks for one: the fields of a TinyTroupe agent, and how much there must be of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from personae.core.model import OutputSchema
from personae.core.template import pieces
from personae.generation._shapes import object_of
from personae.llm.structured import NotUsable

FACTORS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
NO_PERSON = re.compile(
    r"\b(?:as an ai\b|language model|i (?:can(?:no|')t|am unable to|won't) (?:help|assist|write|create|provide))",
    re.IGNORECASE,
)
"""Words of a model that speaks of itself instead of the person."""


@dataclass(frozen=True, slots=True)
class Lists:
    """A list of texts that every person has."""

    path: str
    """`personality.traits`"""
    least: int
    """So many different ones."""


LISTS = (
    Lists("long_term_goals", 2),
    Lists("personality.traits", 4),
    Lists("preferences.interests", 3),
    Lists("preferences.likes", 4),
    Lists("preferences.dislikes", 4),
    Lists("beliefs", 5),
    Lists("skills", 3),
    Lists("behaviors.general", 4),
    Lists("other_facts", 4),
)
TEXTS = ("name", "nationality", "residence", "education", "style", "health")


_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
SCHEMA = OutputSchema(
    "person",
    object_of(
        {
            **dict.fromkeys(TEXTS, _TEXT),
            "occupation": object_of(dict.fromkeys(("title", "organization", "description"), _TEXT)),
            "long_term_goals": _TEXTS,
            "personality": object_of({"traits": _TEXTS, "big_five": object_of(dict.fromkeys(FACTORS, _TEXT))}),
            "preferences": object_of(dict.fromkeys(("interests", "likes", "dislikes"), _TEXTS)),
            "beliefs": _TEXTS,
            "skills": _TEXTS,
            "behaviors": object_of({"general": _TEXTS}),
            "relationships": {"type": "array", "items": object_of({"name": _TEXT, "description": _TEXT})},
            "other_facts": _TEXTS,
        }
    ),
)


def person(data: Any) -> dict[str, Any]:
    """A person's data, each list without repeats. NotUsable that says all that is missing."""
    if not isinstance(data, Mapping):
        raise NotUsable("It must be a JSON object with the person's fields.")
    problems = list(_problems(data))
    if problems:
        raise NotUsable(f"This is to be mended: {'; '.join(problems)}.")
    found: dict[str, Any] = {key: data[key] for key in SCHEMA.schema["properties"] if key in data}
    found |= {key: " ".join(data[key].split()) for key in TEXTS}
    found["relationships"] = [one for one in data.get("relationships") or () if isinstance(one, Mapping)]
    for one in LISTS:
        top, _, below = one.path.partition(".")
        if below:
            found[top] = {**found[top], below: _different(found[top][below])}
        else:
            found[top] = _different(found[top])
    return found


def _problems(data: Mapping[str, Any]) -> Iterator[str]:
    for key in TEXTS:
        if not _is_text(data.get(key)):
            yield f"`{key}` must be a text that is not blank"
    work = data.get("occupation")
    if not isinstance(work, Mapping) or not all(_is_text(work.get(key)) for key in ("title", "description")):
        yield "`occupation` must have `title` and `description`"
    factors = _at(data, "personality.big_five")
    if not isinstance(factors, Mapping) or not all(_is_text(factors.get(name)) for name in FACTORS):
        yield f"`personality.big_five` must tell of {', '.join(FACTORS)}"
    for one in LISTS:
        texts = _at(data, one.path)
        if not isinstance(texts, list) or not all(map(_is_text, texts)):
            yield f"`{one.path}` must be a list of texts"
        elif (count := len(_different(texts))) < one.least:
            yield f"`{one.path}` must have {one.least} different texts or more, not {count}"
    said = "\n".join(_texts(data))
    if NO_PERSON.search(said):
        yield "it must describe the person, not speak of its author"
    if len(pieces(said)) > 1:
        yield "no text may hold a placeholder in braces"


def _at(data: Mapping[str, Any], path: str) -> Any:
    value: Any = data
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _different(texts: list[str]) -> list[str]:
    """Each text once, in whatever case it stands there."""
    return list({" ".join(text.casefold().split()): text.strip() for text in reversed(texts)}.values())[::-1]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
