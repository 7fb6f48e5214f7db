"""Sampling plans: exact shares, rules kept, contradictions named with their line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personae.errors import InputError
from personae.generation._quota_schema import Schema, read_schema
from personae.generation._respondents import read_respondents
from personae.generation.identity import usual_social_plan
from personae.generation.sampling import Plan
from personae.generation.sampling.fragments import read_population_plan
from personae.generation.sampling.plan_file import read_plan
from personae.generation.sampling.report import reached
from personae.generation.sampling.slots import apportioned, slots

PLAN = """\
attributes:
  age: {18-29: 25%, 30-49: 40%, 50-69: 25%, 70-90: 10%}
  channel:
    about: how they write
    shares: {app: 60, phone: 10, web: 30}
  level: {a: 0.25, b: 0.25, c: 0.25, d: 0.25}
never:
  - {age: 70-90, channel: [app, web]}
  - {age: 18-29, level: [a, b], channel: web}
"""


def plan(tmp_path: Path, text: str = PLAN) -> Plan:
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return read_plan(path)


@pytest.mark.parametrize("n", [1, 7, 100, 1000])
def test_every_share_is_met_and_no_rule_broken(tmp_path: Path, n: int) -> None:
    asked = plan(tmp_path)
    found = slots(asked, n, seed=3)
    assert len({slot.key for slot in found}) == n
    assert not [slot for slot in found if asked.broken(slot.cell)]
    rows = list(reached(asked, [asked.drawn(slot.cell, place) for place, slot in enumerate(found)]))
    assert [str(row) for row in rows if not row.is_met] == []
    if n == 100:
        assert [row.count for row in rows] == [25, 40, 25, 10, 60, 10, 30, 25, 25, 25, 25]


def test_the_same_seed_gives_the_same_and_another_gives_others(tmp_path: Path) -> None:
    asked = plan(tmp_path)
    assert slots(asked, 40, 1) == slots(asked, 40, 1)
    assert slots(asked, 40, 1) != slots(asked, 40, 2)


def test_attributes_are_dealt_out_apart_from_each_other(tmp_path: Path) -> None:
    """Else all young people would be at one level."""
    asked = plan(tmp_path, "attributes:\n  sex: {f: 50%, m: 50%}\n  level: {a: 25%, b: 25%, c: 25%, d: 25%}\n")
    cells = Counter(slot.cell for slot in slots(asked, 400, 5))
    assert len(cells) == 8
    assert min(cells.values()) > 25


@pytest.mark.parametrize("there", [0, 4, 10])
def test_what_is_made_stays_and_the_rest_makes_up_for_it(tmp_path: Path, there: int) -> None:
    asked = plan(tmp_path)
    first = slots(asked, 10, 1)
    made = {slot.key: slot.cell for slot in first[:there]}
    assert {slot.key for slot in slots(asked, 10, 1, made)} == {slot.key for slot in first}, "the run goes on as it was"
    more = slots(asked, 60, 1, made)
    assert len({slot.key for slot in more}) == 60
    assert set(made) <= {slot.key for slot in more}
    assert all(row.is_met for row in reached(asked, [asked.drawn(slot.cell, 0) for slot in more]))


def test_shares_of_combinations_are_met(tmp_path: Path) -> None:
    asked = plan(
        tmp_path,
        "attributes:\n  age: {young: 50%, old: 50%}\n  place: {town: 60%, village: 40%}\n  x: {p: 50%, q: 50%}\n"
        "joint:\n  - of: [age, place]\n    shares:\n"
        "      - {age: young, place: town, share: 45%}\n      - {age: young, place: village, share: 5%}\n"
        "      - {age: old, place: town, share: 15%}\n      - {age: old, place: village, share: 35%}\n",
    )
    counts = Counter(slot.cell[:2] for slot in slots(asked, 40, 1))
    assert counts == {
        ("young", "town"): 18, ("young", "village"): 2, ("old", "town"): 6, ("old", "village"): 14,
    }  # fmt: skip


def test_numbers_are_drawn_out_of_all_of_their_range(tmp_path: Path) -> None:
    asked = plan(tmp_path, "attributes: {age: {18-20: 100%}}")
    drawn = {asked.drawn(("18-20",), seed)["age"] for seed in range(50)}
    assert drawn == {18, 19, 20}
    assert asked.cell_of({"age": 19}) == ("18-20",)
    assert asked.cell_of({"age": 30}) is None


BAD = {
    "attributes: {age: {a: 50%, b: 40%}}": ":1: attributes.age: the shares add up to 90 %, not 100 %: a 50 %, b 40 %",
    "attributes:\n  age: {a: 60%, b: 40%}\n  way: {app: 50%, phone: 50%}\nnever:\n  - {age: a, way: app}\n": (
        ":5: never: the quotas contradict each other: age a is to be 60 % but may only go with way phone, which is "
        "50 %, by the rule at line 5 (age a with way app)"
    ),
    "attributes:\n  age: {a: 60%, b: 40%}\n  way: {x: 50%, y: 50%}\nnever:\n  - {age: a, way: [x, y]}\n": (
        "age a is to be 60 % but may go with no way at all"
    ),
    "attributes: {age: {a: 50%, b: 50%}}\nnever: [{age: a}]": ":2: never: age a is to have 50 %, and the rule",
    "attributes:\n  a: {x: 1}\n  b: {y: 50, z: 50}\njoint:\n  - of: [a, b]\n    shares:\n"
    "    - {a: x, b: y, share: 30%}\n    - {a: x, b: z, share: 70%}\n": (
        "the combinations at line 5 give b y 30 %, and its own share at line 3 is 50 %"
    ),
    "attributes: {a: {x: 1}}\njoint: [{of: [a, b], shares: []}]": "'b' is no attribute: there is a",
    "attributes: {age: {a: half, b: 50%}}": "must be a share such as 25% or 0.25, not 'half'",
    "attributes: {age: {a: -50%, b: 150%}}": "must not be below 0",
    "attributes: {age: {a: 100%}}\nnever: [{age: z}]": "'z' is not one of its values: a",
    "attributes: {age: {a: 100%}}\nnever: [{agee: a}]": "'agee' is not known: there is age",
    "attribute: {age: {a: 100%}}": "is not known here: there is about, attributes, joint, never",
    "attributes: {age: {a: 100%}, age: {b: 100%}}": "stands twice",
    "attributes: []": "must be a mapping of names",
    "about: people": "is missing: name at least one attribute with shares",
    "": "is empty: it must hold a sampling plan",
}


@pytest.mark.parametrize(("text", "says"), BAD.items(), ids=range(len(BAD)))
def test_a_plan_that_cannot_be_is_refused_at_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError) as raised:
        slots(plan(tmp_path, text), 10, 0)
    assert says in str(raised.value)
    assert "plan.yaml" in str(raised.value)


def test_a_contradiction_that_shows_only_among_three_is_named_too(tmp_path: Path) -> None:
    text = (
        "attributes:\n  a: {x: 50%, y: 50%}\n  b: {p: 50%, q: 50%}\n  c: {r: 50%, s: 50%}\nnever:\n"
        + "".join(f"  - {{a: x, b: {b}, c: {c}}}\n" for b in "pq" for c in "rs")
    )  # fmt: skip
    with pytest.raises(InputError, match=r"the rule at line \d+ \(a x with b [pq] with c [rs]\) is still broken"):
        slots(plan(tmp_path, text), 10, 0)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(0, 500))
def test_counts_are_next_to_their_share_and_add_up(weights: list[int], n: int) -> None:
    shares = {str(place): Fraction(weight, sum(weights)) for place, weight in enumerate(weights)}
    counts = apportioned(shares, n)
    assert sum(counts.values()) == n
    assert all(abs(counts[value] - share * n) < 1 for value, share in shares.items())


@settings(max_examples=8)
@given(st.integers(1, 200), st.integers(0, 5))
def test_the_plan_that_comes_with_personae_can_be_met_by_any_number(n: int, seed: int) -> None:
    asked = usual_social_plan()
    found = slots(asked, n, seed)
    assert not [slot for slot in found if asked.broken(slot.cell)]
    assert all(row.is_met for row in reached(asked, [asked.drawn(slot.cell, seed) for slot in found]))


DOCS = Path(__file__).parents[2] / "docs"
READ: dict[str, Callable[[Path], Any]] = {
    "plan": read_plan,
    "population": read_population_plan,
    "schema": read_schema,
    "respondents": read_respondents,
}


@pytest.mark.parametrize(
    ("page", "kind"),
    [("population", "plan"), ("population", "population"), ("quota", "schema"), ("identity", "respondents")],
)
def test_the_examples_of_the_guides_are_read(tmp_path: Path, page: str, kind: str) -> None:
    text = (DOCS / f"generate-{page}.md").read_text(encoding="utf-8")
    (example,) = re.findall(rf"^```\w+ {kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    path = tmp_path / "example"
    path.write_text(example, encoding="utf-8")
    found = READ[kind](path)
    if isinstance(found, Schema):
        found = found.plan
    if isinstance(found, Plan):
        assert all(row.is_met for row in reached(found, [found.drawn(slot.cell, 0) for slot in slots(found, 40, 0)]))
    else:
        found[0].check("SPC")
