"""Validity: was a conversation a fair test of the bot? The verdict, what speaks against it, and whose fault that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from personae.core.usage import Usage

Verdict = Literal["valid", "invalid", "unsure"]
VERDICTS: tuple[Verdict, ...] = ("valid", "unsure", "invalid")
Severity = Literal["invalid", "unsure"]
Fault = Literal["bot", "simulator", "judge", "infrastructure"]
FAULTS: tuple[Fault, ...] = ("simulator", "bot", "judge", "infrastructure")

CHECKS = 2
"""Counted up whenever the guards judge anything otherwise than before, so that two runs can be told apart by it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that speaks against a conversation."""

    guard: str
    """The guard's name, `auditor`, or `driver` and `rating` for what failed around the conversation."""
    turn: int
    """Number of the turn, from 1 over all turns. 0: the conversation as a whole."""
    words: str
    """The very words of that turn; blank where there are none to point at."""
    why: str
    severity: Severity
    fault: Fault = "simulator"

    def as_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"guard": self.guard, "turn": self.turn, "words": self.words, "why": self.why}
        return data | {"severity": self.severity, "fault": self.fault}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        return cls(data["guard"], int(data["turn"]), data["words"], data["why"], data["severity"], data["fault"])


@dataclass(frozen=True, slots=True)
class Attempt:
    """A conversation that was no fair test and was held again: what was said in it, why it does not count, its cost."""

    transcript: tuple[Mapping[str, Any], ...]
    """Its turns as plain data, without the bot's system prompt."""
    termination: str
    findings: tuple[Finding, ...]
    usage: Mapping[str, Usage]
    """By role. It is part of the result's usage, too."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "transcript": [dict(turn) for turn in self.transcript],
            "termination": self.termination,
            "findings": [finding.as_dict() for finding in self.findings],
            "usage": {role: usage.as_dict() for role, usage in self.usage.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Attempt:
        return cls(
            tuple(data["transcript"]),
            data["termination"],
            tuple(map(Finding.from_dict, data["findings"])),
            {role: Usage.from_dict(usage) for role, usage in data["usage"].items()},
        )


@dataclass(frozen=True, slots=True)
class Validity:
    """Whether one conversation was a fair test."""

    verdict: Verdict
    fault: Fault | None = None
    """Whose fault it is; None exactly where the verdict is `valid`."""
    findings: tuple[Finding, ...] = ()
    """The gravest first, then by turn."""
    attempts: tuple[Attempt, ...] = ()
    """Earlier tries of the same conversation that were no fair tests."""
    checks: int = CHECKS
    """Which state of the guards it was checked by."""

    @property
    def reason(self) -> str:
        """In one line, why it is not `valid`; blank where it is."""
        if not self.findings:
            return ""
        first, more = self.findings[0], len(self.findings) - 1
        where = f", turn {first.turn}" if first.turn else ""
        rest = f" (and {more} more)" if more else ""
        return f"{first.guard.replace('_', ' ')}{where}: {first.why}{rest}"

    def as_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"verdict": self.verdict, "fault": self.fault}
        if self.findings:
            data["findings"] = [finding.as_dict() for finding in self.findings]
        if self.attempts:
            data["attempts"] = [attempt.as_dict() for attempt in self.attempts]
        return data | {"checks": self.checks}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Validity:
        return cls(
            data["verdict"],
            data["fault"],
            tuple(map(Finding.from_dict, data.get("findings", ()))),
            tuple(map(Attempt.from_dict, data.get("attempts", ()))),
            data.get("checks", 1),
        )


def judged(findings: tuple[Finding, ...], attempts: tuple[Attempt, ...] = ()) -> Validity:
    """The verdict that `findings` come to: as bad as the gravest of them, and its fault."""
    ordered = tuple(sorted(findings, key=lambda finding: (finding.severity != "invalid", finding.turn)))
    if not ordered:
        return Validity("valid", attempts=attempts)
    return Validity(ordered[0].severity, ordered[0].fault, ordered, attempts)
