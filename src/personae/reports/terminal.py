"""Terminal report: the summary on one screen, in colour on a terminal and plain where it goes into a file.

Idea: the headline with its interval and what it rests on, what was left out beside it, then who fares how.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from personae.core.conversation import DISCLAIMER
from personae.experiments.measured import GOAL
from personae.experiments.report_data import Measure, ReportData, Slice
from personae.reports import ReportSource, reports, whole_file
from personae.reports._card import card_notes, card_warning, roles_words
from personae.reports._doses import behaviour_lines, fact_lines
from personae.reports._text import (
    counts,
    dollars,
    figure,
    interval,
    label,
    one_line,
    percent,
    plural,
    spread,
    tone,
    visible,
    within,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_MOST_SLICES = 20
_MOST_MEASURES = 4
_NAME, _WIDE, _GAP = 26, 100, 3
"""Columns: of a name, where the terminal has so many that tables need not be narrow; and between two of a table."""
_BAR = 24
_STYLES = {"good": "green", "bad": "red", "none": "yellow"}


@reports.method("terminal")
@dataclass(frozen=True)
class TerminalReport:
    """The summary as text."""

    width: int = 100
    """Columns, where it is written to a file."""
    suffix: ClassVar[str] = ".txt"

    def write(self, source: ReportSource, out: Path) -> None:
        from rich.console import Console

        with whole_file(out) as file:
            self.show(source, Console(file=file, width=self.width, no_color=True, force_terminal=False))

    def show(self, source: ReportSource, console: Console) -> None:
        """Print the summary to `console`, whose width, colours and encoding it keeps to."""
        data = source.data
        console.print(_title(source), soft_wrap=False)
        console.print()
        console.print(_measures(data, console.width))
        for line in _notes(data):
            console.print(line)
        for line in _card(source):
            console.print(line)
        for line in _doses(data):
            console.print(line)
        if data.conversations:
            _slices(console, "persona", data.personas, data.measures)
            if data.is_crossed:
                _slices(console, "scenario", data.scenarios, data.measures)
            console.print()
            console.print(_terminations(data, console))
            console.print()
            for line in _effort(data):
                console.print(line)
        console.print()
        console.print(_text(DISCLAIMER, "italic"))


def _text(text: str, style: str = "") -> Text:
    """Text that is never read as markup; what is no plain text in it is shown as signs."""
    from rich.text import Text

    return Text(text, style)


def _table(room: int, name: str, *figures: tuple[str, int]) -> Table:
    """A table for a terminal that is `room` wide: names, then figures by their heading and the width they may have."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column(_text(name), min_width=_NAME if room >= _WIDE else None)
    for heading, most in figures:
        table.add_column(_text(one_line(heading, 24)), justify="right", vertical="bottom", max_width=most)
    return table


def _title(source: ReportSource) -> Text:
    data, run = source.data, source.data.run
    title = _text(plural(data.conversations, "conversation"), "bold")
    who = [f"with {one_line(', '.join(run.bot), 60)}"] if run.bot else []
    who += [f"simulator {one_line(', '.join(run.simulator), 40)}"] if run.simulator else []
    who += [f"judge {one_line(', '.join(run.judge), 40)}"] if run.judge else []
    return title.append(f"{' ' if who else ''}{', '.join(who)}", "default").append("")


def _measures(data: ReportData, room: int) -> Table:
    table = _table(room, "", ("value", 40), ("95% interval", 40), ("rests on", 40))
    for measure in data.measures:
        estimate = measure.estimate
        style = "bold" if measure.id == GOAL else ""
        table.add_row(
            _text(one_line(measure.title, 48), style),
            _text(figure(estimate, measure.kind), style),
            _text(interval(estimate, measure.kind)),
            _text(counts(estimate, measure.kind)),
        )
    return table


