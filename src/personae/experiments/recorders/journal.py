"""The journal: what is recorded of a conversation before it has its row, as plain entries in their order.

The entries are the same whoever keeps them, a file or a database; `followed` reads them back, one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from personae.core.conversation import CUT, ERRORS, Turn
from personae.core.result import SimulationResult
from personae.core.usage import NO_USAGE, Usage
from personae.core.validity import Attempt
from personae.experiments.recorders import SoFar, added, usage_of
from personae.simulation.conversation import Ended

Entry = dict[str, Any]
RESTART: Entry = {"restart": True}
"""The turns so far do not count: the bot has forgotten them."""


def turn_entry(turn: Turn, beside: Mapping[str, Usage] | None) -> Entry:
    """One more turn, and what was taken beside turns since the last entry."""
    entry: Entry = {"turn": turn.as_dict()}
    if beside:
        entry["beside"] = _by_role(beside)
    return entry


def ended_entry(ended: Ended, beside: Mapping[str, Usage] | None) -> Entry:
    """The conversation ended; its rating is still to come."""
    return {"ended": _ended_as_dict(ended), "beside": _by_role(beside or {})}


def repeat_entry(attempt: Attempt, beside: Mapping[str, Usage] | None) -> Entry:
    """The conversation was no fair test, and begins again."""
    return {"repeat": attempt.as_dict(), "beside": _by_role(beside or {})}


def finished_row(result: SimulationResult, so_far: SoFar) -> dict[str, Any]:
    """The result's row, which says by what earlier tries failed."""
    row = result.as_row()
    if so_far.failures:
        row["metadata"]["run_again_after"] = list(so_far.failures)
    return row


def followed(so_far: SoFar, entry: dict[str, Any]) -> SoFar:
    """What is known of a conversation after one more entry of its journal."""
    if "restart" in entry:
        return so_far.restarted()
    if "cut" in entry:
        return _as_so_far(entry["cut"])
    if new := entry.get("beside"):
        so_far = replace(so_far, beside=added(so_far.beside, _usages(new)))
    if "repeat" in entry:
        begun = so_far.restarted()
        return replace(begun, attempts=(*begun.attempts, Attempt.from_dict(entry["repeat"])))
    if "ended" in entry:
        return replace(so_far, ended=_ended_from_dict(entry["ended"]))
    return replace(so_far, turns=(*so_far.turns, Turn.from_dict(entry["turn"])))


def reopened(row: dict[str, Any], failed: str) -> SoFar:
    """What the row of a conversation says of it that was cut short, or `failed`."""
    turns = tuple(Turn.from_dict(turn) for turn in row["transcript"] if turn["role"] != "system")
    said = usage_of(turns)
    beside = {role: used - said.get(role, NO_USAGE) for role, used in _usages(row["usage"]).items()}
    failures = (*row["metadata"].get("run_again_after", ()), *([failed] if failed else []))
    attempts = tuple(map(Attempt.from_dict, (row.get("validity") or {}).get("attempts", ())))
    return SoFar(turns, beside, _ended_well(row), failures, attempts)


def _ended_well(row: dict[str, Any]) -> Ended | None:
    """Why a conversation ended that came to its end. What the end took stands in the row's usage."""
    if row["termination"] in CUT | ERRORS:
        return None
    refusals = row["metadata"].get("refusals_observed", 0)
    kept = {name: row["metadata"][name] for name in ("behaviours_at_end",) if name in row["metadata"]}
    return Ended(row["termination"], row["explanation"], refusals=refusals, metadata=kept)


def reopened_entry(so_far: SoFar) -> Entry:
    """A conversation that had a row, and goes on from there."""
    return {
        "cut": {
            "turns": [turn.as_dict() for turn in so_far.turns],
            "beside": _by_role(so_far.beside),
            "ended": None if so_far.ended is None else _ended_as_dict(so_far.ended),
            "failures": list(so_far.failures),
            "attempts": [attempt.as_dict() for attempt in so_far.attempts],
        }
    }


def _as_so_far(data: dict[str, Any]) -> SoFar:
    turns = tuple(Turn.from_dict(turn) for turn in data["turns"])
    ended = _ended_from_dict(data["ended"]) if data["ended"] else None
    attempts = tuple(map(Attempt.from_dict, data.get("attempts", ())))
    return SoFar(turns, _usages(data["beside"]), ended, tuple(data["failures"]), attempts)


def _ended_as_dict(ended: Ended) -> dict[str, Any]:
    return {
        "termination": ended.termination,
        "explanation": ended.explanation,
        "error": ended.error,
        "usage": ended.usage.as_dict(),
        "refusals": ended.refusals,
        "metadata": dict(ended.metadata),
    }


def _ended_from_dict(data: dict[str, Any]) -> Ended:
    return Ended(**data | {"usage": Usage.from_dict(data["usage"])})


def _by_role(usage: Mapping[str, Usage]) -> dict[str, Any]:
    return {role: used.as_dict() for role, used in usage.items()}


def _usages(data: dict[str, Any]) -> dict[str, Usage]:
    return {role: Usage.from_dict(used) for role, used in data.items()}
