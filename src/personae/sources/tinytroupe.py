"""TinyTroupe: agent files as personas and back, one file or a folder of them, without loss.

Source: microsoft/TinyTroupe (MIT), `*.agent.json`; arXiv 2507.09788
Idea:   an agent's data are kept whole by path, so what comes out again is what went in; its prose is what is played.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from personae.core.persona import Persona
from personae.errors import InputError
from personae.sources import Kind, Problem, Row, sources
from personae.sources._agents import agent_of_persona, row_of_agent
from personae.sources._strict_json import BrokenJSONError, parse_whole
from personae.sources._text import read_text

_SUFFIX = ".agent.json"


@sources.method("tinytroupe")
class TinyTroupe:
    """Agent files of TinyTroupe, read and written: `tinytroupe:FILE`, or `tinytroupe:FOLDER`."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    kinds: ClassVar[tuple[Kind, ...]] = ("persona",)

    def rows(self, path: Path, kind: Kind) -> Iterator[Row | Problem]:
        del kind  # persona
        if not path.is_dir():
            yield from _rows(path, "")
            return
        files = [file for file in sorted(path.glob("*.json")) if not file.name.endswith(".fragment.json")]
        if not files:
            raise InputError("holds no agent files (*.json)", file=path)
        for file in files:
            yield from _rows(file, f"{file.name}: ")

    def files_of(self, personas: Sequence[Persona]) -> Mapping[str, str]:
        """Text by file name: one agent file for each persona. Raises InputError."""
        found: dict[str, str] = {}
        for persona in personas:
            stem = re.sub(r"[^\w.-]+", "_", persona.name).strip("._") or "agent"
            name, number = stem, 2
            while f"{name}{_SUFFIX}".casefold() in {one.casefold() for one in found}:
                name, number = f"{stem}_{number}", number + 1
            try:
                agent = agent_of_persona(persona)
            except ValueError as error:
                raise InputError(f"persona {persona.name!r} cannot be an agent: {error}", field="sections") from None
            found[f"{name}{_SUFFIX}"] = json.dumps(agent, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
        return found


def _rows(path: Path, prefix: str) -> Iterator[Row | Problem]:
    text = read_text(path)
    try:
        parsed = parse_whole(text)
    except BrokenJSONError as error:
        yield Problem(f"{prefix}is not JSON: {error.problem}", text.count("\n", 0, error.position) + 1)
        return
    for problem in parsed.problems(None):
        yield Problem(f"{prefix}{problem.text}", problem.line, problem.field)
    for agent in parsed.value if isinstance(parsed.value, list) else [parsed.value]:
        if not isinstance(agent, Mapping):
            yield Problem(f"{prefix}must be an object with `type` and `persona`")
            continue
        try:
            yield Row(row_of_agent(agent))
        except ValueError as error:
            yield Problem(f"{prefix}{error}")
