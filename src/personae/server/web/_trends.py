"""How each bot went over its last experiments, and where that stands in a small drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_TRENDS, MOST_POINTS = 3, 10
WIDTH, HEIGHT, MARGIN = 300, 60, 4
"""Of the drawing, in units of its view box."""


@dataclass(frozen=True, slots=True)
class Point:
    """One experiment."""

    id: int
    name: str
    rate: Mapping[str, Any]
    x: float

    @property
    def y(self) -> float:
        return _height(self.rate["value"])


@dataclass(frozen=True, slots=True)
class Trend:
    """One bot with the same personas and goals: other ones would be another question."""

    bot: str | None
    """None: the deployment's own model."""
    group: str | None
    collection: str | None
    is_goal: bool
    """Of the goal; else of all criteria."""
    points: Sequence[Point]
    """The oldest first, at least two."""
    width: int = WIDTH
    height: int = HEIGHT
    margin: int = MARGIN

    @property
    def line(self) -> str:
        return " ".join(f"{one.x},{one.y}" for one in self.points)

    @property
    def band(self) -> str:
        """The intervals: along the upper ends, and back along the lower ones."""
        upper = [f"{one.x},{_height(one.rate['high'])}" for one in self.points]
        lower = [f"{one.x},{_height(one.rate['low'])}" for one in reversed(self.points)]
        return " ".join(upper + lower)


def trends(summaries: Iterable[Mapping[str, Any]]) -> list[Trend]:
    """Of experiments as `list_summaries` gives them, the newest first; the bot that was used last comes first."""
    asked = ("llm_config_id", "persona_group_id", "collection_id")
    by_test: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for one in summaries:
        if one["status"] == "finished" and one["collection_id"] is not None:  # an imported one has none
            by_test.setdefault(tuple(one[name] for name in asked), []).append(one)
    found = [trend for same in by_test.values() if (trend := _trend(same)) is not None]
    return found[:MOST_TRENDS]


def _trend(newest_first: Sequence[Mapping[str, Any]]) -> Trend | None:
    """None where fewer than two of them have a rate."""
    newest = newest_first[0]
    is_goal = _has(newest["goal"])
    measured = [one for one in newest_first if _has(one["goal" if is_goal else "ratings"])][:MOST_POINTS][::-1]
    if len(measured) < 2:
        return None
    step = (WIDTH - 2 * MARGIN) / (len(measured) - 1)
    points = [
        Point(one["id"], one["name"], one["goal" if is_goal else "ratings"], round(MARGIN + place * step, 1))
        for place, one in enumerate(measured)
    ]
    return Trend(newest["llm_config"], newest["persona_group"], newest["collection"], is_goal, points)


def _has(rate: Mapping[str, Any] | None) -> bool:
    return rate is not None and None not in (rate["value"], rate["low"], rate["high"])


def _height(share: float) -> float:
    return round(MARGIN + (1 - share) * (HEIGHT - 2 * MARGIN), 1)
