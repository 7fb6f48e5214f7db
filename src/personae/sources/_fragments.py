"""Fragments: parts of a person, such as a picky customer, that can be added to any persona.

Source: TinyTroupe's fragment files: `{"type": "Fragment", "persona": {...}}`
Idea:   lists grow, mappings are merged, and two different values of one thing are an error unless the fragment's is
        said to win. The persona's own data are taken from its attributes by path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Any

from personae.core.paths import SEPARATOR, by_path, nested
from personae.core.persona import Persona
from personae.core.sections import Attributes, Sections
from personae.core.seed import derive
from personae.errors import Conflict, InputError
from personae.sources._agents import FRAGMENT, facts_of, prose
from personae.sources._source import Row
from personae.sources._strict_json import BrokenJSONError, parse_whole
from personae.sources._text import read_text
from personae.sources._values import check_values


@dataclass(frozen=True, slots=True)
class Fragment:
    """Part of a person."""

    name: str
    data: Mapping[str, Any]
    """As in the `persona` of an agent file."""


def read_fragment(path: str | Path) -> Fragment:
    """The fragment in a file. Raises InputError."""
    file = Path(path)
    document = _document(file)
    if document.get("type") != FRAGMENT:
        raise InputError(f"must have the type {FRAGMENT!r}, not {document.get('type')!r}", file=file, field="type")
    data = document.get("persona")
    if not isinstance(data, Mapping) or not data:
        raise InputError("must be an object with what the fragment adds", file=file, field="persona")
    for problem in check_values(Row(dict(data))):
        raise InputError(problem.text, file=file, field=f"persona.{problem.field}")
    return Fragment(file.name.split(".")[0], data)


def add_fragment(persona: Persona, fragment: Fragment, *, overwrite: bool = False) -> Persona:
    """The persona with the fragment's data and prose. Raises Conflict where both have a value for one thing, unless the
    fragment's is to `overwrite` it."""
    sections = persona.sections or Sections()
    try:
        before = nested(sections.attributes.by_path) if sections.attributes else {}
        after = merged(before, fragment.data, overwrite=overwrite)
        paths = by_path(after)
        facts = merged(persona.attributes, facts_of(fragment.data), overwrite=overwrite)
    except ValueError as error:
        raise Conflict(f"fragment {fragment.name!r} cannot be added to {persona.name!r}: {error}") from None
    own = {key: value for key, value in after.items() if key != "(file)"}
    was = {key: value for key, value in before.items() if key != "(file)"}
    if persona.description == prose(was):
        description = prose(own)
    else:
        description = f"{persona.description}\n\n{prose(fragment.data)}"
    attributes = Attributes(by_path=paths, provenance=sections.attributes.provenance if sections.attributes else None)
    return persona.model_copy(
        update={
            "description": description,
            "attributes": facts,
            "sections": sections.model_copy(update={"attributes": attributes}),
        }
    )


def add_to_share(
    personas: Sequence[Persona], fragment: Fragment, share: float, *, seed: int = 0, overwrite: bool = False
) -> list[Persona]:
    """All of them in their order; a share of them, 0 to 1 and exact to within one, with the fragment, drawn by seed.

    Another seed draws others, and so does another fragment. Raises Conflict as `add_fragment` does, and InputError.
    """
    if not 0 <= share <= 1:
        raise InputError(f"must be from 0 to 1, not {share}", field="share")
    places = range(len(personas))
    drawn = sorted(places, key=lambda place: (derive(seed, "fragment", fragment.name, personas[place].name), place))
    chosen = set(drawn[: floor(share * len(personas) + 0.5)])
    return [
        add_fragment(persona, fragment, overwrite=overwrite) if place in chosen else persona
        for place, persona in enumerate(personas)
    ]


def merged(base: Mapping[str, Any], more: Mapping[str, Any], *, overwrite: bool, way: str = "") -> dict[str, Any]:
    """Both together. Raises ValueError that names what both have, differently."""
    found = dict(base)
    for key, value in more.items():
        place = f"{way}{key}"
        if key not in found or found[key] is None:
            found[key] = value
        elif isinstance(found[key], Mapping) and isinstance(value, Mapping):
            found[key] = merged(found[key], value, overwrite=overwrite, way=f"{place}{SEPARATOR}")
        elif isinstance(found[key], list) and isinstance(value, list):
            found[key] = [*found[key], *(item for item in value if item not in found[key])]
        elif found[key] == value:
            continue
        elif overwrite:
            found[key] = value
        else:
            raise ValueError(f"{place!r} is {found[key]!r} there and {value!r} here: say which one by --overwrite")
    return found


def _document(path: Path) -> Mapping[str, Any]:
    """The one object in a file of TinyTroupe. Raises InputError."""
    text = read_text(path)
    try:
        parsed = parse_whole(text)
    except BrokenJSONError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InputError(f"is not JSON: {error.problem}", file=path, line=line) from None
    for problem in parsed.problems(None):
        raise InputError(problem.text, file=path, field=problem.field)
    if not isinstance(parsed.value, Mapping):
        raise InputError("must be an object with `type` and `persona`", file=path)
    return parsed.value
