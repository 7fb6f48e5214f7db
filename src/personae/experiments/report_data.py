"""What a report says: one pass over the rows of a result file, of which it keeps counts and never a transcript.

A conversation is *measured* when it ended by itself and the judge answered at least one question about it. All others
are excluded from every rate, each under exactly one reason, so `measured` and the excluded add up to `conversations`.
Memory grows with the number of different (persona, scenario) pairs, some 500 bytes each, not with conversations.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from personae.core.conversation import CUT, DISCLAIMER, ERRORS, TERMINATIONS, Turn
from personae.core.result import SimulationResult
from personae.core.seed import derive
from personae.core.text import whole
from personae.core.usage import NO_USAGE, Usage
from personae.errors import InputError
from personae.stats.distribution import Distribution
from personae.stats.intervals import Estimate, mean, rate, undefined
from personae.stats.repeats import pass_hat

Kind = Literal["goal", "criterion", "metric"]
GOAL = "goal"
"""The id of the measure that says whether the goal was achieved."""
_ROLES = ("bot", "simulator", "judge")
_NUMBER: Mapping[bool | None, float | None] = {True: 1.0, False: 0.0, None: None}
_MOST_MESSAGES = 50
_MOST_FACTS = 200
_MOST_VALUES = 12
_LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class Measure:
    """One question that was asked of every conversation, and the answer over all that were measured."""

    id: str
    """`goal`, `criterion:<name>` or `metric:<name>`."""
    name: str
    kind: Kind
    estimate: Estimate
    """A rate of yes for goal and criteria, a mean from 0 to 1 for metrics."""
    missing: int = 0
    """Measured conversations in which this one question has no answer."""
    reasons: tuple[Message, ...] = ()
    """Why it has none, most frequent first."""

    @property
    def title(self) -> str:
        """The name for people to read."""
        return metric_title(self.name) if self.kind == "metric" else self.name


@dataclass(frozen=True, slots=True)
class Message:
    """A text that occurred `count` times; numbers in it may differ."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Excluded:
    """Conversations that are in no rate, for one reason."""

    reason: str
    """A termination (`bot_error`, `budget_exceeded` ...) or `not_judged`."""
    count: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """The conversations of one persona, scenario or trait."""

    name: str
    conversations: int
    measured: int
    estimates: Mapping[str, Estimate]
    """By the measure's id."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the bot took for a reply."""

    n: int
    p50_ms: float | None
    p95_ms: float | None
    histogram: tuple[tuple[float, float, int], ...]
    """(from, below, replies), in milliseconds."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the rows' metadata say of the run. More than one value means that the file mixes runs."""

    name: str
    """The path of keys, with dots."""
    values: tuple[str, ...]
    more: int = 0
    """How many further values there are at least."""


