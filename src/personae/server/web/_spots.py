"""The cells of an experiment's grid, ready to be written: state, sign and address of each. live.js says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup, escape

_LEVELS = 5


@dataclass(frozen=True, slots=True)
class Spot:
    """One persona in one row."""

    at: str
    """The ids of both."""
    state: str
    """`open`, `runs`, `out` (in no rate), or `s0` to `s4`, from worst to best."""
    sign: str
    to: str
    """The conversation, or where there are several their list; blank where there is none."""
    held: int = 0
    scored: int = 0
    total: float = 0.0
    """Of the scores."""
    is_mean: bool = False
    """Of several epochs, so that live.js goes on counting."""

    @property
    def attributes(self) -> Markup:
        """Of its element, at once: a page has a thousand of them."""
        made = f'data-at="{self.at}" data-state="{self.state}"'
        if self.to:
            made += f' href="{escape(self.to)}"'
        if self.to and self.is_mean:
            made += f' data-n="{self.held}" data-scored="{self.scored}" data-sum="{self.total}"'
        return Markup(made)  # noqa: S704 - ids, numbers and words of ours


def spots(grid: Mapping[str, Any], base: str, experiment_id: int) -> list[list[Spot]]:
    """For each persona of the grid, or for the one line of a grid without any, the cell of each row."""
    held = {(cell["persona_id"], cell["row_id"]): cell["responses"] for cell in grid["cells"]}
    running = {(one["persona_id"], one["row_id"]) for one in grid["under_way"]}
    people = [one["id"] for one in grid["personas"]] or [None]

    def spot(person: int | None, row: int) -> Spot:
        at = f"{'' if person is None else person}-{row}"
        if not (found := held.get((person, row))):
            return Spot(at, "runs" if (person, row) in running else "open", "", "")
        if len(found) == 1 and grid["epochs"] == 1:
            to = f"{base}/conversations/{found[0]['id']}?experiment_id={experiment_id}"
        else:
            to = f"?{urlencode({'persona_id': person or '', 'template_variables_id': row})}#conversations"
        scores = [one["score"] for one in found if one["score"] is not None]
        sign, is_mean = _sign(scores, len(found)), grid["epochs"] > 1
        return Spot(at, _state(scores), sign, to, len(found), len(scores), sum(scores), is_mean)

    return [[spot(person, row["id"]) for row in grid["rows"]] for person in people]


def _state(scores: Sequence[float]) -> str:
    return f"s{min(int(sum(scores) / len(scores) * _LEVELS), _LEVELS - 1)}" if scores else "out"


def _sign(scores: Sequence[float], held: int) -> str:
    if not scores:
        return "!"
    mean = sum(scores) / len(scores)
    if held == 1 and mean in (0, 1):
        return "✓" if mean else "✗"
    return str(round(mean * 100))
