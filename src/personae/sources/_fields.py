"""The words for the fields of each kind of row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from personae.sources._source import Kind

WORDS: Mapping[Kind, Mapping[str, str]] = {
    "persona": {
        "name": "name",
        "description": "description",
        "profile": "description",
        "goal": "goal",
        "success_criteria": "success_criteria",
        "traits": "traits",
        "domain_knowledge": "domain_knowledge",
        "attributes": "attributes",
        "behaviours": "behaviours",
        "facts": "facts",
        "kind": "kind",
        "sections": "sections",
        "provenance": "provenance",
    },
    "scenario": {
        "goal": "goal",
        "persona_goal": "goal",
        "goal_summary": "goal",
        "name": "name",
        "expected_outcome": "expected_outcome",
        "expected_conversation_outcome": "expected_outcome",
        "success_criteria": "expected_outcome",
        "known_info": "known_info",
        "unknown_info": "unknown_info",
        "instructions": "instructions",
        "behaviours": "behaviours",
        "fields": "fields",
        "persona": "persona",
        "opening": "opening",
        "persona_name": "persona_name",
        "persona_description": "persona_description",
    },
    "criterion": {"name": "name", "question": "question"},
    "query": {
        name: name
        for name in (
            "topic",
            "example_type",
            "user_type",
            "user_background",
            "query",
            "expected_outcome",
            "seed",
            "provenance",
        )
    },
    "behaviour": {name: name for name in ("name", "probability", "first_turn", "last_turn", "intensity")},
}
"""By kind: each word that a file may use for a field, and the field."""

FREE: Mapping[Kind, str] = {"persona": "attributes", "scenario": "fields"}
"""The mapping that holds what has no field of its own; in a table, columns `attributes.NAME` and `fields.NAME`."""

BETA = ("persona_name", "persona_description", "goal_summary")
"""Columns of the older form of persona collections, whose rows are scenarios with their own persona."""


def nearest(word: str, words: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The one of `words` that was probably meant."""
    tidy = word.strip().lower().replace(" ", "_").replace("-", "_")
    return next(iter(get_close_matches(tidy, list(words), n=1, cutoff=cutoff)), None)


def unknown_field(word: str, kind: Kind) -> str:
    """What to say about a field that rows of this kind do not have."""
    if kind == "persona" and word in BETA:
        return "belongs to the older form, whose rows are scenarios with their own persona: give this file as scenarios"
    meant = nearest(word, WORDS[kind])
    if meant is not None:
        return f"is not a field of a {kind}; did you mean {meant!r}?"
    free = f"; put free facts under {FREE[kind]!r}" if kind in FREE else ""
    return f"is not a field of a {kind} (there is {', '.join(WORDS[kind])}){free}"