@dataclass(frozen=True, slots=True)
class Run:
    """What ran, as far as the metadata say; each is empty where they do not."""

    bot: tuple[str, ...] = ()
    simulator: tuple[str, ...] = ()
    simulator_temperature: tuple[str, ...] = ()
    judge: tuple[str, ...] = ()
    judge_temperature: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    seed: tuple[str, ...] = ()
    git_commit: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that a report says, save for the transcripts."""

    conversations: int = 0
    measured: int = 0
    excluded: tuple[Excluded, ...] = ()
    measures: tuple[Measure, ...] = ()
    """Goal completion first, then criteria and metrics in the order of the rows."""
    personas: tuple[Slice, ...] = ()
    scenarios: tuple[Slice, ...] = ()
    traits: tuple[Slice, ...] = ()
    terminations: Mapping[str, int] = field(default_factory=dict)
    """Only those that occurred, in the order of `core.conversation.TERMINATIONS`."""
    turns: Mapping[int, int] = field(default_factory=dict)
    """Bot replies in a conversation, and how many conversations had so many."""
    usage: Mapping[str, Usage] = field(default_factory=dict)
    """By role."""
    latency: Latency = field(default_factory=lambda: Latency(0, None, None, ()))
    retried: int = 0
    """Turns that had to be asked for more than once."""
    cut_replies: int = 0
    """Replies that were cut off at a limit of length."""
    refusals: int = 0
    """Replies in which the bot declined to help at all."""
    refusals_undecided: int = 0
    """Replies of which nobody could tell whether they were refusals."""
    epochs: int = 0
    """The highest number of repeats of one persona in one scenario."""
    pass_hat: Mapping[int, Estimate] = field(default_factory=dict)
    """pass^k by k: the chance that k repeats all achieve the goal. Empty without repeats."""
    run: Run = field(default_factory=Run)
    facts: tuple[Fact, ...] = ()
    """All other metadata."""
    half_lines: int = 0
    """Last lines that were only half written, and left out."""
    superseded: int = 0
    """Rows left out because the same conversation was recorded again further down."""

    @classmethod
    def collect(cls, rows: Iterable[Mapping[str, Any]]) -> ReportData:
        """One pass over `rows` of a result file (see `read_rows`). Raises InputError for what is no such row."""
        tally = _Tally()
        for number, result in enumerate(results(rows), 1):
            tally.add(result, number)
        return tally.finish(getattr(rows, "half_lines", 0), getattr(rows, "superseded", 0))

    @property
    def goal(self) -> Estimate:
        """The rate of goals achieved."""
        return self.measures[0].estimate if self.measures else undefined("there are no conversations")

    @property
    def is_crossed(self) -> bool:
        """Whether several personas share a scenario: else the scenarios' table would say what the personas' does."""
        return len(self.scenarios) > 1 and len(self.scenarios) * max(self.epochs, 1) < self.conversations

    @property
    def total_usage(self) -> Usage:
        return sum(self.usage.values(), NO_USAGE)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON. What is undefined is null with its reason."""
        return {
            "simulated": True,
            "disclaimer": DISCLAIMER,
            "conversations": self.conversations,
            "measured": self.measured,
            "excluded": [
                {"reason": one.reason, "count": one.count, "messages": _messages(one.messages)} for one in self.excluded
            ],
            "goal_completion": self.goal.as_dict(),
            "measures": [
                {"id": one.id, "name": one.name, "kind": one.kind, **one.estimate.as_dict()}
                | {"missing": one.missing, "missing_reasons": _messages(one.reasons)}
                for one in self.measures
            ],
            "pass_hat": {str(k): estimate.as_dict() for k, estimate in self.pass_hat.items()},
            "personas": [_slice(one) for one in self.personas],
            "scenarios": [_slice(one) for one in self.scenarios],
            "traits": [_slice(one) for one in self.traits],
            "terminations": dict(self.terminations),
            "turns": {str(turns): count for turns, count in self.turns.items()},
            "cost_usd": self.total_usage.cost_usd,
            "usage": {role: usage.as_dict() for role, usage in self.usage.items()},
            "latency_ms": {"n": self.latency.n, "p50": self.latency.p50_ms, "p95": self.latency.p95_ms},
            "retried": self.retried,
            "cut_replies": self.cut_replies,
            "refusals": self.refusals,
            "refusals_undecided": self.refusals_undecided,
            "epochs": self.epochs,
            "run": {name: list(getattr(self.run, name)) for name in Run.__dataclass_fields__},
            "facts": {fact.name: list(fact.values) for fact in self.facts},
            "half_lines": self.half_lines,
            "superseded": self.superseded,
        }


def _messages(messages: Iterable[Message]) -> list[dict[str, Any]]:
    return [{"text": message.text, "count": message.count} for message in messages]


def _slice(one: Slice) -> dict[str, Any]:
    estimates = {name: estimate.as_dict() for name, estimate in one.estimates.items()}
    return {"name": one.name, "conversations": one.conversations, "measured": one.measured, "estimates": estimates}


