"""Fragments in a sampling plan: parts of a person, such as a picky customer, that a share of a population gets.

    fragments:
      picky: {share: 20%, add: picky.fragment.json}
      distrustful:
        share: 10%
        add: {beliefs: [All bills lie.]}

Source: the fragments of TinyTroupe (arXiv 2507.09788)
Idea:   a fragment is one more attribute of the plan, `yes` or `no`. So it is dealt out as exactly as all others, and
        shares of combinations and rules can name it. What the fragment says stands before what is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

from personae.core.paths import SEPARATOR, by_path
from personae.errors import InputError
from personae.generation.sampling import Attribute, Plan
from personae.generation.sampling.plan_file import KEYS, Tree, open_tree, plan_of, share_of
from personae.sources import Fragment, read_fragment
from personae.sources._agents import prose
from personae.sources._fragments import merged
from personae.sources.yaml import Node

YES, NO = "yes", "no"


def read_population_plan(path: Path) -> Plan:
    """The plan in a file, with its fragments. Raises InputError with file, line and field."""
    tree = open_tree(path, "a sampling plan")
    tree.only(tree.top, (*KEYS, "fragments"), "")
    found = list(_read(tree))
    plan = plan_of(tree, more=[attribute for attribute, _ in found])
    plan = replace(plan, fragments={attribute.name: fragment for attribute, fragment in found})
    _check_together(plan)
    return plan


def _read(tree: Tree) -> Iterator[tuple[Attribute, Fragment]]:
    """Each fragment, and the attribute by which it is dealt out."""
    for name, node in tree.mapping(tree.top.get("fragments"), "fragments").items():
        field = f"fragments.{name}"
        given = tree.mapping(node, field)
        tree.only(given, ("share", "add"), field)
        for key in ("share", "add"):
            if key not in given:
                tree.refuse("must have a share, and what to `add`: a file, or the data themselves", node, field)
        share = share_of(tree, given["share"], f"{field}.share")
        if not 0 < share <= 1:
            tree.refuse("must be more than 0, and 100 % at most", given["share"], f"{field}.share")
        shares = {YES: share, NO: Fraction(1) - share}
        yield Attribute(name, shares, line=node.line), _fragment(tree, name, given["add"], f"{field}.add")


def _fragment(tree: Tree, name: str, node: Node, field: str) -> Fragment:
    if isinstance(node.value, dict) and node.value:
        return Fragment(name, node.plain())
    named = node.value
    if not isinstance(named, str) or not named.strip():
        tree.refuse("must be a fragment's file, or a mapping with what it adds", node, field)
    folder = tree.path.parent.resolve()
    path = (folder / named).resolve()
    if not path.is_relative_to(folder):  # a plan may come from somebody else, over the network
        tree.refuse("must lie in the plan's folder or below it: put it there, or its data in its place", node, field)
    if not path.is_file():
        tree.refuse(f"there is no file {named!r} beside the plan", node, field)
    return Fragment(name, read_fragment(path).data)


def _check_together(plan: Plan) -> None:
    """Raises InputError where two fragments that one person may get say different things."""
    lines = {one.name: one.line for one in plan}
    for one, other in combinations(plan.fragments.values(), 2):
        both = {one.name: YES, other.name: YES}
        if any(rule.is_broken(both) for rule in plan.never):
            continue
        try:
            merged(one.data, other.data, overwrite=False)
        except ValueError as error:
            raise InputError(
                f"cannot go with {one.name}: {str(error).partition(': say')[0]}. Change one, or let them `never` meet: "
                f"{{{one.name}: {YES}, {other.name}: {YES}}}",
                file=plan.file or None,
                line=lines[other.name],
                field=f"fragments.{other.name}",
            ) from None


def check_fragments(plan: Plan, factors: tuple[str, ...]) -> None:
    """Raises InputError where a fragment says what the plan deals out, or who somebody is."""
    dealt = {one.name for one in plan if one.name not in plan.fragments}
    dealt |= {SEPARATOR.join(("personality", "big_five", name)) for name in factors} | {"name"}
    lines = {one.name: one.line for one in plan}
    for name, fragment in plan.fragments.items():
        said = sorted(dealt & {*fragment.data, *by_path(fragment.data)})
        if said or name in factors:
            raise InputError(
                f"says {said[0]!r}, which is dealt out: take it out of the fragment" if said else "is a factor's name",
                file=plan.file or None,
                line=lines.get(name),
                field=f"fragments.{name}",
            )


def given(plan: Plan, facts: Mapping[str, object]) -> list[Fragment]:
    """The fragments that a person with these facts gets."""
    return [fragment for name, fragment in plan.fragments.items() if facts.get(name) == YES]


def told(fragments: list[Fragment]) -> list[str]:
    """What holds of a person by each fragment, for who writes the rest."""
    return [" ".join(prose(fragment.data).split("\n")) for fragment in fragments]


def added(spec: Mapping[str, Any], fragments: list[Fragment]) -> dict[str, Any]:
    """A person's data with the fragments in it."""
    found = dict(spec)
    for fragment in fragments:
        found = merged(found, fragment.data, overwrite=True)
    return found
