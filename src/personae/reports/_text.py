"""Foreign text, made safe to look at: what would be invisible or act on the page or the terminal is shown as a sign."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from personae.core.text import whole

if TYPE_CHECKING:  # only their types are used, and many commands want no more than the words of this file
    from personae.stats.intervals import Estimate
    from personae.stats.variance import Part

_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters, and the marks that turn the direction of the text around them."""

LABELS = {
    "goal_met": "goal met",
    "goal_failed": "goal failed",
    "max_turns": "turn limit",
    "assistant_refused": "bot refused",
    "budget_exceeded": "budget cut",
    "simulator_error": "simulator error",
    "bot_error": "bot error",
    "not_judged": "not judged",
    "invalid": "no fair test",
}
"""Terminations and reasons of exclusion as a reader sees them, where that is not their own name."""
_TONES = {"goal_met": "good", "goal_failed": "bad", "stuck": "bad", "assistant_refused": "bad", "bot_error": "bad"}


def label(name: str) -> str:
    """A termination or a reason of exclusion, for readers."""
    return LABELS.get(name, name.replace("_", " "))


def tone(termination: str) -> str:
    """What a termination says of the bot: `good`, `bad`, or `none`."""
    return _TONES.get(termination, "none")


def visible(text: str) -> str:
    """`text` with control characters and direction overrides as visible signs, and lone surrogates as U+FFFD."""
    if text.isprintable():  # which none of them is: said at once of nearly every text
        return text
    return _INVISIBLE.sub(_sign, whole(text).replace("\r\n", "\n"))


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"\u27e8U+{code:04X}\u27e9"


def one_line(text: str, most: int = 160) -> str:
    """The text's beginning, on one line."""
    line = " ".join(visible(text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def percent(value: float | None) -> str:
    """A share as whole per cent; a value close to 0 or 1 is not rounded to it."""
    if value is None:
        return "undefined"
    shown = round(value * 100)
    if (shown == 100 and value < 1) or (shown == 0 and value > 0):
        return f"{value * 100:.1f}%"
    return f"{shown}%"


def decimal(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"


def figure(estimate: Estimate, kind: str) -> str:
    """The value: per cent for rates, two decimals for metrics."""
    return decimal(estimate.value) if kind == "metric" else percent(estimate.value)


def interval(estimate: Estimate, kind: str) -> str:
    """The interval in words, or why there is none."""
    if estimate.low is None or estimate.high is None:
        return estimate.reason
    show = decimal if kind == "metric" else percent
    return f"{show(estimate.low)} to {show(estimate.high)}"


def spread(parts: Sequence[Part]) -> str:
    """Where the spread of the goal comes from, such as `persona 40%, epoch 60%`; blank where there is none to split."""
    shares = [f"{part.name} {percent(part.share)}" for part in parts if part.share is not None]
    if len(shares) < 2:
        return ""
    is_apart = any(part.name == "judge" and part.share is not None for part in parts)
    return ", ".join(shares) + (
        "" if is_apart else "; what the judge adds is in it, since several judges were not asked"
    )


def counts(estimate: Estimate, kind: str) -> str:
    """What the value rests on, such as `26 of 42`, with the number of clusters where there are repeats."""
    if estimate.value is None:
        return "none measured"
    text = (
        f"{estimate.n:,} measured" if kind == "metric" else f"{round(estimate.value * estimate.n):,} of {estimate.n:,}"
    )
    return f"{text}, {plural(estimate.clusters, 'cluster')}" if estimate.clusters < estimate.n else text


def milliseconds(value: float | None) -> str:
    if value is None:
        return "unknown"
    if value < 1:
        return "under 1 ms"
    return f"{value:,.0f} ms" if value < 1000 else f"{value / 1000:,.1f} s"


def within(value: float | None) -> str:
    """A duration, for after the word `within`."""
    return "1 ms" if value is not None and value < 1 else milliseconds(value)


def dollars(value: float) -> str:
    """Money with as many decimals as small sums need."""
    if value and value < 0.0001:
        return "under $0.0001"
    return f"${value:,.2f}" if value >= 1 or not value else f"${value:.4f}"


def plural(count: int, noun: str) -> str:
    """`1 conversation`, `2,041 conversations`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
