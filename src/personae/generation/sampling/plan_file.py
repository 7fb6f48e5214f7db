"""Sampling plans in YAML, read with every error at its line.

    about: customers of a mobile network
    attributes:
      age: {18-29: 25%, 30-49: 40%, 50-69: 25%, 70-90: 10%}
      contract:
        about: how they pay
        shares: {prepaid: 40%, monthly: 60%}
    joint:
      - of: [age, contract]
        shares:
          - {age: 18-29, contract: prepaid, share: 20%}
    never:
      - {age: 70-90, contract: prepaid}

Shares are percentages, or fractions of 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from personae.errors import InputError
from personae.generation.sampling import Attribute, Cell, Joint, Never, Plan, percent
from personae.sources.yaml import Node, read_tree

_OFF = Fraction(1, 2000)
"""Shares that are written with few digits may miss 100 % by so much."""
MOST_VALUES = 200
KEYS = ("about", "attributes", "joint", "never")


@dataclass(frozen=True, slots=True)
class Tree:
    """A file's top mapping, and errors at its places."""

    path: Path
    top: Mapping[str, Node]

    def refuse(self, problem: str, node: Node | None, field: str) -> NoReturn:
        raise InputError(problem, file=self.path, line=node.line if node else None, field=field)

    def mapping(self, node: Node | None, field: str) -> dict[str, Node]:
        """The node's mapping; empty where there is none."""
        if node is None or node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self.refuse("must be a mapping of names", node, field)
        return node.value

    def items(self, node: Node | None) -> list[Node]:
        """The node's list, or the one value that stands in its place; empty where there is none."""
        if node is None or node.value is None:
            return []
        return node.value if isinstance(node.value, list) else [node]

    def text(self, node: Node | None, field: str) -> str:
        if node is None or node.value is None:
            return ""
        if isinstance(node.value, (dict, list)):
            self.refuse("must be a text", node, field)
        return label(node.value)

    def only(self, node: Mapping[str, Node], known: tuple[str, ...], field: str) -> None:
        for key, value in node.items():
            if key not in known:
                self.refuse(f"is not known here: there is {', '.join(known)}", value, f"{field}.{key}".lstrip("."))


def open_tree(path: Path, what: str) -> Tree:
    """The file's mapping. Raises InputError where it is none, or a key stands twice."""
    top, problems = read_tree(path)
    for problem in problems:
        raise InputError(problem.text, file=path, line=problem.line, field=problem.field)
    if top is None:
        raise InputError(f"is empty: it must hold {what}", file=path)
    if not isinstance(top.value, dict):
        raise InputError(f"must be a mapping that holds {what}", file=path, line=top.line)
    return Tree(path, top.value)


def read_plan(path: Path) -> Plan:
    """The plan in a file. Raises InputError with file, line and field."""
    tree = open_tree(path, "a sampling plan")
    tree.only(tree.top, KEYS, "")
    return plan_of(tree)


def plan_of(tree: Tree, also: Mapping[str, tuple[str, ...]] | None = None, more: Iterable[Attribute] = ()) -> Plan:
    """The plan under `attributes`, `joint` and `never`, with `more` attributes that stand elsewhere.

    Rules may name what is in `also`, values by name; such rules are no part of the plan.
    """
    attributes = tuple(_attributes(tree))
    if not attributes:
        tree.refuse("is missing: name at least one attribute with shares", tree.top.get("attributes"), "attributes")
    for one in more:
        if any(one.name == other.name for other in attributes):
            tree.refuse("has the name of an attribute: give it another", tree.top.get("fragments"), one.name)
        attributes += (one,)
    values = {one.name: tuple(one.shares) for one in attributes}
    joint = tuple(_joint(tree, values))
    rules = rules_of(tree, values | dict(also or {}))
    bound = tuple(rule for rule in rules if not set(rule.values) - set(values))
    return Plan(attributes, joint, bound, str(tree.path))


