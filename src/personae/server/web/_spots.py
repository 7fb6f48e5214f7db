"""The cells of an experiment's grid, written at once: a page has a thousand of them. live.js says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

_LEVELS = 5


def spots(grid: Mapping[str, Any], base: str, experiment_id: int) -> list[Markup]:
    """For each persona of the grid, or for the one line of a grid without any, the cells of its rows.

    A cell has the ids of both as `data-at`, and a state: `open`, `runs`, `out` (in no rate), or `s0` to `s4`, from
    worst to best. It leads to the conversation, or where there are several to their list.
    """
    held = {(cell["persona_id"], cell["row_id"]): cell["responses"] for cell in grid["cells"]}
    running = {(one["persona_id"], one["row_id"]) for one in grid["under_way"]}
    is_single, rows = grid["epochs"] == 1, [row["id"] for row in grid["rows"]]
    conversation = f"{escape(base)}/conversations/%s?experiment_id={experiment_id}"

    def cell(person: int | None, row: int) -> str:
        known = "" if person is None else person
        at = f'data-at="{known}-{row}" data-state='
        if not (found := held.get((person, row))):
            state = "runs" if (person, row) in running else "open"
            return f'<td><a class="spot" {at}"{state}"></a></td>'
        scores = [one["score"] for one in found if one["score"] is not None]
        if is_single and len(found) == 1:
            to = conversation % found[0]["id"]
        else:
            to = f"?persona_id={known}&amp;template_variables_id={row}#conversations"
        # Of several epochs, so that live.js goes on counting.
        counted = "" if is_single else f' data-n="{len(found)}" data-scored="{len(scores)}" data-sum="{sum(scores)}"'
        sign = _sign(scores, len(found))
        return f'<td><a class="spot" {at}"{_state(scores)}" href="{to}"{counted}>{sign}</a></td>'

    people = [one["id"] for one in grid["personas"]] or [None]
    lines = ("".join([cell(person, row) for row in rows]) for person in people)
    return [Markup(line) for line in lines]  # noqa: S704 - ids, numbers and words of ours


def _state(scores: Sequence[float]) -> str:
    return f"s{min(int(sum(scores) / len(scores) * _LEVELS), _LEVELS - 1)}" if scores else "out"


def _sign(scores: Sequence[float], held: int) -> str:
    if not scores:
        return "!"
    mean = sum(scores) / len(scores)
    if held == 1 and mean in (0, 1):
        return "✓" if mean else "✗"
    return str(round(mean * 100))
