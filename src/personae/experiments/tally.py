"""Tally: one pass over the rows of a result file, of which it keeps counts and never a transcript.

`measured` and the excluded add up to `conversations`. Memory grows with the number of different (persona, scenario)
pairs, some 500 bytes each, not with conversations. A long file is counted in two halves, by two processes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from personae.core.conversation import TERMINATIONS
from personae.core.persona import Scenario
from personae.core.result import SimulationResult, persona_of
from personae.core.seed import derive
from personae.core.usage import UsageSum
from personae.experiments.alike import Alike
from personae.experiments.at_once import another_process, counted, counted_at_once, is_long
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
from personae.experiments.report_data import Excluded, Latency, Measure, ReportData, Slice
from personae.experiments.result_file import Rows
from personae.experiments.run_facts import Facts
from personae.stats.distribution import Distribution
from personae.stats.intervals import Cluster, Estimate, mean, rate
from personae.stats.repeats import pass_at, pass_hat
from personae.stats.variance import variance_split

_ROLES = ("bot", "simulator", "judge")
_NUMBERS = ("conversations", "measured", "retried", "failed", "run_again", "cut_replies", "refusals",
            "refusals_undecided")  # fmt: skip
Columns = Mapping[str, list[Cluster]]
"""By measure, of each cell the sum of the answers and how many there are."""


def tally(rows: Iterable[Mapping[str, Any]]) -> ReportData:
    """What the rows of a result file say (see `result_file.read_rows`). Raises InputError for what is no such row."""
    if not (isinstance(rows, Rows) and is_long(rows)):
        return counted(Tally, rows).finish(getattr(rows, "half_lines", 0), getattr(rows, "superseded", 0))
    with another_process() as other:
        first, second = rows.halves()
        counts, others = counted_at_once(other, Tally, first, second)
    counts.merge(others)
    return counts.finish(first.half_lines + second.half_lines, first.superseded + second.superseded)


@dataclass(slots=True)
class _Question:
    kind: Kind
    name: str
    missing: Alike = field(default_factory=Alike)
    unanswered: int = 0


@dataclass(slots=True)
class Tally:
    """Counts, while rows go by."""

    cells: CellCounts = field(default_factory=CellCounts)
    """By the persona's name and the scenario's hash."""
    scenarios: dict[str, str] = field(default_factory=dict)
    traits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    questions: dict[str, _Question] = field(default_factory=dict)
    excluded: dict[str, Alike] = field(default_factory=dict)
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
        cell = self.cells.place(self._personas.of(row["persona"]), self._scenarios.of(row["scenario"]))
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
            self.cells.add_votes(cell, row.get("goal"))

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
        self, cell: int, given: list[tuple[Kind, str, float | None, str]], left_out: tuple[str, str] | None
    ) -> None:
        answers = self.cells.answers
        self.cells.conversations[cell] += 1
        for kind, name, value, reason in given:
            key = measure_id(kind, name)
            question = self.questions.get(key) or self.questions.setdefault(key, _Question(kind, name))
            if left_out is not None:
                if left_out[0] == INVALID and value is not None:
                    column = self.cells.column(self.cells.invalid, key)
                    column.totals[cell] += value
                    column.counts[cell] += 1
            elif value is None:
                question.missing.add(reason)
                question.unanswered += 1
            else:
                column = answers.get(key) or self.cells.column(answers, key)
                column.totals[cell] += value
                column.counts[cell] += 1
        if left_out is not None:
            self.excluded.setdefault(left_out[0], Alike()).add(left_out[1])
        else:
            self.cells.measured[cell] += 1
            self.measured += 1

    def merge(self, other: Tally) -> None:
        """Add what was counted of rows that come after."""
        self.cells.merge(other.cells)
        for name, traits in other.traits.items():
            self.traits.setdefault(name, traits)
        for version, label in other.scenarios.items():
            self.scenarios.setdefault(version, label)
        for key, question in other.questions.items():
            own = self.questions.setdefault(key, _Question(question.kind, question.name))
            own.missing.merge(question.missing)
            own.unanswered += question.unanswered
        for reason, messages in other.excluded.items():
            self.excluded.setdefault(reason, Alike()).merge(messages)
        for role, usage in other.usage.items():
            self.usage[role].merge(usage)
        self.terminations.update(other.terminations)
        self.turns.update(other.turns)
        self.latency.merge(other.latency)
        self.facts.merge(other.facts)
        self.doses.merge(other.doses)
        self.fairness.merge(other.fairness)
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def finish(self, half_lines: int, superseded: int) -> ReportData:
        groups: dict[str, dict[str, list[int]]] = {"personas": {}, "scenarios": {}, "traits": {}}
        for (persona, scenario), place in self.cells.places.items():
            groups["personas"].setdefault(persona, []).append(place)
            groups["scenarios"].setdefault(self.scenarios[scenario], []).append(place)
            for trait in dict.fromkeys(self.traits[persona]):
                groups["traits"].setdefault(trait, []).append(place)
        columns = {key: self.cells.clusters(key) for key in (GOAL, *self.questions)}
        run, facts = self.facts.finish()
        epochs = max(self.cells.conversations, default=0)
        return ReportData(
            conversations=self.conversations,
            measured=self.measured,
            excluded=tuple(
                Excluded(reason, group.counts.total(), group.finish())
                for reason, group in sorted(self.excluded.items(), key=lambda item: -item[1].counts.total())
            ),
            measures=tuple(self._measures(columns)),
            personas=tuple(self._slices(groups["personas"], columns)),
            scenarios=tuple(self._slices(groups["scenarios"], columns)),
            traits=tuple(self._slices(groups["traits"], columns)),
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
            pass_hat=_repeated(pass_hat, columns[GOAL]) if epochs > 1 else {},
            pass_at=_repeated(pass_at, columns[GOAL]) if epochs > 1 else {},
            variance=variance_split(self.cells.ratings(GOAL)),
            run=run,
            facts=facts,
            behaviours=self.doses.finished_behaviours(),
            facts_told=self.doses.finished_facts(),
            fairness=self.fairness.finish(),
            half_lines=half_lines,
            superseded=superseded,
        )

    def _measures(self, columns: Columns) -> Iterator[Measure]:
        questions = {GOAL: _Question("goal", GOAL_TITLE)} | self.questions
        order: tuple[Kind, ...] = ("goal", "criterion", "metric")
        for key, question in sorted(questions.items(), key=lambda item: order.index(item[1].kind)):
            why = self._why_undefined(key, self.conversations, self.measured)
            estimate = both = _estimate(key, question.kind, columns[key], why)
            if key in self.cells.invalid:
                both = _estimate(key, question.kind, self.cells.with_invalid(key), why)
            missing = question.missing.finish()
            yield Measure(key, question.name, question.kind, estimate, both, question.unanswered, missing)

    def _why_undefined(self, key: str, conversations: int, measured: int) -> str:
        """Why there is no estimate of a measure over so many conversations, should there be none."""
        if not conversations:
            return "there are no conversations"
        if not measured:
            return (
                "the one conversation was not measured"
                if conversations == 1
                else (f"none of {conversations:,} conversations was measured")
            )
        if key == GOAL and key not in self.questions:
            return "no scenario names an expected outcome"
        return "the judge answered it for no conversation"

    def _slices(self, groups: Mapping[str, list[int]], columns: Columns) -> Iterator[Slice]:
        """By name, the places of its cells. Intervals of means are computed here, not drawn: there may be thousands."""
        for name, places in groups.items():
            conversations, measured = (
                sum(map(counts.__getitem__, places)) for counts in (self.cells.conversations, self.cells.measured)
            )
            estimates = {}
            for key, column in columns.items():
                kind = self.questions[key].kind if key in self.questions else "goal"
                why = self._why_undefined(key, conversations, measured)
                estimates[key] = _estimate(key, kind, [*map(column.__getitem__, places)], why, 0)
            yield Slice(name, conversations, measured, estimates)


def _estimate(key: str, kind: Kind, clusters: list[Cluster], why: str, resamples: int | None = None) -> Estimate:
    if kind != "metric":
        return rate(clusters, reason=why)
    return mean(clusters, seed=derive(0, "report", key), bounds=(0.0, 1.0), reason=why, resamples=resamples)


def _repeated(chance: Callable[[list[tuple[int, int]], int], Estimate], goals: list[Cluster]) -> dict[int, Estimate]:
    """pass@k or pass^k by k, from the goals achieved in each cell."""
    tasks = [(round(yes), n) for yes, n in goals if n]
    most = min(max((n for _, n in tasks), default=0), 8)
    return {k: chance(tasks, k) for k in range(1, most + 1)}


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _by_role(role: str) -> tuple[int, str]:
    return (_ROLES.index(role) if role in _ROLES else len(_ROLES)), role
