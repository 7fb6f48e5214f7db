"""Doses in words: of each behaviour what was planned against what was delivered, and which facts the bot elicited."""

from __future__ import annotations

from collections.abc import Iterator

from personae.experiments.doses import BehaviourDose, FactTold
from personae.reports._text import figure, interval, one_line
from personae.stats.intervals import Estimate

_MOST_FACTS = 40


def behaviour_lines(behaviours: tuple[BehaviourDose, ...]) -> Iterator[str]:
    """A heading, then one line a behaviour; nothing where there are none."""
    if behaviours:
        yield "behaviours: planned against delivered"
    for one in behaviours:
        yield f"  {one_line(one.name, 24)} ({one_line(', '.join(one.doses), 60)})"
        yield f"    planned in {_of(one.planned)} messages, {delivered_in_words(one)}"


def delivered_in_words(one: BehaviourDose) -> str:
    """What became of the planned messages, and in how many others it shows."""
    if one.delivered.is_defined:
        said = f"delivered in {_of(one.delivered)}: {figure(one.delivered, 'rate')}"
        said += f" ({interval(one.delivered, 'rate')})"
    else:
        said = f"delivered: undefined, {one.delivered.reason}"
    if one.cannot_tell:
        said += f"; cannot tell in {one.cannot_tell:,} more"
    if one.unplanned.value:
        said += f"; unplanned in {_of(one.unplanned)}"
    return said


def fact_lines(facts: tuple[FactTold, ...]) -> Iterator[tuple[str, bool]]:
    """A heading, then one line a fact, each with whether its rule was broken; nothing where there are none."""
    if facts:
        yield "facts: what the bot elicited", False
    for one in facts[:_MOST_FACTS]:
        where = f"  {one_line(one.persona, 36)}: {one_line(one.fact, 36)} ({one.when})"
        yield f"{where}: {told_in_words(one)}", one.is_broken
    if len(facts) > _MOST_FACTS:
        yield f"  … and {len(facts) - _MOST_FACTS:,} more", False


def told_in_words(one: FactTold) -> str:
    """How the fact came into the conversations."""
    said = f"elicited in {_of(one.elicited)} conversations ({interval(one.elicited, 'rate')})"
    if one.volunteered:
        said += f", told unasked in {one.volunteered:,}"
    if one.untold:
        said += f", not told in {one.untold:,}"
    return said + ("; this breaks its rule" if one.is_broken else "")


def _of(estimate: Estimate) -> str:
    """What a share rests on: `26 of 42`."""
    return f"{round((estimate.value or 0) * estimate.n):,} of {estimate.n:,}"
