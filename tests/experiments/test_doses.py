"""Doses over whole runs: what was planned is drawn as chosen, and shows where it was planned."""

from __future__ import annotations

import json
import os
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import personae
from personae.core.persona import Behaviour, KnownFact, Persona, Scenario
from personae.core.result import SimulationResult
from personae.errors import InputError
from personae.experiments.doses import BehaviourDose, Doses
from personae.llm.offline.behaviours import known
from personae.reports import ReportSource
from personae.reports.html import HtmlReport
from personae.reports.terminal import TerminalReport
from personae.sources import read_scenarios
from personae.stats.intervals import wilson
from tests.running import personae as run
from tests.running import personas_file

TAU2 = Path(os.environ.get("PERSONAE_TAU2", Path(__file__).parents[3] / "shared" / "data" / "tau2-bench"))
NEEDS_AN_ANSWER = {"changes_mind", "interrupts", "claims_step", "pushes_back", "gives_up"}

SELDOM_TOLD = {"withholds_facts", "vague"}
"""Of most messages that do not show it, it cannot be told: what is left says little."""


def tau2() -> list[Scenario]:
    if not TAU2.is_dir():
        pytest.skip(f"the tau2-bench tasks are not at {TAU2}: set PERSONAE_TAU2 to their folder")
    return read_scenarios(f"tau2:{TAU2 / 'retail-tasks.json'}")[:40]


def held(scenarios: list[Scenario], *behaviours: Behaviour | str, **settings: object) -> list[SimulationResult]:
    return personae.simulate(
        "model:offline/offline", scenarios=scenarios, provider="offline", simulator_model="offline", metrics=(),
        behaviours=behaviours, **settings,  # type: ignore[arg-type]
    )  # fmt: skip


def tallied(results: list[SimulationResult]) -> Doses:
    doses = Doses()
    for result in results:
        doses.add(result)
    return doses


def dose_of(results: list[SimulationResult], name: str) -> BehaviourDose:
    return next(one for one in tallied(results).finished_behaviours() if one.name == name)


@pytest.mark.parametrize("name", known())
def test_the_dose_planned_and_delivered_agree_on_tau2(name: str) -> None:
    results = held(tau2(), Behaviour(name=name, probability=0.5))
    dose = dose_of(results, name)
    eligible = sum(
        "behaviours" in turn.metadata and number >= (2 if name in NEEDS_AN_ANSWER else 1) + (name == "gives_up")
        for result in results
        for number, turn in enumerate((turn for turn in result.conversation.turns if turn.role == "user"), 1)
    )
    planned = round((dose.planned.value or 0) * dose.planned.n)
    low, high = wilson(planned, eligible, level=0.999)
    assert low <= 0.5 <= high
    assert dose.delivered.n + dose.cannot_tell == planned
    assert dose.delivered.value is not None
    assert dose.delivered.value >= 0.9
    assert dose.unplanned.value is None or dose.unplanned.value < 0.25 or name in SELDOM_TOLD


def test_the_same_seed_plans_the_same_and_another_one_differently() -> None:
    scenarios = tau2()[:6]
    plans = []
    for seed in (1, 1, 2):
        turns = [turn for result in held(scenarios, "typos", seed=seed) for turn in result.conversation.turns]
        plans.append([turn.metadata.get("behaviours") for turn in turns])
    assert plans[0] == plans[1] != plans[2]


def test_without_behaviours_a_row_is_as_before() -> None:
    (result,) = held(tau2()[:1])
    row = result.as_row()
    assert "behaviours" not in row["metadata"]
    assert not row["persona"].keys() & {"behaviours", "facts"}
    assert not any("behaviours" in turn.metadata for turn in result.conversation.turns)


def test_the_row_says_the_dose_in_full_and_reads_back() -> None:
    (result,) = held(tau2()[:1], "typos=0.4")
    (dose,) = result.metadata["behaviours"]
    assert {name: dose[name] for name in ("name", "probability", "intensity")} == {
        "name": "typos", "probability": 0.4, "intensity": 1,
    }  # fmt: skip
    assert "simulation/this_message" in result.metadata["provenance"]["prompts"]
    again = SimulationResult.from_row(json.loads(json.dumps(result.as_row())))
    assert [turn.metadata for turn in again.conversation.turns] == [turn.metadata for turn in result.conversation.turns]


