"""What `personae personas report` does."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.console import Console

from personae.cli._say import say
from personae.errors import InputError
from personae.generation._quota_schema import read_schema
from personae.generation.quality.persona_set import Targets, look_at
from personae.generation.sampling.fragments import read_population_plan
from personae.generation.sampling.report import targets_of
from personae.reports import _persona_set_html
from personae.reports._persona_set_text import show
from personae.sources import read_personas
from personae.sources._topics import read_topics
from personae.sources.yaml import read_tree


def report(personas: Path, targets: Path | None, topics: Path | None, html: Path | None, *, as_json: bool) -> None:
    """Print, or write, what the set is like. Raises InputError."""
    names = [one.topic for one in read_topics(topics)] if topics is not None else []
    found = look_at(read_personas(personas, goal_required=False), read_targets(targets) if targets else None, names)
    if html is not None:
        _persona_set_html.write(found, personas.name, html)
    if as_json:
        sys.stdout.write(json.dumps(found.as_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n")
        return
    show(found, Console(highlight=False))
    if html is not None:
        say(f"html: {html}")


def read_targets(path: Path) -> Targets:
    """Target shares by attribute and value, also those of a plan or a schema of quotas. Raises InputError with line and
    field."""
    top, problems = read_tree(path)
    if top is None or not isinstance(top.value, dict):
        raise InputError(
            "must hold attributes with the share of each value: `age: {18-30: 0.4, 31-90: 0.6}`", file=path
        )
    if problems:
        raise InputError(problems[0].text, file=path, line=problems[0].line, field=problems[0].field)
    if "attributes" in top.value:
        is_schema = not {"parts", "levels", "vary"}.isdisjoint(top.value)
        return targets_of(read_schema(path).plan if is_schema else read_population_plan(path))
    found: dict[str, dict[str, float]] = {}
    for name, node in top.value.items():
        if not isinstance(node.value, dict) or not node.value:
            raise InputError("must be an object with the share of each value", file=path, line=node.line, field=name)
        for value, share in node.value.items():
            if isinstance(share.value, bool) or not isinstance(share.value, int | float) or share.value < 0:
                raise InputError("must be a share, 0 to 1", file=path, line=share.line, field=f"{name}.{value}")
        shares = {value: float(share.value) for value, share in node.value.items()}
        if abs(sum(shares.values()) - 1) > 0.005:
            problem = f"the shares add up to {sum(shares.values()):g}, not to 1"
            raise InputError(problem, file=path, line=node.line, field=name)
        found[name] = shares
    return found
