"""What a bare row of a result file says, without making a result of it: that takes several times as long."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from personae.core.conversation import CUT, ERRORS
from personae.experiments.measured import GOAL_TITLE, Kind, exclusion
from personae.experiments.result_file import verdicts_of

T = TypeVar("T")
_MOST_KNOWN = 10_000
_NEVER_RATED = ERRORS | CUT
_FAIR = ("valid", "unsure")
NUMBER = {True: 1.0, False: 0.0, None: None}
"""A verdict as an answer."""


def row_answers(row: Mapping[str, Any]) -> list[tuple[Kind, str, float | None, str]]:
    """As `measured.answers`."""
    answers: list[tuple[Kind, str, float | None, str]] = [
        ("criterion", one["criterion"], NUMBER[one["verdict"]], one.get("error", "")) for one in row.get("ratings", ())
    ]
    answers += [("metric", one["metric"], one["value"], one.get("reason", "")) for one in row.get("metrics", ())]
    if (goal := row.get("goal")) is not None:
        answers.insert(0, ("goal", GOAL_TITLE, NUMBER[goal["verdict"]], goal.get("error", "")))
    return answers


def row_left_out(row: Mapping[str, Any], values: Sequence[float | None]) -> str:
    """Why a conversation is in no rate. Only of one that may be left out is the whole rule asked: it is slower."""
    if is_measured(row, values):
        return ""
    left_out = exclusion(verdicts_of(row))
    return "" if left_out is None else left_out[0]


def is_measured(row: Mapping[str, Any], values: Sequence[float | None]) -> bool:
    """Whether it is plain from the bare row that `exclusion` has nothing against it."""
    validity = row.get("validity")
    if validity and validity["verdict"] not in _FAIR:
        return False
    return row["termination"] not in _NEVER_RATED and values.count(None) < len(values)


@dataclass(slots=True)
class Known(Generic[T]):
    """What was made of personas, or of scenarios: they come again in many rows, and are compared faster than read."""

    make: Callable[[Mapping[str, Any]], T]
    _made: dict[tuple[Any, ...], tuple[Mapping[str, Any], T]] = field(default_factory=dict)

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        """What another process gets: it need not know the same ones."""
        return None, {"make": self.make, "_made": {}}

    def of(self, told: Mapping[str, Any]) -> T:
        """What `make` made of the very same. Raises what it raises."""
        name = told.get("name"), told.get("goal"), told.get("profile")
        known = self._made.get(name)
        if known is None or known[0] != told:
            known = told, self.make(told)
            if len(self._made) < _MOST_KNOWN:
                self._made[name] = known
        return known[1]
