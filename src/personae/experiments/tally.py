"""Tally: one pass over the rows of a result file, of which it keeps counts and never a transcript.

`measured` and the excluded add up to `conversations`. Memory grows with the number of different (persona, scenario)
pairs, some 500 bytes each, not with conversations.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from personae.core.conversation import TERMINATIONS
from personae.core.persona import Scenario
from personae.core.result import SimulationResult, persona_of
from personae.core.seed import derive
from personae.core.text import whole
from personae.core.usage import UsageSum
from personae.experiments.bare_rows import Known, is_measured, row_answers
from personae.experiments.cell_counts import CellCounts
from personae.experiments.doses import Doses
from personae.experiments.fairness import FairnessCount
from personae.experiments.measured import (
    GOAL,
    GOAL_TITLE,
    INVALID,
    Kind,
    exclusion,
    failure,
    is_cut,
    is_retried,
    measure_id,
)
from personae.experiments.report_data import Excluded, Latency, Measure, Message, ReportData, Slice
from personae.experiments.result_file import each_row
from personae.experiments.run_facts import Facts
from personae.stats.distribution import Distribution
from personae.stats.intervals import Cluster, Estimate, mean, rate
from personae.stats.repeats import pass_at, pass_hat
from personae.stats.variance import Cell, Part, variance_split

_ROLES = ("bot", "simulator", "judge")
_MOST_MESSAGES = 50
_LONGEST_MESSAGE = 300
_NONE: Cluster = (0.0, 0)


def tally(rows: Iterable[Mapping[str, Any]]) -> ReportData:
    """What the rows of a result file say (see `result_file.read_rows`). Raises InputError for what is no such row."""
    counts = _Tally()
    each_row(rows, counts.add)
    return counts.finish(getattr(rows, "half_lines", 0), getattr(rows, "superseded", 0))


@dataclass(slots=True)
class _Grouped:
    """Messages that differ in numbers alone, counted as one; the first of each stands for it."""

    texts: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, message: str) -> None:
        text = whole(message).strip()[:_LONGEST_MESSAGE] or "no message"
        group = re.sub(r"0x[0-9a-f]+|[0-9a-f]{8,}|\d[\d.,]*", "#", text)
        if group not in self.texts and len(self.texts) >= _MOST_MESSAGES:
            group, text = "other messages", "other messages"
        self.texts.setdefault(group, text)
        self.counts[group] += 1

    def finish(self) -> tuple[Message, ...]:
        return tuple(Message(self.texts[group], count) for group, count in self.counts.most_common())


@dataclass(slots=True)
class _Question:
    kind: Kind
    name: str
    missing: _Grouped = field(default_factory=_Grouped)
    unanswered: int = 0


@dataclass(slots=True)
class _Tally:
    """Counts, while rows go by."""

    cells: defaultdict[tuple[str, str], CellCounts] = field(default_factory=lambda: defaultdict(CellCounts))
    """By the persona's name and the scenario's hash."""
    scenarios: dict[str, str] = field(default_factory=dict)
    traits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    questions: dict[str, _Question] = field(default_factory=dict)
    excluded: dict[str, _Grouped] = field(default_factory=dict)
    terminations: Counter[str] = field(default_factory=Counter)
    turns: Counter[int] = field(default_factory=Counter)
    usage: defaultdict[str, UsageSum] = field(default_factory=lambda: defaultdict(UsageSum))
    latency: Distribution = field(default_factory=Distribution)
    facts: Facts = field(default_factory=Facts)
    doses: Doses = field(default_factory=Doses)
    fairness: FairnessCount = field(default_factory=FairnessCount)
    _personas: Known[str] = field(init=False)
    _scenarios: Known[str] = field(init=False)
    _plain: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By role, metadata of a turn of which nothing is to be counted: those of most turns are the same."""
    conversations: int = 0
    measured: int = 0
    retried: int = 0
    failed: int = 0
    run_again: int = 0
    cut_replies: int = 0
    refusals: int = 0
    refusals_undecided: int = 0

    def __post_init__(self) -> None:
        self._personas, self._scenarios = Known(self._persona), Known(self._scenario)

    def add(self, row: Mapping[str, Any]) -> None:
        """One conversation. A result is made only of a row that has something rare: making it takes thrice the time."""
        cell = self.cells[self._personas.of(row["persona"]), self._scenarios.of(row["scenario"])]
        metadata = row.get("metadata") or {}
        given = row_answers(row)
        if is_measured(row, [value for _, _, value, _ in given]):
            left_out = None
            self.failed += any(reason for kind, _, _, reason in given if kind != "metric")
        else:
            result = SimulationResult.from_row(row)
            left_out = exclusion(result)
            self.failed += bool(failure(result))
        self.conversations += 1
        self.terminations[row["termination"]] += 1
        self._add_turns(row["transcript"])
        for role, usage in (row.get("usage") or {}).items():
            self.usage[role].add(usage)
        self.refusals += _count(metadata.get("refusals_observed"))
        self.run_again += bool(metadata.get("run_again_after"))
        self.refusals_undecided += _count(metadata.get("refusals_undecided"))
        self.facts.add(metadata)
        if "behaviours" in metadata or "facts" in row["persona"]:
            self.doses.add(SimulationResult.from_row(row))
        self.fairness.add(row.get("validity"))
        self._add_answers(cell, given, left_out)
        if left_out is None:
            cell.add_votes(row.get("goal"))

    def _add_turns(self, transcript: Sequence[Mapping[str, Any]]) -> None:
        replies, waits, known = 0, [], self._plain
        for turn in transcript:
            role = turn["role"]
            if role == "assistant":
                replies += 1
                if (latency_ms := turn.get("latency_ms")) is not None:
                    waits.append(latency_ms)
            if (metadata := turn.get("metadata")) and metadata != known.get(role):
                is_odd = is_retried(metadata), is_cut(metadata), "opening" in metadata
                self.retried += is_odd[0]
                self.cut_replies += is_odd[1]
                replies -= is_odd[2] and role == "assistant"
                if True not in is_odd:
                    known[role] = metadata
        self.latency.add(*waits)
        self.turns[replies] += 1

    def _persona(self, told: Mapping[str, Any]) -> str:
        """The name of a persona. It is checked when it is met first, as scenarios are."""
        found = persona_of(told)
        self.traits.setdefault(found.name, found.traits)
        return found.name

    def _scenario(self, told: Mapping[str, Any]) -> str:
        found = Scenario.model_validate(told)
        self.scenarios.setdefault(found.version_hash, found.label)
        return found.version_hash

    def _add_answers(
        self, cell: CellCounts, given: list[tuple[Kind, str, float | None, str]], left_out: tuple[str, str] | None
    ) -> None:
        cell.conversations += 1
        for kind, name, value, reason in given:
            key = measure_id(kind, name)
            question = self.questions.get(key) or self.questions.setdefault(key, _Question(kind, name))
            if left_out is not None:
                if left_out[0] == INVALID and value is not None:
                    total, count = cell.invalid.get(key, _NONE)
                    cell.invalid[key] = total + value, count + 1
            elif value is None:
                question.missing.add(reason)
                question.unanswered += 1
            else:
                total, count = cell.answers.get(key, _NONE)
                cell.answers[key] = total + value, count + 1
        if left_out is not None:
            self.excluded.setdefault(left_out[0], _Grouped()).add(left_out[1])
        else:
            cell.measured += 1
            self.measured += 1

    def finish(self, half_lines: int, superseded: int) -> ReportData:
        groups: dict[str, dict[str, list[CellCounts]]] = {"personas": {}, "scenarios": {}, "traits": {}}
        for (persona, scenario), cell in self.cells.items():
            groups["personas"].setdefault(persona, []).append(cell)
            groups["scenarios"].setdefault(self.scenarios[scenario], []).append(cell)
            for trait in dict.fromkeys(self.traits[persona]):
                groups["traits"].setdefault(trait, []).append(cell)
        run, facts = self.facts.finish()
        epochs = max((cell.conversations for cell in self.cells.values()), default=0)
        return ReportData(
            conversations=self.conversations,
            measured=self.measured,
            excluded=tuple(
                Excluded(reason, group.counts.total(), group.finish())
                for reason, group in sorted(self.excluded.items(), key=lambda item: -item[1].counts.total())
            ),
            measures=self._measures(),
            personas=self._slices(groups["personas"]),
            scenarios=self._slices(groups["scenarios"]),
            traits=self._slices(groups["traits"]),
            terminations={name: self.terminations[name] for name in TERMINATIONS if self.terminations[name]},
            turns=dict(sorted(self.turns.items())),
            usage={role: self.usage[role].finish() for role in sorted(self.usage, key=_by_role)},
            latency=Latency(
                self.latency.count,
                self.latency.percentile(0.5),
                self.latency.percentile(0.95),
                self.latency.histogram(),
            ),
            retried=self.retried,
            failed=self.failed,
            run_again=self.run_again,
            cut_replies=self.cut_replies,
            refusals=self.refusals,
            refusals_undecided=self.refusals_undecided,
            epochs=epochs,
            pass_hat=self._repeated(pass_hat) if epochs > 1 else {},
            pass_at=self._repeated(pass_at) if epochs > 1 else {},
            variance=self._variance(),
            run=run,
            facts=facts,
            behaviours=self.doses.finished_behaviours(),
            facts_told=self.doses.finished_facts(),
            fairness=self.fairness.finish(),
            half_lines=half_lines,
            superseded=superseded,
        )

    def _measures(self) -> tuple[Measure, ...]:
        questions = {GOAL: _Question("goal", GOAL_TITLE)} | self.questions
        order: tuple[Kind, ...] = ("goal", "criterion", "metric")
        measures = []
        for key, question in sorted(questions.items(), key=lambda item: order.index(item[1].kind)):
            cells = list(self.cells.values())
            estimate = self._estimate(key, question.kind, cells)
            has_invalid = any(key in cell.invalid for cell in cells)
            both = self._estimate(key, question.kind, cells, with_invalid=True) if has_invalid else estimate
            missing = question.missing.finish()
            measures.append(Measure(key, question.name, question.kind, estimate, both, question.unanswered, missing))
        return tuple(measures)

    def _estimate(
        self, key: str, kind: Kind, cells: list[CellCounts], resamples: int | None = None, *, with_invalid: bool = False
    ) -> Estimate:
        pairs = [pair for cell in cells if (pair := cell.answers.get(key))]
        if with_invalid:
            pairs = [pair for cell in cells if (pair := cell.with_invalid(key))[1]]
        reason = "" if pairs else self._why_undefined(key, cells)
        if kind != "metric":
            return rate(pairs, reason=reason)
        seed = derive(0, "report", key)
        return mean(pairs, seed=seed, bounds=(0.0, 1.0), reason=reason, resamples=resamples)

    def _why_undefined(self, key: str, cells: list[CellCounts]) -> str:
        conversations = sum(cell.conversations for cell in cells)
        if not conversations:
            return "there are no conversations"
        if not any(cell.measured for cell in cells):
            return (
                "the one conversation was not measured"
                if conversations == 1
                else (f"none of {conversations:,} conversations was measured")
            )
        if key == GOAL and key not in self.questions:
            return "no scenario names an expected outcome"
        return "the judge answered it for no conversation"

    def _slices(self, groups: Mapping[str, list[CellCounts]]) -> tuple[Slice, ...]:
        """Intervals of means are computed here, not drawn: there may be thousands of them."""
        slices = []
        for name, cells in groups.items():
            estimates = {GOAL: self._estimate(GOAL, "goal", cells, 0)} | {
                key: self._estimate(key, question.kind, cells, 0) for key, question in self.questions.items()
            }
            conversations, measured = sum(cell.conversations for cell in cells), sum(cell.measured for cell in cells)
            slices.append(Slice(name, conversations, measured, estimates))
        return tuple(slices)

    def _variance(self) -> tuple[Part, ...]:
        """Of the goal: its answers are 0 and 1, so their squares add up to their sum. Each vote of several judges is an
        answer, in place of the verdict that they came to.
        """
        return variance_split(
            Cell(persona, scenario, cell.goal_ratings(), tuple(cell.votes))
            for (persona, scenario), cell in self.cells.items()
            if GOAL in cell.answers
        )

    def _repeated(self, chance: Callable[[list[tuple[int, int]], int], Estimate]) -> dict[int, Estimate]:
        """pass@k or pass^k by k."""
        goals = [pair for cell in self.cells.values() if (pair := cell.answers.get(GOAL))]
        tasks = [(round(yes), n) for yes, n in goals]
        most = min(max((n for _, n in tasks), default=0), 8)
        return {k: chance(tasks, k) for k in range(1, most + 1)}


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _by_role(role: str) -> tuple[int, str]:
    return (_ROLES.index(role) if role in _ROLES else len(_ROLES)), role