def _notes(data: ReportData) -> Iterator[Text]:
    left_out = data.conversations - data.measured
    if left_out:
        yield _text("")
        yield _text(f"left out of all rates: {plural(left_out, 'conversation')}", "yellow")
        for one in data.excluded:
            yield _text(f"  {one.count:>4} {label(one.reason)}")
            for message in one.messages[:3]:
                times = f"{message.count}x " if message.count > 1 else ""
                yield _text(f"         {times}{one_line(message.text, 84)}")
    for line in validity_in_words(data):
        yield _text(line, "yellow" if data.fairness.guards else "")
    for measure in data.measures:
        if measure.missing:
            why = one_line(measure.reasons[0].text, 60)
            yield _text(f"{one_line(measure.title, 40)}: no answer in {measure.missing:,} more ({why})", "yellow")
    yield from _chance(data)
    if data.half_lines:
        yield _text("the last line of the file was half written and is left out", "yellow")
    if data.superseded:
        yield _text(
            f"{plural(data.superseded, 'row')} left out: the conversation was gone on with further down", "yellow"
        )


def _card(source: ReportSource) -> Iterator[Text]:
    """What is known of the judge."""
    notes = card_notes(source.card, source.data)
    if notes:
        yield _text("")
        yield _text(f"the judge, by the card of {one_line(source.card.date, 20) if source.card else ''}", "bold")
    if warning := card_warning(notes):
        yield _text(f"  {visible(warning)}", "yellow")
    for note in notes:
        yield _text(f"  {one_line(note.title, 40)}: {visible(note.words)}", "yellow" if note.changes else "")
    if told := roles_words(source.card):
        yield _text(f"  {told}")


def _doses(data: ReportData) -> Iterator[Text]:
    """Behaviours and facts, where the conversations have any."""
    for section in (((line, False) for line in behaviour_lines(data.behaviours)), fact_lines(data.facts_told)):
        for number, (line, is_broken) in enumerate(section):
            if not number:
                yield _text("")
            yield _text(line, "yellow" if is_broken else "" if number else "bold")


def _chance(data: ReportData) -> Iterator[Text]:
    if len(data.pass_hat) > 1:
        for words, chances in (("all", data.pass_hat), ("at least one", data.pass_at)):
            told = ", ".join(f"{k}: {figure(one, 'goal')}" for k, one in chances.items())
            sign = "pass^k" if chances is data.pass_hat else "pass@k"
            yield _text(f"{words} of k repeats achieve the goal ({sign}): {told}")
    if text := spread(data.variance):
        yield _text(f"where the spread of the goal comes from: {text}")


def _slices(console: Console, noun: str, slices: tuple[Slice, ...], measures: tuple[Measure, ...]) -> None:
    ordered = sorted(slices, key=_goal_first)
    names = [noun, *(one_line(one.name, 36) for one in ordered[:_MOST_SLICES])]
    shown = _fitting(measures, names, console.width)
    columns = [(measure.title, width) for measure, width in shown]
    table = _table(console.width, noun, ("measured", 24), *columns)
    for one in ordered[:_MOST_SLICES]:
        values = [
            _text(f"{figure(one.estimates[measure.id], measure.kind)}" if one.estimates[measure.id].is_defined else "-")
            for measure, _ in shown
        ]
        table.add_row(_text(one_line(one.name, 36)), f"{one.measured} of {one.conversations}", *values)
    console.print()
    console.print(table)
    if len(ordered) > _MOST_SLICES:
        console.print(_text(f"… and {plural(len(ordered) - _MOST_SLICES, noun)} more", "dim"))


def _fitting(measures: tuple[Measure, ...], names: list[str], room: int) -> list[tuple[Measure, int]]:
    """The first measures that have values and fit beside the names into `room`, always one; and how wide each is."""
    from rich.cells import cell_len

    room -= max(_NAME if room >= _WIDE else 0, *map(cell_len, names)) + _GAP + len("12 of 12")
    fitting: list[tuple[Measure, int]] = []
    for measure in measures:
        if measure.estimate.is_defined and len(fitting) < _MOST_MEASURES:
            width = max(len("100%"), *map(cell_len, one_line(measure.title, 24).split()))
            room -= _GAP + width
            if fitting and room < 0:
                break
            fitting.append((measure, width))
    return fitting


