"""A comparison of two runs, in words: on the terminal, and as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from personae.core.conversation import DISCLAIMER
from personae.experiments.comparison import Comparison, Difference, Pair, Unpaired
from personae.reports._text import figure, label, one_line, percent, plural

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")
_MOST_LISTED = 10
_STYLES = {"better": "green", "worse": "red"}


def headline(found: Comparison) -> str:
    """What the comparison comes to, in one sentence."""
    goal = found.goal
    if goal is None:
        return "no pair was measured on both sides" if not found.pairs else "no scenario names an expected outcome"
    if goal.change.value is None:
        return f"goal completion: undefined, {goal.change.reason}"
    went = f"{percent(goal.before.value)} to {percent(goal.after.value)}, {change(goal)}"
    says = goal.verdict(found.level)
    if says in ("better", "worse"):
        return f"goal completion is {says}: {went}, {p_value(goal)}"
    seen = "" if found.detectable is None else f"; so many pairs can only see {points(found.detectable)} or more"
    return f"no difference of goal completion is shown: {went}, {p_value(goal)}{seen}"


def points(share: float) -> str:
    """A difference of rates: per cent would be read as a share of the rate."""
    whole = round(abs(share) * 100)
    return f"{whole} point" if whole == 1 else f"{whole} points"


def change(one: Difference) -> str:
    """The change with its interval: in points for yes and no, as a number for metrics."""
    estimate = one.change
    if estimate.value is None:
        return "undefined"
    scale, digits, unit = (1.0, 2, "") if one.kind == "metric" else (100.0, 0, " points")
    text = f"{estimate.value * scale:+.{digits}f}{unit}"
    if estimate.low is None or estimate.high is None:
        return f"{text} ({estimate.reason})"
    return f"{text} ({estimate.low * scale:+.{digits}f} to {estimate.high * scale:+.{digits}f})"


def p_value(one: Difference) -> str:
    """The p-value, corrected where it is one of many."""
    value = one.p if one.adjusted_p is None else one.adjusted_p
    if value is None:
        return f"no p-value: {one.reason}"
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def show(found: Comparison, console: Console) -> None:
    """Print the comparison."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    def say(line: str, style: str = "") -> None:
        console.print(Text(line, style), soft_wrap=True)

    say(" against ".join(f"{one_line(name)} ({one_line(bot)})" for name, bot in sides(found)), "bold")
    for line in forced(found):
        say(line, "bold red")
    goal = found.goal
    say(headline(found), _STYLES.get(goal.verdict(found.level), "") if goal is not None else "yellow")
    say("")
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column("")
    for heading in ("before", "after", "change", "better", "worse", "p", "says"):
        table.add_column(heading, justify="left" if heading == "says" else "right")
    for one in found.differences:
        says = one.verdict(found.level)
        has_p, has_interval = one.p is not None, one.change.low is not None
        cells = [
            figure(one.before, one.kind) if one.before.is_defined else "-",
            figure(one.after, one.kind) if one.after.is_defined else "-",
            change(one) if has_interval else change(one).partition(" (")[0].replace("undefined", "-"),
            str(one.better),
            str(one.worse),
            p_value(one).removeprefix("p ").removeprefix("= ") if has_p else "-",
            (says if says != "no difference shown" else "not shown") if has_p else "-",
        ]
        table.add_row(*(Text(cell, _STYLES.get(says, "")) for cell in (one_line(one.title, 40), *cells)))
    console.print(table)
    for line in (*_reasons(found), *notes(found)):
        say(line)
    _list(say, found)
    say("")
    say(DISCLAIMER, "italic")


def _reasons(found: Comparison) -> Iterator[str]:
    """Why numbers of the table are undefined, each reason once."""
    by_reason: dict[str, list[str]] = {}
    for one in found.differences:
        if reason := one.reason or one.change.reason:
            by_reason.setdefault(reason, []).append(one_line(one.title, 40))
    for reason, titles in by_reason.items():
        yield f"-: {reason} ({', '.join(titles) if len(titles) < len(found.differences) else 'all questions'})"


def sides(found: Comparison) -> list[tuple[str, str]]:
    """File and bot, before and after."""
    return [(found.before, found.bots[0] or "bot not recorded"), (found.after, found.bots[1] or "bot not recorded")]


def forced(found: Comparison) -> Iterator[str]:
    """What was told to be overlooked."""
    if found.is_forced:
        yield "NOT COMPARABLE, compared by --force: what differs may come from this, not from the bot"
        yield from (f"  {one_line(str(one))}" for one in found.incomparable)


def notes(found: Comparison) -> Iterator[str]:
    """How pairs were counted, and how p-values were corrected."""
    counts = found.counts
    yield (
        f"{plural(found.pairs, 'pair')}: {counts['better']:,} better, {counts['worse']:,} worse, "
        f"{counts['same']:,} the same; {len(found.unpaired):,} unpaired"
    )
    name = {"holm": "Holm", "bh": "Benjamini and Hochberg"}[found.correction]
    yield f"p of criteria and metrics is corrected by {name}; the goal is the one question asked first"
    for one in found.differences:
        if one.unanswered:
            yield f"{one_line(one.title, 40)}: {plural(one.unanswered, 'pair')} without an answer on both sides"


def pair_line(pair: Pair) -> str:
    """One pair that changed."""
    turn = "all turns the same" if pair.first_turn is None else f"parts at turn {pair.first_turn}"
    who = f"{one_line(pair.persona, 40)} / {one_line(pair.scenario, 50)} / epoch {pair.epoch}"
    what = ", ".join(one.removeprefix("criterion:") for one in pair.changed)
    return f"{who}: {one_line(what, 80)}; {turn}; {pair.before_key} {pair.after_key}"


def unpaired_line(one: Unpaired) -> str:
    """One conversation without its other half."""
    who = f"{one_line(one.persona, 40)} / {one_line(one.scenario, 50)} / epoch {one.epoch}"
    reason = ", ".join(label(part) for part in one.reason.split(", "))
    keys = " ".join(key for key in (one.before_key, one.after_key) if key is not None)
    return f"{who}: {one.side}, {reason}; {keys}"


def _list(say: Callable[..., None], found: Comparison) -> None:
    _say_some(say, "worse", found.of("worse"), pair_line)
    _say_some(say, "better", found.of("better"), pair_line)
    _say_some(say, "unpaired", found.unpaired, unpaired_line)


def _say_some(say: Callable[..., None], name: str, items: Sequence[T], line: Callable[[T], str]) -> None:
    if items:
        say("")
        say(f"{name}:", _STYLES.get(name, "yellow"))
        for one in items[:_MOST_LISTED]:
            say(f"  {line(one)}")
        if len(items) > _MOST_LISTED:
            say(f"  and {len(items) - _MOST_LISTED:,} more: see --json or --html")