def test_an_unknown_behaviour_is_told_before_the_first_call() -> None:
    with pytest.raises(InputError, match=r"the run, behaviours: no behaviour is called 'typoz'; there is typos"):
        held(tau2()[:1], "typoz")


FACTS = Persona(
    name="Maya",
    description="A friendly nurse.",
    goal="I want to cancel my order.",
    success_criteria="The bot cancels the order.",
    facts=(
        KnownFact(name="order number", value="{{order}}"),
        KnownFact(name="email address", value="maya@example.org", when="volunteer"),
        KnownFact(name="zip code", value="10115", when="never"),
    ),
)


def asking(messages: list[dict[str, str]]) -> str:
    return ("What is your order number?", "And your zip code?", "What is your email address?")[len(messages) // 2 % 3]


def test_the_facts_that_the_bot_elicited_are_told(tmp_path: Path) -> None:
    scenario = Scenario(goal=FACTS.goal, fields={"order": "W4821370"})
    out = tmp_path / "r.jsonl"
    personae.simulate(asking, [FACTS], scenarios=[scenario], provider="offline", metrics=(), epochs=2, out=out)
    source = ReportSource.from_file(out)
    found = {one.fact: (one.elicited.value, one.volunteered, one.untold) for one in source.data.facts_told}
    assert found == {"order number": (1.0, 0, 0), "email address": (0.0, 2, 0), "zip code": (0.0, 0, 2)}
    shown = StringIO()
    TerminalReport().show(source, Console(file=shown, width=200))
    assert "Maya: order number (if_asked): elicited in 2 of 2 conversations" in shown.getvalue()
    page = HtmlReport().render(source)
    assert "<h2>Facts</h2>" in page
    assert "<h2>Behaviours</h2>" not in page


def test_a_run_with_behaviours_goes_on_with_them_and_not_without(tmp_path: Path) -> None:
    personas_file(tmp_path, 2)
    base = ["simulate", "--bot", "mock", "--provider", "offline", "--personas", "personas.jsonl", "--metrics", "none"]
    done = run(*base, "--behaviours", "typos=1,impatient=1", "--max-turns", 3, "--html", "r.html", cwd=tmp_path)
    assert "behaviours: planned against delivered" in done.out
    assert "typos (1.0 at intensity 1)" in done.out
    assert "<h2>Behaviours</h2>" in (tmp_path / "r.html").read_text()
    again = run(*base, "--behaviours", "typos=1,impatient=1", "--max-turns", 3, cwd=tmp_path)
    assert "going on: 2 are done already" in again.err
    other = run(*base, "--max-turns", 3, cwd=tmp_path)
    assert "other personas, scenarios, bot or settings" in other.err


def test_behaviours_come_from_a_file_with_its_lines_in_errors(tmp_path: Path) -> None:
    personas_file(tmp_path, 1)
    base = ["simulate", "--bot", "mock", "--provider", "offline", "--personas", "personas.jsonl", "--behaviours"]
    (tmp_path / "b.yaml").write_text("- typos=0.5\n- {name: vague, probability: 1, intensity: 2, first_turn: 2}\n")
    assert "vague (1.0 at intensity 2)" in run(*base, "b.yaml", "--out", "a.jsonl", cwd=tmp_path).out
    (tmp_path / "c.yaml").write_text("- typos=0.5\n- {name: vague, probability: 3}\n")
    assert "c.yaml:2: probability: Input should be less than or equal to 1" in run(*base, "c.yaml", cwd=tmp_path).err
    (tmp_path / "d.csv").write_text("name,probability,intensity\ntypos,0.5,2\n")
    assert "typos (0.5 at intensity 2)" in run(*base, "d.csv", "--out", "d.jsonl", cwd=tmp_path).out
