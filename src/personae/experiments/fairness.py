"""Were the conversations fair tests? Counts of verdicts, of whose fault it was, and of what was held again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personae.core.usage import NO_USAGE, Usage
from personae.core.validity import FAULTS, VERDICTS, Validity


@dataclass(frozen=True, slots=True)
class Fairness:
    """What a report says of the validity of all conversations."""

    verdicts: Mapping[str, int] = field(default_factory=dict)
    """Of those that were checked: `valid`, `unsure`, `invalid`; only what occurred."""
    faults: Mapping[str, int] = field(default_factory=dict)
    """Of those that are invalid: whose fault it was."""
    guards: Mapping[str, int] = field(default_factory=dict)
    """Conversations with a finding of each guard, most frequent first; attempts that were repeated included."""
    unchecked: int = 0
    """Conversations of files that know no validity."""
    repeated: int = 0
    """Conversations that were held again."""
    attempts: int = 0
    """Conversations that do not count because of that."""
    attempts_usage: Usage = NO_USAGE
    """What these took. It is part of the run's usage."""

    @property
    def checked(self) -> int:
        return sum(self.verdicts.values())

    def as_dict(self) -> dict[str, Any]:
        return {
            "checked": self.checked,
            "not_checked": self.unchecked,
            "verdicts": dict(self.verdicts),
            "faults": dict(self.faults),
            "guards": dict(self.guards),
            "repeated": self.repeated,
            "attempts": self.attempts,
            "attempts_usage": self.attempts_usage.as_dict(),
        }


@dataclass(slots=True)
class FairnessCount:
    """Counts, while results go by."""

    verdicts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    guards: Counter[str] = field(default_factory=Counter)
    unchecked: int = 0
    repeated: int = 0
    attempts: int = 0
    usage: Usage = NO_USAGE

    def add(self, data: Mapping[str, Any] | None) -> None:
        """The validity of one row; None where it was not checked."""
        if not data:
            self.unchecked += 1
            return
        if data["verdict"] == "valid" and "attempts" not in data:
            self.verdicts["valid"] += 1
            return
        validity = Validity.from_dict(data)
        self.verdicts[validity.verdict] += 1
        if validity.verdict == "invalid" and validity.fault is not None:
            self.faults[validity.fault] += 1
        if validity.findings:
            self.guards.update({finding.guard for finding in validity.findings})
        for attempt in validity.attempts:
            self.guards.update({finding.guard for finding in attempt.findings})
            self.usage = sum(attempt.usage.values(), self.usage)
        self.repeated += bool(validity.attempts)
        self.attempts += len(validity.attempts)

    def merge(self, other: FairnessCount) -> None:
        """Add what was counted of rows that come after."""
        self.verdicts.update(other.verdicts)
        self.faults.update(other.faults)
        self.guards.update(other.guards)
        self.unchecked += other.unchecked
        self.repeated += other.repeated
        self.attempts += other.attempts
        self.usage += other.usage

    def finish(self) -> Fairness:
        return Fairness(
            verdicts={name: self.verdicts[name] for name in VERDICTS if self.verdicts[name]},
            faults={name: self.faults[name] for name in FAULTS if self.faults[name]},
            guards=dict(self.guards.most_common()),
            unchecked=self.unchecked,
            repeated=self.repeated,
            attempts=self.attempts,
            attempts_usage=self.usage,
        )
