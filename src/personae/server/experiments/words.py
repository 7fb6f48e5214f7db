"""Terminations on the wire: the seeds' words, where ours differ."""

from __future__ import annotations

_ON_WIRE = {"max_turns": "MAX_TURNS"}
_OURS = {shown.lower(): ours for ours, shown in _ON_WIRE.items()}


def on_wire(termination: str | None) -> str | None:
    """As clients read it: `goal_met`, `goal_failed`, `stuck`, `MAX_TURNS`, and the others as they are."""
    return None if termination is None else _ON_WIRE.get(termination, termination)


def ours(shown: str) -> str:
    """As it is stored."""
    return _OURS.get(shown.lower(), shown.lower())
