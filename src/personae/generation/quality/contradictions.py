"""Contradictions: what in one persona cannot both be so. By rules, on what is written down plainly.

Idea: facts against each other (age and occupation), facts against the description (an age, a pronoun), and traits
      against each other. What no rule knows is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from personae.core.persona import Persona

_OPPOSITES = (
    ({"terse", "brief", "laconic"}, {"verbose", "talkative", "chatty", "wordy"}),
    ({"patient", "calm"}, {"impatient", "hasty", "angry", "irritable"}),
    ({"polite", "friendly", "kind"}, {"rude", "hostile", "insulting"}),
    ({"trusting", "gullible"}, {"skeptical", "sceptical", "suspicious", "distrustful"}),
    ({"expert", "tech-savvy", "knowledgeable"}, {"novice", "beginner", "clueless"}),
    ({"introverted", "shy", "reserved"}, {"extraverted", "extroverted", "outgoing"}),
    ({"careful", "cautious"}, {"reckless", "careless"}),
)
_AGE = re.compile(r"\b(\d{1,3})[- ]year[- ]old\b|\b(\d{1,3}) years old\b|\baged (\d{1,3})\b", re.IGNORECASE)
_AT_LEAST = (
    (re.compile(r"\bretired\b|\bpensioner\b|\bretiree\b", re.IGNORECASE), 45),
    (re.compile(r"\bgrandmother\b|\bgrandfather\b|\bgrandparent\b", re.IGNORECASE), 35),
    (re.compile(r"\b(?:doctor|surgeon|lawyer|judge|professor|physician)\b", re.IGNORECASE), 23),
)
_AT_MOST = (
    (re.compile(r"\b(?:schoolboy|schoolgirl|pupil|teenager)\b", re.IGNORECASE), 20),
    (re.compile(r"\b(?:toddler|kindergartner)\b", re.IGNORECASE), 7),
)
_PRONOUNS = {
    "female": re.compile(r"\b(?:he|him|his)\b", re.IGNORECASE),
    "male": re.compile(r"\b(?:she|her|hers)\b", re.IGNORECASE),
}
"""What a description of that gender would not say."""
_OWN = {"female": _PRONOUNS["male"], "male": _PRONOUNS["female"]}
_GENDERS = {"female": "female", "woman": "female", "f": "female", "male": "male", "man": "male", "m": "male"}


def contradictions(persona: Persona) -> list[str]:
    """What contradicts what, in words."""
    facts = {name.casefold(): value for name, value in facts_of(persona).items()}
    return [*_of_age(persona, facts), *_of_gender(persona, facts), *_of_traits(persona)]


def facts_of(persona: Persona) -> Mapping[str, object]:
    """The persona's named facts: attributes, identity, and scores of traits and values, those with one plain value."""
    found: dict[str, object] = dict(persona.attributes)
    if (sections := persona.sections) is not None:
        if sections.identity is not None:
            found |= sections.identity.facts
        for scores in (sections.traits, sections.values):
            found |= scores.scores if scores is not None else {}
        if sections.attributes is not None:
            found |= sections.attributes.by_path
    return {name: value for name, value in found.items() if isinstance(value, str | int | float)}


def number_of(value: object) -> float | None:
    """The number that a value is, as a number or as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _of_age(persona: Persona, facts: Mapping[str, object]) -> Iterator[str]:
    told = [float(next(filter(None, match))) for match in _AGE.findall(persona.description[:5_000])]
    age = number_of(facts.get("age"))
    if age is not None and told and told[0] != age:
        yield f"age is {age:g}, and the description says {told[0]:g}"
    known = age if age is not None else told[0] if told else None
    if known is None:
        return
    text = f"{facts.get('occupation', '')} {persona.description}"[:5_000]
    for pattern, least in _AT_LEAST:
        if known < least and (match := pattern.search(text)):
            yield f"{known:g} years old, and {match[0].lower()!r}"
    for pattern, most in _AT_MOST:
        if known > most and (match := pattern.search(text)):
            yield f"{known:g} years old, and {match[0].lower()!r}"


def _of_gender(persona: Persona, facts: Mapping[str, object]) -> Iterator[str]:
    gender = _GENDERS.get(str(facts.get("gender", "")).casefold())
    if gender is None:
        return
    other = _PRONOUNS[gender].findall(persona.description)
    if other and not _OWN[gender].search(persona.description):
        yield f"gender is {gender}, and the description says {other[0].lower()!r}"


def _of_traits(persona: Persona) -> Iterator[str]:
    traits = {trait.strip().casefold(): trait for trait in persona.traits}
    for one, other in _OPPOSITES:
        if (first := one & traits.keys()) and (second := other & traits.keys()):
            yield f"the traits {min(first)!r} and {min(second)!r}"
