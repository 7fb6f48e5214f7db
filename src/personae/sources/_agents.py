"""Agents of TinyTroupe and personas, each as the other, so that nothing is lost on the way there and back.

An agent's own data stand in the persona's attributes by path, and their prose is the description. What a persona has
beside that travels in the agent file under `personae`, which TinyTroupe does not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from personae.core.paths import by_path, nested
from personae.core.persona import Persona

AGENT, FRAGMENT = "TinyPerson", "Fragment"
OWN = "personae"
"""Key of an agent file for what only a persona has."""
_FILE = "(file)"
"""Path of what stands beside `persona` in an agent file."""
_FACTS = ("age", "gender", "nationality", "residence", "education")
_UNTOLD = ("goal", "success_criteria", "traits", "domain_knowledge", "behaviours", "facts", "kind")
"""Fields of a persona that nothing in an agent file stands for."""


def row_of_agent(document: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a persona. Raises ValueError that says what is wrong with the agent."""
    spec = document.get("persona")
    if not isinstance(spec, Mapping):
        raise ValueError("holds no `persona`: an agent file has `type` and `persona`")  # noqa: TRY004 - a wrong file
    if document.get("type") == FRAGMENT:
        raise ValueError("is a fragment, which can be added to a persona but is none")
    if not isinstance(spec.get("name"), str) or not spec["name"].strip():
        raise ValueError("its persona has no `name`")
    kept = document.get(OWN)
    plain = _row({key: value for key, value in document.items() if key != OWN}, spec)
    if not isinstance(kept, Mapping):
        return plain
    try:
        persona = Persona.model_validate(dict(kept))
        if agent_of_persona(persona) == document:
            return dict(kept)
    except (ValidationError, ValueError):
        pass  # it was edited: what TinyTroupe reads counts
    return plain | {key: kept[key] for key in _UNTOLD if key in kept}


def persona_of_agent(document: Mapping[str, Any]) -> Persona:
    """The persona of an agent file. Raises ValueError that says what is wrong with it."""
    return Persona.model_validate(row_of_agent(document))


def agent_of_persona(persona: Persona) -> dict[str, Any]:
    """The agent file of a persona; `row_of_agent` gives it back. Raises ValueError for paths that clash."""
    attributes = persona.sections.attributes if persona.sections else None
    spec = nested(attributes.by_path) if attributes else {}
    beside = spec.pop(_FILE, None) or {"type": AGENT}
    if not isinstance(spec.get("name"), str):
        spec = _described(persona) | spec
    document = {**beside, "persona": spec}
    try:
        if Persona.model_validate(row_of_agent(document)) == persona:
            return document
    except ValidationError:
        pass  # such as a name that is none
    return document | {OWN: persona.as_dict()}


def prose(spec: Mapping[str, Any]) -> str:
    """What an agent's data say, in sentences that a simulator can play."""
    first = [str(spec["name"])] if "name" in spec else []
    if "age" in spec:
        first.append(f"{spec['age']} years old")
    first += [_said(spec[key]) for key in ("gender", "nationality") if spec.get(key)]
    lines = [", ".join(first)] if first else []
    for key, value in spec.items():
        if key not in ("name", "age", "gender", "nationality") and (said := _said(value)):
            lines.append(f"{_words(key)}: {said}")
    return "\n".join(f"{line.rstrip('. ')}." for line in lines)


def facts_of(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The plain facts among an agent's data, for filters."""
    facts = {key: spec[key] for key in _FACTS if isinstance(spec.get(key), (str, int, float))}
    work = spec.get("occupation")
    title = work.get("title") if isinstance(work, Mapping) else work
    return facts | ({"occupation": title} if isinstance(title, str) and title else {})


def _row(document: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    beside = {key: value for key, value in document.items() if key != "persona"}
    if _FILE in spec:
        raise ValueError(f"its persona holds the name {_FILE!r}, which is kept for other things: rename it")
    paths = by_path(spec)
    if beside != {"type": AGENT}:
        paths |= by_path({_FILE: beside})
    row: dict[str, Any] = {"name": spec["name"], "description": prose(spec)}
    if facts := facts_of(spec):
        row["attributes"] = facts
    return row | {"sections": {"attributes": {"by_path": paths}}}


def _described(persona: Persona) -> dict[str, Any]:
    """An agent's data for a persona that was never one."""
    identity = persona.sections.identity.facts if persona.sections and persona.sections.identity else {}
    facts = {key: value for key, value in {**identity, **persona.attributes}.items() if key != "name"}
    spec: dict[str, Any] = {"name": persona.name, **facts}
    if persona.goal:
        spec["long_term_goals"] = [persona.goal]
    if persona.traits:
        spec["personality"] = {"traits": list(persona.traits)}
    told = [persona.description, persona.domain_knowledge]
    return spec | {"other_facts": [paragraph for text in told for paragraph in text.split("\n\n") if paragraph.strip()]}


def _words(key: str) -> str:
    words = key.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{_words(key).lower()}: {said}" for key, each in value.items() if (said := _said(each)))
    if isinstance(value, list):
        return "; ".join(said.rstrip(". ") for each in value if (said := _said(each)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value).strip()