class Rows:
    """The rows of a result file, read again each time they are iterated over. See `read_rows`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = 0
        """The line that was read last, from 1."""
        self.half_lines = 0
        self.superseded = 0

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        last = self._last_lines()
        self.line = self.half_lines = self.superseded = 0
        with self.path.open("rb") as file:
            for self.line, raw in enumerate(file, 1):
                row = self._row(raw)
                if row is None:
                    continue
                if last.get(str(row.get("key")), self.line) != self.line:
                    self.superseded += 1
                else:
                    yield row

    def _row(self, raw: bytes) -> dict[str, Any] | None:
        if not raw.strip():
            return None
        try:
            row = json.loads(raw.decode("utf-8"), parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            if not raw.endswith(b"\n"):
                self.half_lines += 1
                return None
            raise InputError(f"is not JSON: {error}", file=self.path, line=self.line) from error
        if not isinstance(row, dict):
            raise InputError("is no row of a result file: not a JSON object", file=self.path, line=self.line)
        return row

    def _last_lines(self) -> dict[str, int]:
        """The last line of each key that stands on more than one, as a conversation does that was gone on with."""
        seen: dict[bytes, int] = {}
        again: dict[str, int] = {}
        try:
            with self.path.open("rb") as file:
                for number, raw in enumerate(file, 1):
                    if (key := _KEY.match(raw)) and raw.endswith(b"\n"):
                        if key[1] in seen:
                            again[key[1].decode("utf-8", "replace")] = number
                        seen[key[1]] = number
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", file=self.path) from error
        return again


_KEY = re.compile(rb'\s*\{\s*"key"\s*:\s*"([^"\\]+)"')


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def read_rows(path: Path) -> Rows:
    """The rows of a result file, each a mapping, streamed.

    A last line that was cut off while it was written is left out and counted in `half_lines`. Of a conversation that
    was recorded again the last row stands. Raises InputError with file and line for any other line that is no row.
    """
    return Rows(path)


def results(rows: Iterable[Mapping[str, Any]]) -> Iterator[SimulationResult]:
    """The rows as results. Raises InputError, with file and line where `rows` know them."""
    for number, row in enumerate(rows, 1):
        try:
            yield SimulationResult.from_row(row)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            problem = f"is no row of a result file: {type(error).__name__}: {error}"
            raise InputError(problem, file=getattr(rows, "path", None), line=getattr(rows, "line", number)) from error


def exclusion(result: SimulationResult) -> tuple[str, str] | None:
    """Why a conversation is in no rate: the reason's name and a message; None where it was measured."""
    termination = result.conversation.termination
    if termination in ERRORS or termination in CUT:
        return termination, result.conversation.error
    answers = [value for _, _, value, _ in _answers(result)]
    if any(value is not None for value in answers):
        return None
    reasons = [reason for _, _, _, reason in _answers(result) if reason]
    nothing = "nothing was asked: no expected outcome, no criteria, no metrics"
    return "not_judged", reasons[0] if reasons else ("the judge gave no reason" if answers else nothing)


def _answers(result: SimulationResult) -> Iterator[tuple[Kind, str, float | None, str]]:
    """Kind, name, value (1 and 0 for yes and no) and the reason where there is no value."""
    if result.goal is not None:
        yield "goal", "Goal achieved", _NUMBER[result.goal.verdict], result.goal.error
    for rating in result.ratings:
        yield "criterion", rating.criterion, _NUMBER[rating.verdict], rating.error
    for score in result.scores:
        yield "metric", score.metric, score.value, score.reason


def metric_title(name: str) -> str:
    """`turn_consistency` as `Turn consistency`."""
    return name.replace("_", " ").replace("-", " ").capitalize()


def measure_id(kind: Kind, name: str) -> str:
    """How a measure is called in data and links."""
    return GOAL if kind == "goal" else f"{kind}:{name}"


