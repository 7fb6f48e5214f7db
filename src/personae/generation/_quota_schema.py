"""The schema of a set of personas: its sampling plan, the parts that are written of each, and what must hold in them.

    attributes: ...                      # and `joint`, `never`, `about`: see `sampling.plan_file`
    levels: [low, middle, high]          # words for ratings, from least to most
    parts:
      character:
        write: How they deal with other people and with trouble.
        rate: [patience, openness]       # each gets one of the levels; `never` may name them
        says: [age]                      # must stand in the text as it was drawn
        words: 30-120
    vary:
      - [patience, openness]             # not all at one level

Without `parts`, those of `quota_parts.yaml` are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from personae.generation.sampling import Never, Plan, range_of
from personae.generation.sampling.plan_file import KEYS, Tree, open_tree, plan_of, rules_of
from personae.generation.sampling.slots import check

WORDS = (20, 150)
LEVELS = ("very low", "low", "middle", "high", "very high")
MOST_PARTS = 12
_PART = ("write", "rate", "says", "words")


@dataclass(frozen=True, slots=True)
class Part:
    """What one role writes of each persona."""

    name: str
    write: str
    """What the text must tell."""
    rate: tuple[str, ...] = ()
    """What the role rates beside it, each by one of the levels."""
    says: tuple[str, ...] = ()
    """Attributes whose values must stand in the text."""
    words: tuple[int, int] = WORDS


@dataclass(frozen=True, slots=True)
class Schema:
    """All that holds for every persona of a set."""

    plan: Plan
    parts: tuple[Part, ...]
    levels: tuple[str, ...] = LEVELS
    rules: tuple[Never, ...] = ()
    """Those that name ratings, and so can be checked only once a persona is written."""
    vary: tuple[tuple[str, ...], ...] = ()
    """Ratings that must not all be at one level."""
    about: str = ""


def read_schema(path: Path) -> Schema:
    """The schema in a YAML file. Raises InputError with file, line and field, for contradictory quotas too."""
    tree = open_tree(path, "a schema of personas")
    tree.only(tree.top, (*KEYS, "levels", "parts", "vary"), "")
    levels = tuple(tree.text(one, "levels") for one in tree.items(tree.top.get("levels"))) or LEVELS
    if len(set(levels)) != len(levels) or len(levels) < 2:
        tree.refuse("must be two different words or more", tree.top["levels"], "levels")
    attributes = set(tree.mapping(tree.top.get("attributes"), "attributes"))
    parts = tuple(_parts(tree, attributes)) if "parts" in tree.top else _usual_parts()
    ratings = [name for part in parts for name in part.rate]
    for name in ratings:
        if ratings.count(name) > 1 or name in attributes:
            tree.refuse(f"{name!r} is rated twice, or an attribute too: rename one", tree.top.get("parts"), "parts")
    known = dict.fromkeys(ratings, levels)
    plan = plan_of(tree, known)
    check(plan)
    values = {one.name: tuple(one.shares) for one in plan} | known
    rules = tuple(rule for rule in rules_of(tree, values) if set(rule.values) & set(ratings))
    about = tree.text(tree.top.get("about"), "about")
    return Schema(plan, parts, levels, rules, tuple(_vary(tree, ratings)), about)


def _usual_parts() -> tuple[Part, ...]:
    """The parts of a schema that names none."""
    with as_file(files("personae.generation") / "quota_parts.yaml") as path:
        return tuple(_parts(open_tree(path, "parts"), set()))


def _parts(tree: Tree, attributes: set[str]) -> Iterator[Part]:
    found = tree.mapping(tree.top.get("parts"), "parts")
    if not 1 <= len(found) <= MOST_PARTS:
        tree.refuse(f"must be 1 to {MOST_PARTS} parts", tree.top.get("parts"), "parts")
    for name, node in found.items():
        at = f"parts.{name}"
        given = tree.mapping(node, at)
        tree.only(given, _PART, at)
        if not (write := tree.text(given.get("write"), f"{at}.write")).strip():
            tree.refuse("is missing: say what this part is to tell", given.get("write", node), f"{at}.write")
        says = tuple(tree.text(one, f"{at}.says") for one in tree.items(given.get("says")))
        for one in says:
            if one not in attributes:
                tree.refuse(f"{one!r} is no attribute", given["says"], f"{at}.says")
        words = range_of(tree.text(given["words"], f"{at}.words")) if "words" in given else WORDS
        if words is None or words[0] < 1:
            tree.refuse("must be a range such as 30-120", given["words"], f"{at}.words")
        rate = tuple(tree.text(one, f"{at}.rate") for one in tree.items(given.get("rate")))
        yield Part(name, write, rate, says, words)


def _vary(tree: Tree, ratings: list[str]) -> Iterator[tuple[str, ...]]:
    for node in tree.items(tree.top.get("vary")):
        names = tuple(tree.text(one, "vary") for one in tree.items(node))
        if len(names) < 2 or not set(names) <= set(ratings):
            tree.refuse(f"must list two ratings or more: there is {', '.join(ratings) or 'none'}", node, "vary")
        yield names
