"""(g) What is done with the results of very many conversations: guards, report, comparison.

The conversations are real ones of the offline engine, told again by other personas in other scenarios, with answers
that are drawn. So every row is as large as a row is, with usage, validity and provenance.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bench.measure import Cost, RunError, run_program
from bench.rows import Row, Target
from bench.tools import PERSONAE

PERSONAS, SCENARIOS, EPOCHS = 1000, 50, 2
_HELD = 20
_MEASURES = ("conversation_relevance", "knowledge_retention", "turn_consistency")
_CRITERIA = ("polite", "names a date", "asks for the order number")
GUARDS = """
import sys
from personae.experiments.result_file import read_rows, results
from personae.simulation.validity import check
for result in results(read_rows(__import__("pathlib").Path(sys.argv[1]))):
    check(result.persona, result.scenario, result.conversation)
"""


@dataclass(frozen=True)
class Limit:
    """What one of the programs may take."""

    what: str
    command: list[str]
    seconds: float


def many(*, quick: bool) -> Row:
    """Each program by itself, on the same two files; a tenth of them in a quick run, in a tenth of the time."""
    scale = 10 if quick else 1
    count = PERSONAS * SCENARIOS * EPOCHS // scale
    row = Row(f"(g) {count:,} conversations: guards, report with 10,000 bootstrap draws, comparison")
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.jsonl", Path(folder) / "after.jsonl"
        write_results(before, PERSONAS // scale, seed=1)
        write_results(after, PERSONAS // scale, seed=2)
        programs = [
            Limit("guards", [sys.executable, "-c", GUARDS, str(before)], 60 / scale),
            Limit("report", [str(PERSONAE), "report", str(before), "--json"], 10 / scale),
            Limit("comparison", [str(PERSONAE), "compare", str(before), str(after)], 10 / scale),
        ]
        row.notes.append(f"a file has {before.stat().st_size / count / 1000:.1f} kB a conversation")
        for program in programs:
            try:
                cost = run_program(program.command, {})
            except RunError as failure:
                row.notes.append(str(failure))
                continue
            row.targets += _targets(program, cost)
    return row


def _targets(program: Limit, cost: Cost) -> list[Target]:
    """Report and comparison take two processes: what counts is how long one waits. The guards take one."""
    cpu = [Target("guards, CPU", cost.cpu_s, program.seconds, "s")] if program.what == "guards" else []
    return [
        *cpu,
        Target(f"{program.what}, wall", cost.wall_s, program.seconds, "s"),
        Target(f"{program.what}, peak memory", cost.peak_mib, 1024, "MiB"),
    ]


def write_results(path: Path, personas: int, *, seed: int) -> None:
    """A result file of `personas` x SCENARIOS x EPOCHS conversations."""
    held, dice = _held(), random.Random(seed)
    with path.open("wb") as file:
        for number in range(personas * SCENARIOS * EPOCHS):
            persona, rest = divmod(number, SCENARIOS * EPOCHS)
            scenario, epoch = divmod(rest, EPOCHS)
            said = held[number % len(held)]
            told = _retold(said, persona, scenario, epoch + 1, dice, bot=f"bot {seed}")
            file.write(orjson.dumps(told) + b"\n")


def _held() -> list[Mapping[str, Any]]:
    """Rows of conversations that the offline engine held."""
    from personae import Persona, Scenario, simulate

    people = [
        Persona(name=f"Ann {number}", description=f"Ann {number} is short of time.", traits=("terse",))
        for number in range(_HELD)
    ]
    scenario = Scenario(
        goal="Cancel order LO-30001. Ask when the money is back. Ask whether it can go by mail.",
        known_info="The order number is LO-30001. It was placed on 2025-03-01.",
        expected_outcome="The bot cancels the order and says that the money is back within 5 working days.",
    )
    results = simulate(
        "model:offline", people, scenarios=[scenario], provider="offline", criteria=_CRITERIA, metrics=_MEASURES
    )
    return [result.as_row() for result in results]


def _retold(
    said: Mapping[str, Any], persona: int, scenario: int, epoch: int, dice: random.Random, *, bot: str
) -> dict[str, Any]:
    """The same by somebody else, with answers of its own: some personas and some scenarios are harder than others."""
    chance = 0.9 - 0.3 * (persona % 7) / 7 - 0.2 * (scenario % 5) / 5
    return {
        **said,
        "key": f"{bot[-1]}{persona:06x}{scenario:04x}{epoch:04x}",
        "persona": {**said["persona"], "name": f"persona {persona}", "profile": f"Persona {persona} is short of time."},
        "scenario": {
            **said["scenario"],
            "name": f"scenario {scenario}",
            "goal": f"Cancel order LO-{30000 + scenario}.",
        },
        "epoch": epoch,
        "goal": {**said["goal"], "verdict": dice.random() < chance, "error": ""},
        "ratings": [{**rating, "verdict": dice.random() < chance, "error": ""} for rating in said["ratings"]],
        "metrics": [{**score, "value": round(dice.betavariate(5, 2), 2), "reason": ""} for score in said["metrics"]],
        "validity": {**said["validity"], "verdict": "valid", "fault": None, "findings": []},
        "metadata": {**said["metadata"], "bot": bot},
    }
