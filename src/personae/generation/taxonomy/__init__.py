"""A taxonomy of attributes: what can be said of a person, by path.

Source: DeepPersona, arXiv 2511.07338. The taxonomy that comes with personae, `attributes.yaml`, is our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from personae.errors import InputError
from personae.sources.yaml import Node, read_tree
from personae.stats.vectors import Vector, cosine, vector

SEPARATOR = " > "
MOST_DEPTH = 6
BANDS = ("near", "middle", "far")

AttributePath = tuple[str, ...]


@dataclass(frozen=True)
class Taxonomy:
    """Attribute paths, each once, in the order in which they are to be filled."""

    paths: tuple[AttributePath, ...]

    @property
    def categories(self) -> tuple[str, ...]:
        """The first parts of all paths, in order."""
        return tuple(dict.fromkeys(path[0] for path in self.paths))

    def as_tree(self) -> dict[str, Any]:
        """As files hold it: mappings, and lists at the ends."""
        return _tree(self.paths)


@cache
def own_taxonomy() -> Taxonomy:
    """The taxonomy that comes with personae."""
    return read_taxonomy(Path(__file__).with_name("attributes.yaml"))


def read_taxonomy(path: Path) -> Taxonomy:
    """A taxonomy from a YAML or JSON file: mappings of parts, lists of attributes at the ends. Raises InputError."""
    top, problems = read_tree(path)
    if problems:
        raise InputError(problems[0].text, file=path, line=problems[0].line, field=problems[0].field)
    if top is None or not isinstance(top.value, dict):
        raise InputError("must be a mapping of categories to lists of attributes", file=path, line=1)
    found: dict[AttributePath, int | None] = {}
    for parts, line in _leaves(top, (), path):
        if parts in found:
            raise InputError(
                f"stands at line {found[parts]} already", file=path, line=line, field=SEPARATOR.join(parts)
            )
        found[parts] = line
    if not found:
        raise InputError("holds no attributes", file=path, line=1)
    return Taxonomy(tuple(found))


def _leaves(node: Node, above: AttributePath, path: Path) -> Iterator[tuple[AttributePath, int | None]]:
    if len(above) >= MOST_DEPTH:
        raise InputError(f"is more than {MOST_DEPTH} levels deep", file=path, line=node.line)
    if isinstance(node.value, dict):
        for name, child in node.value.items():
            yield from _leaves(child, (*above, _part(name, path, node.line)), path)
    elif isinstance(node.value, list):
        for child in node.value:
            if isinstance(child.value, dict | list):
                raise InputError("must be an attribute's name, not more levels", file=path, line=child.line)
            yield (*above, _part(child.value, path, child.line)), child.line
    elif node.value is not None:
        yield (*above, _part(node.value, path, node.line)), node.line


def _part(value: Any, path: Path, line: int | None) -> str:
    text = " ".join(str(value).split())
    if not text or ">" in text:
        raise InputError(f"{text!r} is no part of a path: it must not be blank, and holds no '>'", file=path, line=line)
    return text


def _tree(paths: Iterable[AttributePath]) -> dict[str, Any]:
    """Lists where all ends are at one level; else a name of its own for the ends: `other`."""
    grouped: dict[str, list[AttributePath]] = {}
    for path in paths:
        grouped.setdefault(path[0], []).append(path[1:])
    tree: dict[str, Any] = {}
    for name, rests in grouped.items():
        deep = [rest for rest in rests if len(rest) > 1]
        ends = [rest[0] for rest in rests if len(rest) == 1]
        tree[name] = _tree(deep) | ({"other": ends} if ends else {}) if deep else ends or None
    return tree


@dataclass(frozen=True, slots=True)
class Mix:
    """In which shares attributes are taken from near the anchor, from the middle and from far away."""

    near: int
    middle: int
    far: int

    @classmethod
    def parse(cls, text: str) -> Mix:
        """From `5:3:2`. Raises InputError."""
        parts = text.replace(" ", "").split(":")
        if len(parts) != 3 or not all(part.isdigit() for part in parts) or not any(map(int, parts)):
            raise InputError(f"{text!r} is no mix: write NEAR:MIDDLE:FAR in whole numbers, such as 5:3:2", field="mix")
        return cls(*map(int, parts))

    def counts(self, total: int) -> tuple[int, int, int]:
        """How many of each, `total` in all, each within one of its share."""
        shares = (self.near, self.middle, self.far)
        exact = [total * share / sum(shares) for share in shares]
        counts = [int(one) for one in exact]
        for place in sorted(range(3), key=lambda place: (counts[place] - exact[place], place))[: total - sum(counts)]:
            counts[place] += 1
        return counts[0], counts[1], counts[2]


def choose(taxonomy: Taxonomy, anchor: Vector, total: int, mix: Mix, seed: int) -> dict[AttributePath, str]:
    """`total` attributes in the taxonomy's order, each with its band.

    All attributes stand in a row by their likeness to `anchor`; the bands are the thirds of the row, and from each the
    mix's share is drawn. What a third does not have is drawn from the next one. Raises InputError where the taxonomy
    holds fewer.
    """
    if total > len(taxonomy.paths):
        raise InputError(
            f"{total} attributes are asked for, and the taxonomy holds {len(taxonomy.paths)}: ask for fewer, or give a "
            "larger one by --taxonomy"
        )
    draw = Random(seed)
    likeness = {path: cosine(anchor, _vector(path)) for path in taxonomy.paths}
    row = sorted(taxonomy.paths, key=lambda path: (-likeness[path], draw.random()))
    third = -(-len(row) // 3)
    bands = [row[:third], row[third : 2 * third], row[2 * third :]]
    chosen: dict[AttributePath, str] = {}
    lacking = 0
    for band, paths, count in zip(BANDS, bands, mix.counts(total), strict=True):
        taken = draw.sample(paths, min(len(paths), count))
        lacking += count - len(taken)
        chosen |= dict.fromkeys(taken, band)
    for band, paths in zip(BANDS, bands, strict=True):
        left = [path for path in paths if path not in chosen][:lacking]
        lacking -= len(left)
        chosen |= dict.fromkeys(left, band)
    return {path: chosen[path] for path in taxonomy.paths if path in chosen}


def in_batches(paths: Iterable[AttributePath], size: int) -> list[tuple[AttributePath, ...]]:
    """Paths of one category together, in order, at most `size` at once."""
    grouped: dict[str, list[AttributePath]] = {}
    for path in paths:
        grouped.setdefault(path[0], []).append(path)
    return [tuple(own[at : at + size]) for own in grouped.values() for at in range(0, len(own), size)]


def written(path: Sequence[str]) -> str:
    """A path as text."""
    return SEPARATOR.join(path)


@cache
def _vector(path: AttributePath) -> Vector:
    return vector(" ".join(path))
