"""Gate: may this bot go out? PASS, FAIL or INCONCLUSIVE, decided by intervals and not by points.

Source: the three-way decision by a confidence interval, as in tests of non-inferiority (Wellek 2010, section 1)
Idea:   a rule holds where the whole interval of its number keeps to the bound, and fails where the whole interval does
        not. In between nobody can know yet; then it is said how many more conversations would settle it, should the
        number stay where it is.
Cost:   no call; one pass over the file, and one comparison for each slice that is held against a baseline.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from personae.core.conversation import CUT, DISCLAIMER, ERRORS
from personae.core.seed import derive, digest
from personae.errors import ConfigurationError, InputError
from personae.experiments.bare_rows import row_answers, row_left_out
from personae.experiments.compare import Comparing, Row
from personae.experiments.comparison import Comparison
from personae.experiments.gate_policy import Policy, Rule
from personae.experiments.measured import measure_id
from personae.experiments.result_file import each_row
from personae.stats.intervals import Estimate, effective_n, mean, rate, undefined
from personae.stats.power import mean_settled, rate_settled

Verdict = Literal["PASS", "FAIL", "INCONCLUSIVE"]
_MEANS = ("metric", "cost")


@dataclass(frozen=True, slots=True)
class Check:
    """What came of one rule, in one slice."""

    rule: Rule
    verdict: Verdict
    estimate: Estimate
    """Of the number; of the change where the rule is about a baseline."""
    more: int | None = None
    """How many more conversations of the whole run would settle it, should the number and the slice's share of the run
    stay. None: none would, or nobody can tell."""
    reason: str = ""
    """Why it is inconclusive, where that is not for want of conversations."""

    def as_dict(self) -> dict[str, Any]:
        rule = asdict(self.rule)
        return {"verdict": self.verdict, "rule": rule, **self.estimate.as_dict(), "more": self.more} | {
            "reason": self.reason or self.estimate.reason
        }


@dataclass(frozen=True, slots=True)
class Gate:
    """What came of all rules."""

    checks: tuple[Check, ...]
    conversations: int
    level: float
    results: str
    baseline: str = ""

    @property
    def verdict(self) -> Verdict:
        found = {check.verdict for check in self.checks}
        return "FAIL" if "FAIL" in found else "INCONCLUSIVE" if "INCONCLUSIVE" in found else "PASS"

    @property
    def more(self) -> int | None:
        """How many more conversations would settle all that is open; None where one of them cannot be settled so."""
        open_ = [check.more for check in self.checks if check.verdict == "INCONCLUSIVE"]
        known = [more for more in open_ if more is not None]
        return max(known) if known and len(known) == len(open_) else None

    def as_dict(self) -> dict[str, Any]:
        return {
            "simulated": True,
            "disclaimer": DISCLAIMER,
            "verdict": self.verdict,
            "more": self.more,
            "conversations": self.conversations,
            "level": self.level,
            "results": self.results,
            "baseline": self.baseline or None,
            "checks": [check.as_dict() for check in self.checks],
        }


def gate(
    results: Iterable[Row],
    policy: Policy,
    baseline: Iterable[Row] | None = None,
    *,
    names: tuple[str, str] = ("results", "baseline"),
) -> Gate:
    """Hold the rows of a run (see `result_file.read_rows`) against a policy, and against another run where it asks so.

    Raises InputError, ConfigurationError, and NotComparable for a baseline that is another kind of run.
    """
    gating = Gating(policy, has_baseline=baseline is not None)
    if baseline is not None:
        each_row(baseline, gating.add_baseline)
    each_row(results, gating.add)
    return gating.finish(names)


class Gating:
    """A gate while the rows go by: those of the baseline first, where there is one."""

    def __init__(self, policy: Policy, *, has_baseline: bool = False) -> None:
        lacking = next((rule for rule in policy.rules if rule.bound == "drop_at_most"), None)
        if lacking is not None and not has_baseline:
            place = ":".join(str(part) for part in (policy.path, lacking.line) if part is not None)
            what = "drop_at_most needs the run that was before: give a baseline (--baseline RESULTS.jsonl)"
            raise ConfigurationError(f"{place}: {what}" if place else what)
        self._policy, self._has_baseline = policy, has_baseline
        self._counts = _Counts(policy.rules)
        self._against: dict[str, Comparing] = {}
        """By the slice that is compared."""

    def add_baseline(self, row: Row) -> None:
        """One conversation of the run before."""
        for slice_ in self._compared(row):
            self._against.setdefault(slice_, Comparing()).add_before(row)

    def add(self, row: Row) -> None:
        """One conversation."""
        self._counts.add(row)
        for slice_ in self._compared(row):
            self._against.setdefault(slice_, Comparing()).add_after(row)

    def _compared(self, row: Row) -> set[str]:
        """The slices with a baseline that a row is in."""
        rules = (rule for rule in self._policy.rules if rule.bound == "drop_at_most" and rule.where.holds(row))
        return {str(sliced.where) for rule in rules for _, sliced in _sliced(rule, row)}

    def finish(self, names: tuple[str, str]) -> Gate:
        """What came of it. `names` are what a reader knows the run and the baseline by."""
        self._counts.check_names(self._policy)
        level, checks = self._policy.level, []
        compared = {slice_: one.finish(names[::-1], level=level) for slice_, one in self._against.items()}
        for place, rule in self._counts.in_order():
            if rule.bound == "drop_at_most":
                checks.append(_against(rule, compared.get(str(rule.where)), self._counts.conversations))
            else:
                checks.append(self._counts.check(place, rule, level))
        checks += self._counts.without_slices()
        baseline = names[1] if self._has_baseline else ""
        return Gate(tuple(checks), self._counts.conversations, level, names[0], baseline)


@dataclass(slots=True)
class _Slice:
    """What was counted for one rule."""

    rule: Rule
    cells: dict[bytes | str, list[float]] = field(default_factory=dict)
    """Sum and count, by persona and scenario."""
    conversations: int = 0


@dataclass(slots=True)
class _Counts:
    """All rules, while the rows go by."""

    rules: tuple[Rule, ...]
    conversations: int = 0
    slices: dict[tuple[int, str], _Slice] = field(default_factory=dict)
    asked: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place, rule in enumerate(self.rules):
            if not rule.each:
                self.slices[place, ""] = _Slice(rule)

    def add(self, row: Row) -> None:
        self.conversations += 1
        answers = {measure_id(kind, name): value for kind, name, value, _ in row_answers(row)}
        for name in answers:
            self.asked.setdefault(name)
        left_out = row_left_out(row, [*answers.values()])
        cell = digest(row["persona"]["name"], repr(row["scenario"]))
        for place, rule in enumerate(self.rules):
            if not rule.where.holds(row):
                continue
            for name, sliced in _sliced(rule, row):
                found = self.slices.setdefault((place, name), _Slice(sliced))
                found.conversations += 1
                observed = _observed(rule, row, answers, left_out)
                if observed is not None:
                    sums = found.cells.setdefault(cell, [0.0, 0])
                    sums[0] += observed[0]
                    sums[1] += observed[1]

    def check_names(self, policy: Policy) -> None:
        """Raises InputError for a criterion or metric that no conversation was asked about."""
        for rule in self.rules:
            key = measure_id("criterion" if rule.kind == "criterion" else "metric", rule.name)
            if rule.name and self.conversations and key not in self.asked:
                kind = f"{rule.kind}:"
                known = ", ".join(one.removeprefix(kind) for one in self.asked if one.startswith(kind)) or "none"
                problem = f"no conversation was asked about {rule.kind} {rule.name!r} (asked: {known})"
                raise InputError(problem, file=policy.path, line=rule.line, field="name")

    def in_order(self) -> list[tuple[tuple[int, str], Rule]]:
        return [(place, found.rule) for place, found in sorted(self.slices.items(), key=lambda item: item[0])]

    def without_slices(self) -> list[Check]:
        """Rules about each of something that no conversation has: nobody knows whether they hold."""
        counted = {place for place, _ in self.slices}
        return [
            Check(rule, "INCONCLUSIVE", undefined(self._why_no_slice(rule)))
            for place, rule in enumerate(self.rules)
            if place not in counted
        ]

    def _why_no_slice(self, rule: Rule) -> str:
        if not self.conversations:
            return "there are no conversations"
        if rule.each == "persona":
            return f"no conversation is of {rule.where}"
        those = f" of {rule.where}" if str(rule.where) else ""
        return f"no persona{those} has {'a trait' if rule.each == 'trait' else f'the attribute {rule.each}'}"

    def check(self, place: tuple[int, str], rule: Rule, level: float) -> Check:
        found = self.slices[place]
        clusters = [(total, int(n)) for total, n in found.cells.values()]
        estimate = _estimate(rule, clusters, level, _why_undefined(rule, found, self.conversations))
        bound = rule.share if rule.kind == "latency" else rule.value
        is_least = rule.kind == "latency" or rule.bound == "at_least"
        return _decided(rule, estimate, bound, clusters, is_least=is_least, run=self.conversations)


def _sliced(rule: Rule, row: Mapping[str, Any]) -> Iterator[tuple[str, Rule]]:
    """The slices of a rule that a row is in: one, or one for each trait and so on."""
    if not rule.each:
        yield "", rule
        return
    persona = row["persona"]
    if rule.each == "persona":
        yield persona["name"], replace(rule, where=replace(rule.where, persona=persona["name"]))
    elif rule.each == "trait":
        for trait in dict.fromkeys(persona.get("traits", ())):
            yield trait, replace(rule, where=replace(rule.where, trait=trait))
    elif rule.each in (own := persona.get("attributes") or {}):
        value = own[rule.each]
        attributes = {**rule.where.attributes, rule.each: value}
        yield repr(value), replace(rule, where=replace(rule.where, attributes=attributes))


def _observed(
    rule: Rule, row: Mapping[str, Any], answers: Mapping[str, float | None], left_out: str
) -> tuple[float, int] | None:
    """Sum and count of what one conversation says to a rule; None where it says nothing."""
    if rule.kind == "errors":
        return None if row["termination"] in CUT else (float(row["termination"] in ERRORS), 1)
    if rule.kind == "validity":
        verdict = (row.get("validity") or {}).get("verdict")
        return None if verdict is None else (float(verdict == "valid"), 1)
    if rule.kind == "cost":
        cost = row.get("cost_usd")
        return None if cost is None else (float(cost), 1)
    if rule.kind == "latency":
        said = [turn.get("latency_ms") for turn in row["transcript"] if turn["role"] == "assistant"]
        timed = [value for value in said if value is not None]
        return (float(sum(value <= rule.value for value in timed)), len(timed)) if timed else None
    key = "goal" if rule.kind == "goal" else f"{rule.kind}:{rule.name}"
    value = None if left_out else answers.get(key)
    return None if value is None else (value, 1)


def _why_undefined(rule: Rule, found: _Slice, conversations: int) -> str:
    if not conversations:
        return "there are no conversations"
    if not found.conversations:
        return f"no conversation is of {rule.where}"
    return {
        "cost": "the price of no conversation is known",
        "latency": "no latency is recorded",
        "validity": "no conversation was checked for validity",
        "errors": "every conversation was cut short",
    }.get(rule.kind, "no conversation was measured")


def _estimate(rule: Rule, clusters: list[tuple[float, int]], level: float, reason: str) -> Estimate:
    if rule.kind not in _MEANS:
        return rate(clusters, reason=reason, level=level)
    seed = derive(0, "gate", rule.kind, rule.name)
    bounds = (0.0, 1.0) if rule.kind == "metric" else None
    return mean(clusters, seed=seed, bounds=bounds, reason=reason, level=level)


def _decided(
    rule: Rule,
    estimate: Estimate,
    bound: float,
    clusters: Iterable[tuple[float, int]],
    *,
    is_least: bool,
    run: int,
) -> Check:
    """By the interval. `run`: conversations in all, of which the estimate's observations come."""
    low, high = estimate.low, estimate.high
    if estimate.value is None:
        return Check(rule, "INCONCLUSIVE", estimate, reason=estimate.reason)
    if low is None or high is None:
        if estimate.clusters < 2 or rule.kind != "cost":
            return Check(rule, "INCONCLUSIVE", estimate, reason=estimate.reason)
        low = high = estimate.value  # every conversation costs the same to the last digit: that is no chance
    holds, fails = (low >= bound, high < bound) if is_least else (high <= bound, low > bound)
    if holds or fails:
        return Check(rule, "PASS" if holds else "FAIL", estimate)
    if rule.kind in _MEANS or rule.bound == "drop_at_most":
        more = mean_settled(estimate.value, bound, low=low, high=high, n=estimate.n)
    else:
        worth = effective_n([cluster for cluster in clusters if cluster[1]])
        more = rate_settled(estimate.value, bound, effective=worth, n=estimate.n, level=estimate.level)
    if more is None:
        return Check(
            rule, "INCONCLUSIVE", estimate, reason="the value is too close to the bound for any number to tell"
        )
    return Check(rule, "INCONCLUSIVE", estimate, max(1, math.ceil(more * run / estimate.n)))


def _against(rule: Rule, found: Comparison | None, run: int) -> Check:
    """A rule about a baseline, decided by the interval of the paired change."""
    key = "goal" if rule.kind == "goal" else f"{rule.kind}:{rule.name}"
    one = next((one for one in found.differences if one.id == key), None) if found is not None else None
    if one is None:
        return Check(rule, "INCONCLUSIVE", undefined("no pair has an answer on both sides"))
    return _decided(rule, one.change, -rule.value, (), is_least=True, run=run)
