"""Fidelity in words: how far the simulated users talk like the real ones, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personae.audits.fingerprint import Fidelity
from personae.core.conversation import DISCLAIMER
from personae.reports._text import decimal, interval, plural
from personae.stats.intervals import Estimate

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_TOLD_APART, _ALIKE = 0.7, 0.6
"""Areas under the curve: from the first on two kinds are told apart, as in the paper; below the second they are not."""


def show(found: Fidelity, console: Console) -> None:
    """Print it to `console`."""
    from rich.text import Text

    left_out = {kind: count for kind, count in found.left_out.items() if count}
    console.print(
        Text(f"{plural(found.simulated, 'simulated conversation')} and {found.human:,} of real users", "bold")
    )
    if left_out:
        said = " and ".join(
            f"{count:,} {'simulated' if kind == 'simulated' else 'real'}" for kind, count in left_out.items()
        )
        console.print(Text(f"left out, since the user says nothing in them: {said}", "yellow"))
    console.print()
    console.print(_summary(found))
    if found.features:
        console.print()
        console.print(_features(found))
    console.print()
    for line in _readings(found):
        console.print(Text(line))
    console.print(Text(DISCLAIMER, "italic"))


def _table(*headings: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    return table


def _summary(found: Fidelity) -> Table:
    table = _table("", "value", "95% interval")
    rows: list[tuple[str, Estimate]] = [(f"agreement: {name}", one) for name, one in found.agreement.items()]
    rows += [
        ("coverage of the real ones", found.coverage),
        ("told apart (area under the curve)", found.discriminator),
        ("taken for real (mean probability)", found.likeness),
    ]
    for name, one in rows:
        table.add_row(name, decimal(one.value), interval(one, "metric"))
    return table


def _features(found: Fidelity) -> Table:
    table = _table("feature", "simulated", "real", "agreement")
    group = ""
    for one in found.features:
        if one.group != group:
            group = one.group
            table.add_row(f"[bold]{group}[/bold]", "", "", "")
        table.add_row(f"  {one.name}", decimal(one.simulated), decimal(one.human), decimal(one.agreement))
    return table


def _readings(found: Fidelity) -> list[str]:
    lines = []
    if found.discriminator.value is not None and found.features:
        if found.discriminator.value >= _TOLD_APART:
            worst = sorted(found.features, key=lambda one: one.agreement)[:3]
            names = ", ".join(one.name for one in worst)
            lines.append(f"the two can be told apart; they agree least in {names}")
        elif found.discriminator.value < _ALIKE:
            lines.append("by these features the two can hardly be told apart")
    if found.sampled:
        lines.append(f"coverage and discriminator: {found.sampled:,} conversations of a kind, drawn by the seed")
    return lines
