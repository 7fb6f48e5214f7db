"""The persona's editor: from a persona to its fields, and from what was typed to a persona."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

from starlette.datastructures import FormData

from personae.server.schemas.persona import Persona, PersonaIn
from personae.simulation.policies import policies

_KEPT = ("kind", "sections", "provenance")
"""Parts of a persona that the editor does not show."""
_WINDOW = ("first_turn", "last_turn")


@dataclass(frozen=True, slots=True)
class Draft:
    """The editor's fields, as texts."""

    version: int | None = None
    """The one that is edited; None for a new persona."""
    name: str = ""
    description: str = ""
    domain_knowledge: str = ""
    traits: str = ""
    """One a line."""
    attributes: tuple[tuple[str, str], ...] = ()
    behaviours: tuple[tuple[str, str, str], ...] = ()
    """Name, probability, intensity; blank where the behaviour has its own."""
    facts: tuple[tuple[str, str, str], ...] = ()
    """Name, value, when it is told."""
    goal: str = ""
    success_criteria: str = ""
    note: str = ""

    @classmethod
    def of(cls, persona: Persona) -> Self:
        """What the editor shows of a persona."""
        return cls(
            version=persona.version,
            name=persona.name,
            description=persona.description,
            domain_knowledge=persona.domain_knowledge,
            traits="\n".join(persona.traits),
            attributes=tuple((name, shown(value)) for name, value in persona.attributes.items()),
            behaviours=tuple(
                (one.name, _or_blank(one.probability), _or_blank(one.intensity)) for one in persona.behaviours
            ),
            facts=tuple((one.name, one.value, one.when) for one in persona.facts),
            goal=persona.goal,
            success_criteria=persona.success_criteria,
        )

    @classmethod
    def typed(cls, form: FormData) -> Self:
        """What came back."""

        def one(name: str) -> str:
            return str(form.get(name, "")).replace("\r\n", "\n")

        def rows(*names: str) -> Any:
            columns = [[str(value).replace("\r\n", "\n") for value in form.getlist(name)] for name in names]
            return tuple(row for row in zip(*columns, strict=False) if row[0].strip())

        return cls(
            version=int(one("version")) if one("version").isdecimal() else None,
            name=one("name"),
            description=one("description"),
            domain_knowledge=one("domain_knowledge"),
            traits=one("traits"),
            attributes=rows("attribute_name", "attribute_value"),
            behaviours=rows("behaviour_name", "behaviour_probability", "behaviour_intensity"),
            facts=rows("fact_name", "fact_value", "fact_when"),
            goal=one("goal"),
            success_criteria=one("success_criteria"),
            note=one("note"),
        )

    def body(self, before: Persona | None = None) -> PersonaIn:
        """As the API takes it, with what `before` has and the editor does not show. Raises ValidationError."""
        windows = (
            {} if before is None else {one.name: one.model_dump(include=set(_WINDOW)) for one in before.behaviours}
        )
        return PersonaIn.model_validate(
            ({} if before is None else before.model_dump(include=set(_KEPT)))
            | {
                "name": self.name,
                "description": self.description,
                "domain_knowledge": self.domain_knowledge,
                "traits": [line.strip() for line in self.traits.split("\n") if line.strip()],
                "attributes": {name.strip(): read(value) for name, value in self.attributes},
                "behaviours": [
                    {"name": name, "probability": _number(probability), "intensity": _number(intensity)}
                    | windows.get(name, {})
                    for name, probability, intensity in self.behaviours
                ],
                "facts": [{"name": name, "value": value, "when": when} for name, value, when in self.facts],
                "goal": self.goal,
                "success_criteria": self.success_criteria,
                "note": self.note,
            }
        )


def known_behaviours() -> list[str]:
    """The behaviours that can be chosen."""
    return sorted(policies.names())


def shown(value: Any) -> str:
    """An attribute's value in a field: a text as it is, unless it could be read as something else."""
    return value if isinstance(value, str) and read(value) == value else json.dumps(value, ensure_ascii=False)


def read(text: str) -> Any:
    """The value that was typed: numbers, true, false, lists and the like as such, all else as text."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return text


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    if (value := float(text)) in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value


def _or_blank(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _number(text: str) -> Any:
    """A number, or the text itself for pydantic to say what is wrong with it."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return text.strip() or None
    return int(value) if value == int(value) else value
