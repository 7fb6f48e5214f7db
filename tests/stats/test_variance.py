"""The variance split: against the analysis of variance, the truth of made-up data, and designs that lack something."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame  # type: ignore[import-untyped]
from statsmodels.formula.api import ols  # type: ignore[import-untyped]
from statsmodels.stats.anova import anova_lm  # type: ignore[import-untyped]

from personae.stats.variance import NAMES, Cell, Part, Sums, variance_split


def sums(values: list[float]) -> Sums:
    return Sums(len(values), sum(values), sum(value * value for value in values))


def cells(table: dict[tuple[str, str], list[float]]) -> list[Cell]:
    return [Cell(persona, scenario, sums(values)) for (persona, scenario), values in table.items()]


def by_name(parts: tuple[Part, ...]) -> dict[str, Part]:
    return {part.name: part for part in parts}


def made(
    seed: int, personas: int, scenarios: int, epochs: int, deviations: tuple[float, ...]
) -> dict[tuple[str, str], list[float]]:
    dice = random.Random(seed)
    who = [dice.gauss(0, deviations[0]) for _ in range(personas)]
    what = [dice.gauss(0, deviations[1]) for _ in range(scenarios)]
    table = {}
    for i in range(personas):
        for j in range(scenarios):
            both = dice.gauss(0, deviations[2])
            table[f"p{i}", f"s{j}"] = [who[i] + what[j] + both + dice.gauss(0, deviations[3]) for _ in range(epochs)]
    return table


@pytest.mark.parametrize("seed", range(4))
def test_a_complete_design_gives_what_the_analysis_of_variance_gives(seed: int) -> None:
    i, j, k = 5, 4, 3
    table = made(seed, i, j, k, (2.0, 1.5, 1.0, 1.0))
    rows = [(p, s, y) for (p, s), values in table.items() for y in values]
    data = {"p": [row[0] for row in rows], "s": [row[1] for row in rows], "y": [row[2] for row in rows]}
    anova = anova_lm(ols("y ~ C(p) * C(s)", DataFrame(data)).fit())
    square = {name: anova["sum_sq"][name] / anova["df"][name] for name in ("C(p)", "C(s)", "C(p):C(s)", "Residual")}
    expected = {
        "persona": (square["C(p)"] - square["C(p):C(s)"]) / (j * k),
        "scenario": (square["C(s)"] - square["C(p):C(s)"]) / (i * k),
        "persona x scenario": (square["C(p):C(s)"] - square["Residual"]) / k,
        "epoch": square["Residual"],
    }
    found = by_name(variance_split(cells(table)))
    for name, value in expected.items():
        assert found[name].variance == pytest.approx(max(0.0, value), abs=1e-9), name


def test_an_incomplete_design_still_finds_the_truth() -> None:
    table = made(1, 60, 40, 2, (1.0, 0.7, 0.5, 1.2))
    dice = random.Random(2)
    kept = {key: values[: dice.randint(1, 2)] for key, values in table.items() if dice.random() < 0.6}
    found = by_name(variance_split(cells(kept)))
    for name, truth in zip(NAMES, (1.0, 0.49, 0.25, 1.44), strict=False):
        assert found[name].variance == pytest.approx(truth, rel=0.45), name


def test_a_judge_who_was_asked_again_gets_its_own_part() -> None:
    dice = random.Random(3)
    found = []
    for persona in range(30):
        for scenario in range(10):
            values, again = [], []
            for _ in range(2):
                said = dice.gauss(0, 1)
                ratings = [said + dice.gauss(0, 0.5) for _ in range(3)]
                values += ratings
                again.append(sums(ratings))
            found.append(Cell(f"p{persona}", f"s{scenario}", sums(values), tuple(again)))
    parts = by_name(variance_split(found))
    assert parts["judge"].variance == pytest.approx(0.25, rel=0.15)
    assert parts["epoch"].variance == pytest.approx(1, rel=0.2)


VALUES = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=4)
TABLES = st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), VALUES, max_size=12)


@given(TABLES)
def test_shares_add_up_to_1_and_what_is_undefined_says_why(table: dict[tuple[str, str], list[float]]) -> None:
    parts = variance_split(cells(table))
    if sum(map(len, table.values())) < 2:
        assert parts == ()
        return
    assert tuple(part.name for part in parts) == NAMES
    for part in parts:
        assert part.share is not None or part.reason
        assert part.variance is None or part.variance >= 0
    shares = [part.share for part in parts if part.share is not None]
    assert not shares or sum(shares) == pytest.approx(1)


@dataclass(frozen=True)
class Case:
    table: Callable[[], dict[tuple[str, str], list[float]]]
    part: str
    is_defined: bool
    reason: str


CASES = {
    "no repeats": Case(lambda: made(1, 3, 3, 1, (1, 1, 1, 1)), "persona x scenario", False, "nothing was repeated"),
    "one persona": Case(lambda: made(1, 1, 4, 2, (1, 1, 1, 1)), "scenario", True, "one persona"),
    "one scenario": Case(lambda: made(1, 4, 1, 2, (1, 1, 1, 1)), "persona", True, "one scenario"),
    "own scenarios": Case(
        lambda: {(f"p{n}", f"s{n}"): [n % 3, n % 2] for n in range(6)}, "persona", True, "its own scenario"
    ),
    "zero variance": Case(
        lambda: {("p", "s"): [1.0, 1.0], ("q", "s"): [1.0, 1.0]}, "epoch", True, "all observations agree"
    ),
    "one cell": Case(lambda: {("p", "s"): [1.0, 0.0]}, "persona", False, "cannot tell"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_design_that_lacks_something_says_so(case: Case) -> None:
    part = by_name(variance_split(cells(case.table())))[case.part]
    assert (part.variance is not None) is case.is_defined
    assert case.reason in part.reason