@dataclass(slots=True)
class _Cell:
    """All that was counted of one persona in one scenario."""

    conversations: int = 0
    measured: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


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

    cells: dict[tuple[str, str], _Cell] = field(default_factory=dict)
    scenarios: dict[str, str] = field(default_factory=dict)
    traits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    questions: dict[str, _Question] = field(default_factory=dict)
    excluded: dict[str, _Grouped] = field(default_factory=dict)
    terminations: Counter[str] = field(default_factory=Counter)
    turns: Counter[int] = field(default_factory=Counter)
    usage: dict[str, Usage] = field(default_factory=dict)
    latency: Distribution = field(default_factory=Distribution)
    facts: dict[str, dict[str, None]] = field(default_factory=dict)
    conversations: int = 0
    measured: int = 0
    retried: int = 0
    cut_replies: int = 0
    refusals: int = 0
    refusals_undecided: int = 0

    def add(self, result: SimulationResult, number: int) -> None:
        self.conversations = number
        self.terminations[result.conversation.termination] += 1
        self.turns[result.turns] += 1
        for role, usage in result.usage.items():
            self.usage[role] = self.usage.get(role, NO_USAGE) + usage
        for turn in result.conversation.turns:
            self._add_turn(turn)
        self.refusals += _count(result.metadata.get("refusals_observed"))
        self.refusals_undecided += _count(result.metadata.get("refusals_undecided"))
        self._add_facts("", result.metadata)
        self._add_answers(result)

    def _add_turn(self, turn: Turn) -> None:
        if turn.role == "assistant" and turn.latency_ms is not None:
            self.latency.add(turn.latency_ms)
        self.retried += is_retried(turn)
        self.cut_replies += is_cut(turn)

    def _add_answers(self, result: SimulationResult) -> None:
        persona, scenario = result.persona.name, result.scenario.version_hash
        self.traits.setdefault(persona, result.persona.traits)
        self.scenarios.setdefault(scenario, result.scenario.label)
        cell = self.cells.setdefault((persona, scenario), _Cell())
        cell.conversations += 1
        left_out = exclusion(result)
        for kind, name, value, reason in _answers(result):
            question = self.questions.setdefault(measure_id(kind, name), _Question(kind, name))
            if left_out is not None:
                continue
            if value is None:
                question.missing.add(reason)
                question.unanswered += 1
                continue
            key = measure_id(kind, name)
            cell.sums[key] = cell.sums.get(key, 0.0) + value
            cell.counts[key] = cell.counts.get(key, 0) + 1
        if left_out is not None:
            self.excluded.setdefault(left_out[0], _Grouped()).add(left_out[1])
        else:
            cell.measured += 1
            self.measured += 1

    def _add_facts(self, path: str, data: Mapping[str, Any]) -> None:
        for name, value in data.items():
            full = f"{path}{name}"
            if full in _NOT_FACTS or value is None:
                continue
            if isinstance(value, Mapping):
                self._add_facts(f"{full}.", value)
            elif full in self.facts or len(self.facts) < _MOST_FACTS:
                values = self.facts.setdefault(full, {})
                if len(values) <= _MOST_VALUES:
                    values.setdefault(_as_text(value))

    def finish(self, half_lines: int, superseded: int) -> ReportData:
        groups: dict[str, dict[str, list[_Cell]]] = {"personas": {}, "scenarios": {}, "traits": {}}
        for (persona, scenario), cell in self.cells.items():
            groups["personas"].setdefault(persona, []).append(cell)
            groups["scenarios"].setdefault(self.scenarios[scenario], []).append(cell)
            for trait in dict.fromkeys(self.traits[persona]):
                groups["traits"].setdefault(trait, []).append(cell)
        run, facts = _run(self.facts)
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
            usage=dict(sorted(self.usage.items(), key=_by_role)),
            latency=Latency(
                self.latency.count,
                self.latency.percentile(0.5),
                self.latency.percentile(0.95),
                self.latency.histogram(),
            ),
            retried=self.retried,
            cut_replies=self.cut_replies,
            refusals=self.refusals,
            refusals_undecided=self.refusals_undecided,
            epochs=epochs,
            pass_hat=self._pass_hat() if epochs > 1 else {},
            run=run,
            facts=facts,
            half_lines=half_lines,
            superseded=superseded,
        )

    def _measures(self) -> tuple[Measure, ...]:
        questions = {GOAL: _Question("goal", "Goal achieved")} | self.questions
        order: tuple[Kind, ...] = ("goal", "criterion", "metric")
        measures = []
        for key, question in sorted(questions.items(), key=lambda item: order.index(item[1].kind)):
            estimate = self._estimate(key, question.kind, list(self.cells.values()))
            measures.append(
                Measure(key, question.name, question.kind, estimate, question.unanswered, question.missing.finish())
            )
        return tuple(measures)

    def _estimate(self, key: str, kind: Kind, cells: list[_Cell], resamples: int | None = None) -> Estimate:
        pairs = [(cell.sums[key], cell.counts[key]) for cell in cells if key in cell.counts]
        reason = self._why_undefined(key, cells)
        if kind != "metric":
            return rate(pairs, reason=reason)
        seed = derive(0, "report", key)
        return mean(pairs, seed=seed, bounds=(0.0, 1.0), reason=reason, resamples=resamples)

    def _why_undefined(self, key: str, cells: list[_Cell]) -> str:
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

    def _slices(self, groups: Mapping[str, list[_Cell]]) -> tuple[Slice, ...]:
        """Intervals of means are computed here, not drawn: there may be thousands of them."""
        slices = []
        for name, cells in groups.items():
            estimates = {GOAL: self._estimate(GOAL, "goal", cells, 0)} | {
                key: self._estimate(key, question.kind, cells, 0) for key, question in self.questions.items()
            }
            conversations, measured = sum(cell.conversations for cell in cells), sum(cell.measured for cell in cells)
            slices.append(Slice(name, conversations, measured, estimates))
        return tuple(slices)

    def _pass_hat(self) -> dict[int, Estimate]:
        tasks = [(round(cell.sums[GOAL]), cell.counts[GOAL]) for cell in self.cells.values() if cell.counts.get(GOAL)]
        most = min(max((n for _, n in tasks), default=0), 8)
        return {k: pass_hat(tasks, k) for k in range(1, most + 1)}


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def is_retried(turn: Turn) -> bool:
    """The turn had to be asked for more than once."""
    attempts = turn.metadata.get("attempts")
    return bool(turn.metadata.get("retried")) or (isinstance(attempts, int) and attempts > 1)


