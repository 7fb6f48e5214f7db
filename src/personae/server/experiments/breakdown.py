"""Results taken apart: what is in no rate and why, each criterion, each persona, and how long and dear it was.

Kept with the results of a finished experiment, so that its page counts nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from personae.core.conversation import CUT, ERRORS
from personae.server.experiments.words import on_wire
from personae.stats.intervals import rate
from personae.store.columns import Record

_BINS = 9
"""At most so many bars of a chart: each is pressed, and needs 24 pixels of a card a fourth of the page wide."""
_STEPS = (1, 2, 2.5, 5, 10)


def breakdown(cells: Sequence[Record], answers: Iterable[tuple[int, int, str | None]], snapshot: Record) -> Record:
    """`excluded`, `criteria`, `personas`, `turns`, `duration_s` and `cost_usd` of an experiment.

    `cells`: as `store.responses.cells` gives them. `answers`: response, criterion, and YES, NO or None. A bar of a
    chart is `low`, `high`, `count`, and the `least` and `most` of the values in it.
    """
    reasons = {cell["id"]: left_out(cell) for cell in cells}
    fair = [cell for cell in cells if reasons[cell["id"]] in (None, "not_judged")]
    counted = Counter(reason for reason in reasons.values() if reason is not None)
    return {
        "measured": sum(reason is None for reason in reasons.values()),
        "excluded": [{"reason": on_wire(name), "count": count} for name, count in counted.most_common()],
        "criteria": _criteria(fair, answers, snapshot["criterion_set"]["criteria"]),
        "personas": _personas(cells, fair, snapshot["personas"]),
        "turns": _bars([float(cell["turns"]) for cell in cells], is_whole=True),
        "duration_s": _bars([cell["duration_s"] for cell in cells if cell["duration_s"] is not None]),
        "cost_usd": _bars([cell["cost_usd"] for cell in cells if cell["cost_usd"] is not None]),
    }


def left_out(cell: Record) -> str | None:
    """Why a response is in no rate, as `experiments.measured.exclusion` says it; None where it is in one."""
    termination = cell["termination"]
    if termination in ERRORS or termination in CUT:
        return str(termination)
    if cell["has_error"]:
        return "bot_error"
    if cell["goal_achieved"] is None and not cell["passed"] + cell["not_passed"]:
        return "not_judged"
    return "invalid" if cell["is_invalid"] else None


def _place(cell: Record) -> tuple[Any, Any]:
    """Repeats of one persona in one row are alike: they count as a cluster."""
    return cell["persona_id"], cell["row_id"]


def _rate(observations: Iterable[tuple[tuple[Any, Any], bool]]) -> dict[str, Any]:
    clusters: dict[tuple[Any, Any], list[int]] = defaultdict(lambda: [0, 0])
    for place, is_yes in observations:
        clusters[place][0] += is_yes
        clusters[place][1] += 1
    return rate([(yes, n) for yes, n in clusters.values()]).as_dict()


def _criteria(
    fair: Sequence[Record], answers: Iterable[tuple[int, int, str | None]], asked: Sequence[Mapping[str, Any]]
) -> list[Record]:
    places = {cell["id"]: _place(cell) for cell in fair}
    given: dict[int, list[tuple[tuple[Any, Any], bool]]] = defaultdict(list)
    missing: Counter[int] = Counter()
    for response_id, criterion_id, answer in answers:
        if response_id in places and answer is None:
            missing[criterion_id] += 1
        elif response_id in places:
            given[criterion_id].append((places[response_id], answer == "YES"))
    return [
        {
            "criterion_id": one["id"],
            "label": one.get("label") or "",
            "criterion_str": one["criterion_str"],
            "rate": _rate(given[one["id"]]),
            "missing": missing[one["id"]],
        }
        for one in asked
    ]


def _personas(cells: Sequence[Record], fair: Sequence[Record], known: Sequence[Mapping[str, Any]]) -> list[Record]:
    """The lowest rate first: of the goal, and without one of all criteria."""
    held: Counter[int | None] = Counter(cell["persona_id"] for cell in cells)
    own: dict[int | None, list[Record]] = defaultdict(list)
    for cell in fair:
        own[cell["persona_id"]].append(cell)
    found = []
    for one in known:
        mine = own[one["id"]]
        ratings = [(cell["passed"], cell["passed"] + cell["not_passed"]) for cell in mine]
        found.append(
            {
                "persona_id": one["id"],
                "name": one["name"],
                "conversations": held[one["id"]],
                "goal": _rate(
                    (_place(cell), bool(cell["goal_achieved"])) for cell in mine if cell["goal_achieved"] is not None
                ),
                "ratings": rate([(yes, n) for yes, n in ratings if n]).as_dict(),
            }
        )
    return sorted(found, key=_by_rate)


def _by_rate(one: Record) -> tuple[float, float, str]:
    goal, ratings = (2.0 if one[name]["value"] is None else one[name]["value"] for name in ("goal", "ratings"))
    return goal, ratings, one["name"]


def _bars(values: Sequence[float], *, is_whole: bool = False) -> list[Record]:
    """Bars of one width whose edges are round numbers, from the smallest value to the largest, empty ones too."""
    if not values:
        return []
    least, most = min(values), max(values)
    width = _width(most - least, is_whole=is_whole) if most > least else 0.0
    bar_of: Callable[[float], int] = (lambda value: int(value / width + 1e-9)) if width else (lambda _: 0)
    inside: dict[int, list[float]] = defaultdict(list)
    for value in values:
        inside[bar_of(value)].append(value)
    return [
        {
            "low": bar * width if width else least,
            "high": (bar + 1) * width if width else most,
            "count": len(mine := inside.get(bar, [])),
            "least": min(mine, default=None),
            "most": max(mine, default=None),
        }
        for bar in range(min(inside), max(inside) + 1)
    ]


def _width(extent: float, *, is_whole: bool) -> float:
    rough = extent / (_BINS - 2) or 1.0
    scale = 1.0
    while scale > rough:
        scale /= 10
    while scale * 10 <= rough:
        scale *= 10
    width = next(scale * step for step in _STEPS if scale * step >= rough)
    return float(max(1, round(width + 0.49))) if is_whole else width