def _goal_first(one: Slice) -> tuple[float, str]:
    value = one.estimates[GOAL].value
    return (2.0 if value is None else value), one.name


def _terminations(data: ReportData, console: Console) -> Table:
    from rich.table import Table

    full = "█" if console.encoding.lower().startswith("utf") else "#"
    table = Table.grid(padding=(0, 2))
    most = max(data.terminations.values())
    for name, count in data.terminations.items():
        bar = full * max(1, round(_BAR * count / most))
        share = percent(count / data.conversations)
        table.add_row(_text(label(name)), _text(bar, _STYLES[tone(name)]), _text(f"{count:,} ({share})"))
    return table


def _effort(data: ReportData) -> Iterator[Text]:
    total = data.total_usage
    yield _text(f"cost: {cost_in_words(data)}; {plural(total.calls, 'call')}, {plural(total.tokens, 'token')}")
    if data.latency.n:
        slow = f"95% within {within(data.latency.p95_ms)}"
        yield _text(f"replies of the bot: half within {within(data.latency.p50_ms)}, {slow} ({data.latency.n:,})")
    trouble = [
        plural(data.refusals, "refusal") if data.refusals else "",
        f"{data.refusals_undecided:,} undecided" if data.refusals_undecided else "",
        f"{plural(data.retried, 'turn')} asked for again" if data.retried else "",
        f"{plural(data.run_again, 'conversation')} tried again after an error" if data.run_again else "",
        f"{plural(data.cut_replies, 'turn')} cut at a limit" if data.cut_replies else "",
    ]
    if any(trouble):
        yield _text(", ".join(part for part in trouble if part))


def validity_in_words(data: ReportData) -> Iterator[str]:
    """Whether the conversations were fair tests, and what the rates are with those that were not."""
    fair = data.fairness
    if fair.attempts:
        cost = fair.attempts_usage.cost_usd
        price = "" if not cost else f", at {dollars(cost)}"
        tries = "1 try" if fair.attempts == 1 else f"{fair.attempts:,} tries"
        was = "was no fair test" if fair.attempts == 1 else "were no fair tests"
        yield f"{plural(fair.repeated, 'conversation')} held again, since {tries} {was}{price}"
    found = [f"{fair.verdicts[name]:,} {name}" for name in ("invalid", "unsure") if fair.verdicts.get(name)]
    if found:
        faults = ", ".join(f"{name} {count:,}" for name, count in fair.faults.items())
        yield f"fair tests: {', '.join(found)} of {fair.checked:,} checked" + (f" (fault: {faults})" if faults else "")
    elif fair.checked:
        those = " in those that count" if fair.attempts else ""
        yield f"fair tests: all {fair.checked:,} checked, nothing found{those}"
    if fair.guards:
        guards = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in [*fair.guards.items()][:6])
        yield f"  found by: {guards}"
    if fair.unchecked and fair.checked:
        yield f"not checked whether they are fair tests: {plural(fair.unchecked, 'conversation')}"
    if data.left_out_as_invalid:
        for measure in data.measures[:_MOST_MEASURES]:
            both = measure.with_invalid
            if both.is_defined:
                values = f"{figure(measure.estimate, measure.kind)} without the invalid, "
                values += f"{figure(both, measure.kind)} with them ({interval(both, measure.kind)})"
                yield f"  {one_line(measure.title, 40)}: {values}"


def cost_in_words(data: ReportData) -> str:
    """What all calls cost, and for how many of them that is not known."""
    total = data.total_usage
    if data.conversations and not data.usage:
        return "not recorded"
    if total.calls and total.unpriced_calls == total.calls:
        return f"unknown: no price is known for {plural(total.calls, 'call')}"
    if total.unpriced_calls:
        return f"at least {dollars(total.priced_usd)}: no price is known for {plural(total.unpriced_calls, 'call')}"
    return dollars(total.priced_usd)
