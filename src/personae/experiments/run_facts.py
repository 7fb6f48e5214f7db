"""What the rows' metadata say of the run: which bot, models, seed and commit; and all other facts, by their path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personae.core.text import whole
from personae.experiments.report_data import Fact, Run

_MOST_FACTS = 200
_MOST_VALUES = 12
_LONGEST_VALUE = 300
_NOT_FACTS = frozenset(
    {
        "simulated",
        "disclaimer",
        "refusals_observed",
        "refusals_undecided",
        "received",
        "behaviours",
        "behaviours_at_end",
        "run_again_after",
        "provenance.case_uid",
    }
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


@dataclass(slots=True)
class _Place:
    """One mapping of the rows' metadata: the whole, or what stands at a path in it."""

    passed: dict[str, None] = field(default_factory=dict)
    """Names that are not looked at: of one conversation alone, with enough different values, or among `parts`."""
    last: dict[str, Any] = field(default_factory=dict)
    """What the row before said, save for what is passed over."""
    parts: list[str] = field(default_factory=list)
    """Names of mappings that are places of their own."""


@dataclass(slots=True)
class Facts:
    """Different values by path, in the order in which they were met; so many and no more."""

    values: dict[str, dict[str, None]] = field(default_factory=dict)
    _places: dict[str, _Place] = field(default_factory=dict)

    def add(self, metadata: Mapping[str, Any], path: str = "") -> None:
        """What one row says. Most of a run's rows say the same: only what differs is looked at."""
        place = self._places.setdefault(path, _Place())
        if {**metadata, **place.passed} != place.last:
            for name, value in metadata.items():
                if value is not None and name not in place.passed and place.last.get(name) != value:
                    self._take(place, path + name, name, value)
            place.last = {**metadata, **place.passed}
        for name in place.parts:
            part = metadata.get(name)
            if isinstance(part, Mapping):
                self.add(part, f"{path}{name}.")
            elif part is not None:
                self._note(path + name, part)

    def _take(self, place: _Place, full: str, name: str, value: Any) -> None:
        if full in _NOT_FACTS:
            place.passed[name] = None
        elif not isinstance(value, Mapping):
            if self._note(full, value):
                place.passed[name] = None
        elif name in place.last:  # it differs from row to row: from now on its parts are compared, each for itself
            place.passed[name] = None
            place.parts.append(name)
        else:
            self.add(value, f"{full}.")

    def _note(self, full: str, value: Any) -> bool:
        """Keep one value. True where there are enough of that name."""
        if full not in self.values and len(self.values) >= _MOST_FACTS:
            return True
        values = self.values.setdefault(full, {})
        if len(values) <= _MOST_VALUES:
            values.setdefault(_as_text(value))
        return len(values) > _MOST_VALUES

    def merge(self, other: Facts) -> None:
        """Add what was said by rows that come after."""
        for full, values in other.values.items():
            for value in values:
                self._note(full, value)

    def finish(self) -> tuple[Run, tuple[Fact, ...]]:
        """The run, and what is not said of it there."""
        known = self.values
        chosen = {name: next((path for path in paths if path in known), None) for name, paths in _RUN.items()}
        run = Run(**{name: tuple(sorted(known[path])[:_MOST_VALUES]) for name, path in chosen.items() if path})
        others = [
            Fact(name, tuple(sorted(values)[:_MOST_VALUES]), max(0, len(values) - _MOST_VALUES))
            for name, values in sorted(known.items())
            if name not in chosen.values() and not (name == "seed" and chosen["seed"] == "run_seed")
        ]
        return run, tuple(others)


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return whole(text)[:_LONGEST_VALUE]