def _attributes(tree: Tree) -> Iterator[Attribute]:
    for name, node in tree.mapping(tree.top.get("attributes"), "attributes").items():
        field = f"attributes.{name}"
        given = tree.mapping(node, field)
        about = ""
        shares = node
        if "shares" in given:
            tree.only(given, ("about", "shares"), field)
            about, shares = tree.text(given.get("about"), f"{field}.about"), given["shares"]
        parts = tree.mapping(shares, field)
        if not 1 <= len(parts) <= MOST_VALUES:
            tree.refuse(f"must have 1 to {MOST_VALUES} values, each with its share, not {len(parts)}", node, field)
        read = {value: share_of(tree, part, f"{field}.{value}") for value, part in parts.items()}
        yield Attribute(name, _whole(tree, read, shares, field), about, node.line)


def _joint(tree: Tree, values: Mapping[str, tuple[str, ...]]) -> Iterator[Joint]:
    met: dict[str, int | None] = {}
    for node in tree.items(tree.top.get("joint")):
        given = tree.mapping(node, "joint")
        tree.only(given, ("of", "shares"), "joint")
        names = tuple(tree.text(one, "joint.of") for one in tree.items(given.get("of")))
        if len(names) < 2 or len(set(names)) < len(names):
            tree.refuse("must name two attributes or more, each once", given.get("of", node), "joint.of")
        for name in names:
            if name not in values:
                tree.refuse(f"{name!r} is no attribute: there is {', '.join(values)}", given["of"], "joint.of")
            if name in met:
                tree.refuse(f"{name!r} stands in the combinations at line {met[name]} already", given["of"], "joint.of")
            met[name] = node.line
        read: dict[Cell, Fraction] = {}
        for row in tree.items(given.get("shares")):
            cells = tree.mapping(row, "joint.shares")
            if set(cells) != {*names, "share"}:
                tree.refuse(f"each row must hold {', '.join(names)} and share", row, "joint.shares")
            cell = tuple(_value(tree, cells[name], values[name], f"joint.{name}") for name in names)
            if cell in read:
                tree.refuse(f"{' '.join(cell)} stands here twice", row, "joint.shares")
            read[cell] = share_of(tree, cells["share"], "joint.share")
        yield Joint(names, _whole(tree, read, given.get("shares", node), "joint.shares"), node.line)


def rules_of(tree: Tree, values: Mapping[str, tuple[str, ...]]) -> list[Never]:
    """The rules under `never`, each of whose names and values must be known."""
    rules = []
    for node in tree.items(tree.top.get("never")):
        given = tree.mapping(node, "never")
        if not given:
            tree.refuse("each rule must name attributes with values", node, "never")
        rule = {}
        for name, these in given.items():
            if name not in values:
                tree.refuse(f"{name!r} is not known: there is {', '.join(values)}", these, "never")
            rule[name] = tuple(_value(tree, one, values[name], f"never.{name}") for one in tree.items(these))
        rules.append(Never(rule, node.line))
    return rules


def _value(tree: Tree, node: Node, known: tuple[str, ...], field: str) -> str:
    value = tree.text(node, field)
    if value not in known:
        tree.refuse(f"{value!r} is not one of its values: {', '.join(known)}", node, field)
    return value


def share_of(tree: Tree, node: Node, field: str) -> Fraction:
    """`25%`, `25 %` or a number, 0 or more. Raises InputError."""
    text = tree.text(node, field).strip()
    try:
        share = Fraction(text.removesuffix("%").strip())
    except (ValueError, ZeroDivisionError):
        tree.refuse(f"must be a share such as 25% or 0.25, not {text!r}", node, field)
    if share < 0:
        tree.refuse("must not be below 0", node, field)
    return share / 100 if text.endswith("%") else share


def _whole(tree: Tree, shares: dict[Any, Fraction], node: Node, field: str) -> dict[Any, Fraction]:
    """Shares that add up to 1. They are written as such, or all as percentages without the sign."""
    total = sum(shares.values(), Fraction())
    if abs(total / 100 - 1) <= _OFF:
        shares, total = {value: share / 100 for value, share in shares.items()}, total / 100
    if abs(total - 1) > _OFF:
        listed = ", ".join(f"{' '.join(v) if isinstance(v, tuple) else v} {percent(s)}" for v, s in shares.items())
        tree.refuse(f"the shares add up to {percent(total)}, not 100 %: {listed}", node, field)
    return {value: share / total for value, share in shares.items()}


def label(value: object) -> str:
    """A plain value as it names something: `yes`, `18`, `true`."""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()
