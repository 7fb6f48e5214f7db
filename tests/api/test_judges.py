"""The judge, judged from Python: the same numbers as on the command line, from results or from their file."""

from __future__ import annotations

from pathlib import Path

import pytest

from personae import (
    Criterion,
    Persona,
    SimulationResult,
    check_judge,
    identify_roles,
    persona_score,
    probe_judge,
    simulate,
)
from personae.errors import BudgetExceeded, InputError
from personae.llm.config import LLMConfig
from personae.llm.prices import Rates
from personae.rating.labels import Label, append_label

PEOPLE = [
    Persona(name=f"Ann {n}", description=f"A user of {n} years.", goal=f"Find out the price of lamp {n}.",
            success_criteria="The bot states the price.")
    for n in range(4)
]  # fmt: skip
POLITE = Criterion(name="polite", question="Is the bot polite?")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("judges")


@pytest.fixture(scope="module")
def results(folder: Path) -> list[SimulationResult]:
    return simulate(
        "model:offline", PEOPLE, provider="offline", criteria=[POLITE], metrics=(), max_turns=2, out=folder / "r.jsonl"
    )


def test_labels_are_held_against_results_or_their_file(results: list[SimulationResult], folder: Path) -> None:
    said = [Label(key=one.key, criterion="goal", rater=who, label="YES") for one in results for who in ("ann", "bob")]
    for label in said:
        append_label(folder / f"{label.rater}.jsonl", label)
    found = check_judge(results, said)
    assert check_judge(folder / "r.jsonl", [folder / "ann.jsonl", folder / "bob.jsonl"]).as_dict() == found.as_dict()
    (goal,) = found.criteria
    assert (goal.criterion, goal.raters, goal.table.n) == ("goal", ("ann", "bob"), 4)
    clash = [*said, Label(key=results[0].key, criterion="goal", rater="ann", label="NO")]
    assert "differently in two files" in check_judge(results, clash).problems[-1]


def test_the_judge_is_asked_again_and_who_is_speaking(results: list[SimulationResult], folder: Path) -> None:
    [consistency] = probe_judge(folder / "r.jsonl", "offline", kinds=["consistency"], criteria=[POLITE])
    assert (consistency.conversations, consistency.flips[0].rate.value) == (4, 0.0)
    assert identify_roles(results, "offline", options=2)["cases"] == 4
    scored = persona_score(results, ["offline/a", "offline/b"], persona="A pirate.", n=2)
    assert len(scored.evaluations) == 4


def test_what_cannot_be_asked_is_refused_before_the_first_call(results: list[SimulationResult]) -> None:
    with pytest.raises(InputError, match="which persona it plays"):
        persona_score(results, ["offline"])
    dear = LLMConfig("openai", "m", base_url="http://127.0.0.1:9/v1", rates=Rates.parse("9999/9999"))
    with pytest.raises(BudgetExceeded, match="over the ceiling"):
        identify_roles(results, dear, budget_usd=0.001)