def is_cut(turn: Turn) -> bool:
    """The reply was cut off at a limit of length."""
    return bool(turn.metadata.get("cut")) or turn.metadata.get("finish_reason") == "length"


def _by_role(item: tuple[str, Usage]) -> tuple[int, str]:
    return (_ROLES.index(item[0]) if item[0] in _ROLES else len(_ROLES)), item[0]


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return whole(text)[:_LONGEST_MESSAGE]


_NOT_FACTS = frozenset(
    {"simulated", "disclaimer", "refusals_observed", "refusals_undecided", "received", "provenance.case_uid"}
)
"""What is of one conversation and not of the run."""
_RUN: Mapping[str, tuple[str, ...]] = {
    "bot": ("bot", "bot.label", "bot.name", "bot_label", "bot_name"),
    "simulator": ("simulator_model", "simulator.model", "models.simulator", "simulator"),
    "simulator_temperature": ("simulator_temperature", "simulator.temperature", "temperatures.simulator"),
    "judge": ("judge_model", "judge.model", "models.judge", "judge"),
    "judge_temperature": ("judge_temperature", "judge.temperature", "temperatures.judge"),
    "started": ("provenance.created_at", "created_at", "started_at", "started"),
    "seed": ("run_seed", "seed"),
    "git_commit": ("provenance.git_commit", "git_commit", "git.commit"),
}
"""Where the metadata may say it; the first that is there counts."""


def _run(facts: Mapping[str, Mapping[str, None]]) -> tuple[Run, tuple[Fact, ...]]:
    chosen = {name: next((path for path in paths if path in facts), None) for name, paths in _RUN.items()}
    run = Run(**{name: tuple(sorted(facts[path])[:_MOST_VALUES]) for name, path in chosen.items() if path})
    others = [
        Fact(name, tuple(sorted(values)[:_MOST_VALUES]), max(0, len(values) - _MOST_VALUES))
        for name, values in sorted(facts.items())
        if name not in chosen.values() and not (name == "seed" and chosen["seed"] == "run_seed")
    ]
    return run, tuple(others)
