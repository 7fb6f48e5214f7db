"""What `personae taxonomy build` does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from ruamel.yaml import YAML

from personae.core.attribute import Mined
from personae.errors import InputError
from personae.generation.taxonomy import written
from personae.generation.taxonomy.merge import Merged, merge
from personae.reports._text import plural, visible
from personae.sources import read_objects

_SHOWN = 5


def run(attributes: Path, out: Path, *, threshold: float, least: int) -> None:
    """Merge, write, and say what came of it."""
    found = merge(_paths(attributes), threshold, least)
    if not found.taxonomy.paths:
        raise InputError("names no path often enough: mine more questions, or lower --least", file=attributes)
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 200
    with out.open("w", encoding="utf-8") as file:
        yaml.dump(found.taxonomy.as_tree(), file)
    _tell(found, out, Console(stderr=True, highlight=False))


def _paths(file: Path) -> Iterator[str]:
    for line, row in read_objects(file):
        yield from _mined(row, file, line).paths


def _mined(row: Any, file: Path, line: int) -> Mined:
    try:
        return Mined.model_validate(row)
    except ValidationError as error:
        problem = "is nothing that `personae generate attributes` made"
        raise InputError(f"{problem}: {error.errors()[0]['msg']}", file=file, line=line) from error


def _tell(found: Merged, out: Path, console: Console) -> None:
    taxonomy = found.taxonomy
    lines = [f"{plural(len(taxonomy.paths), 'attribute')} in {len(taxonomy.categories)} categories: {out}"]
    if found.joined:
        lines.append(f"{plural(len(found.joined), 'path')} joined another one, such as")
        lines += [f"  {written(one)} -> {written(other)}" for one, other in list(found.joined.items())[:_SHOWN]]
    if found.left_out:
        lines.append(f"{len(found.left_out)} left out, which are no paths, such as {found.left_out[0]!r}")
    if rare := len(found.times) - len(taxonomy.paths):
        lines.append(f"{rare} left out, which were named too seldom")
    for line in lines:
        console.print(visible(line), markup=False, soft_wrap=True)
