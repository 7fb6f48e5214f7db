"""The policy of a gate: what must hold, as a YAML file with strict errors.

level: 0.95
rules:
  - rule: goal
    at_least: 0.8
  - rule: criterion
    name: remembers
    at_least: 0.9
    where: {trait: impatient}
  - rule: latency
    share: 0.95
    at_most: 2000
  - rule: goal
    drop_at_most: 0.05
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from personae.sources import Problem
from personae.sources._source import Report
from personae.sources.yaml import Node, read_tree
from personae.stats.intervals import LEVEL

Kind = Literal["goal", "criterion", "metric", "cost", "latency", "errors", "validity"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Bound = Literal["at_least", "at_most", "drop_at_most"]
BOUNDS: tuple[Bound, ...] = get_args(Bound)
_NAMED = ("criterion", "metric")
_ANSWERS = ("goal", "criterion", "metric")
_UNBOUNDED = ("cost", "latency")
_FIELDS = ("rule", "name", "share", "where", "each", *BOUNDS)
_WHERE = ("persona", "trait", "attributes")


@dataclass(frozen=True, slots=True)
class Where:
    """Which conversations a rule is about: those of a persona, of personas with a trait, or with these attributes."""

    persona: str = ""
    trait: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of a result file is meant."""
        persona = row["persona"]
        own = persona.get("attributes") or {}
        return (
            (not self.persona or persona["name"] == self.persona)
            and (not self.trait or self.trait in persona.get("traits", ()))
            and all(name in own and own[name] == value for name, value in self.attributes.items())
        )

    def __str__(self) -> str:
        parts = [f"persona {self.persona}"] if self.persona else []
        parts += [f"trait {self.trait}"] if self.trait else []
        return ", ".join([*parts, *(f"{name} {value}" for name, value in self.attributes.items())])


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold."""

    kind: Kind
    bound: Bound
    value: float
    name: str = ""
    """Of the criterion or metric."""
    share: float = 0.95
    """Of latency: the share of replies that must be within the bound."""
    where: Where = field(default_factory=Where)
    each: str = ""
    """`persona`, `trait` or the name of an attribute: the rule then holds for each of them by itself."""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What a gate asks for."""

    rules: tuple[Rule, ...]
    level: float = LEVEL
    path: Path | None = None


def read_policy(path: Path) -> Policy:
    """The policy in a YAML file. Raises InputError that lists all that is wrong, with line and field."""
    top, problems = read_tree(path)
    return _policy(top, path, problems)


def policy_of(data: Mapping[str, Any]) -> Policy:
    """The policy in plain data of the same form. Raises InputError that lists all that is wrong, with its field."""
    return _policy(Node.of(data), None, ())


def _policy(top: Node | None, path: Path | None, problems: Sequence[Problem]) -> Policy:
    report = Report(path)
    report.add(*problems)
    fields = _mapping(report, top, "", ("level", "rules")) if top is not None else {}
    if top is None:
        report.add(Problem("holds nothing: write `rules:` and a list of them"))
    level = _number(report, fields, "level", 0.5, 0.9999) if "level" in fields else LEVEL
    rules: list[Rule] = []
    if "rules" in fields:
        items = fields["rules"].value
        if not isinstance(items, list) or not items:
            report.add(Problem("must be a list of one rule or more", fields["rules"].line, "rules"))
        else:
            rules = [rule for item in items if (rule := _rule(report, item)) is not None]
    elif top is not None:
        report.add(Problem("is missing: a list of what must hold", top.line, "rules"))
    report.raise_if_any()
    return Policy(tuple(rules), LEVEL if level is None else level, path)


def _rule(report: Report, node: Node) -> Rule | None:
    fields = _mapping(report, node, "rules", _FIELDS)
    kind = fields["rule"].value if "rule" in fields else None
    if kind not in KINDS:
        line = fields["rule"].line if "rule" in fields else node.line
        report.add(Problem(f"must be one of {', '.join(KINDS)}", line, "rule"))
        return None
    bounds = [name for name in BOUNDS if name in fields]
    if len(bounds) != 1:
        said = "is missing" if not bounds else "stands beside another bound"
        report.add(Problem(f"{said}: give one of {', '.join(BOUNDS)}", node.line, bounds[0] if bounds else "at_least"))
        return None
    bound = bounds[0]
    if bound == "drop_at_most" and kind not in _ANSWERS:
        report.add(Problem(f"is for {', '.join(_ANSWERS)} alone", fields[bound].line, bound))
    if bound == "at_least" and kind in (*_UNBOUNDED, "errors"):
        report.add(Problem(f"is not for {kind}: give at_most", fields[bound].line, bound))
    if (kind in _NAMED) != ("name" in fields):
        said = f"is missing: which {kind}" if kind in _NAMED else f"is not for {kind}"
        report.add(Problem(said, fields["name"].line if "name" in fields else node.line, "name"))
    if "share" in fields and kind != "latency":
        report.add(Problem("is for latency alone", fields["share"].line, "share"))
    value = _number(report, fields, bound, 0.0, 1e12 if kind in _UNBOUNDED else 1.0)
    share = _number(report, fields, "share", 0.01, 0.9999) if "share" in fields else 0.95
    name = _text(report, fields, "name")
    where = _where(report, fields["where"]) if "where" in fields else Where()
    each = _text(report, fields, "each")
    return None if value is None or share is None else Rule(kind, bound, value, name, share, where, each, node.line)


def _where(report: Report, node: Node) -> Where:
    fields = _mapping(report, node, "where", _WHERE)
    attributes = fields.get("attributes")
    if attributes is not None and not isinstance(attributes.value, dict):
        report.add(Problem("must be a mapping of attribute to value", attributes.line, "where.attributes"))
        attributes = None
    if not fields:
        report.add(Problem(f"must name {', '.join(_WHERE)}", node.line, "where"))
    return Where(
        _text(report, fields, "persona"),
        _text(report, fields, "trait"),
        {} if attributes is None else attributes.plain(),
    )


def _mapping(report: Report, node: Node, where: str, known: tuple[str, ...]) -> dict[str, Node]:
    """The fields of a mapping, those that are not known told and left out."""
    if not isinstance(node.value, dict):
        report.add(Problem(f"must be a mapping with {', '.join(known)}", node.line, where or None))
        return {}
    for name, value in node.value.items():
        if name not in known:
            report.add(Problem(f"is not known: {', '.join(known)} are", value.line, name))
    return {name: value for name, value in node.value.items() if name in known}


def _number(report: Report, fields: Mapping[str, Node], name: str, least: float, most: float) -> float | None:
    node = fields[name]
    if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not least <= node.value <= most:
        hint = f", not {node.value!r}" if isinstance(node.value, int | float | str) else ""
        report.add(Problem(f"must be a number from {least:g} to {most:g}{hint}", node.line, name))
        return None
    return float(node.value)


def _text(report: Report, fields: Mapping[str, Node], name: str) -> str:
    if name not in fields:
        return ""
    value = fields[name].value
    if not isinstance(value, str) or not value.strip():
        report.add(Problem("must be a text", fields[name].line, name))
        return ""
    return value
