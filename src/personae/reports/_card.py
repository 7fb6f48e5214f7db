"""The judge card beside a run's rates: how far the judge agreed with people, and whether that still holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from personae.experiments.measured import GOAL
from personae.experiments.report_data import Measure, ReportData
from personae.rating import labels
from personae.rating.card import Checked, JudgeCard, JudgeVersion
from personae.reports._text import decimal, interval, percent, plural
from personae.stats.corrected_rate import rogan_gladen
from personae.stats.intervals import Estimate, undefined

_NO_LONGER = "the judge was checked as another than he is now, so what the card says may not hold"


@dataclass(frozen=True, slots=True)
class CardNote:
    """What the card says of one question of the run."""

    measure: str
    """The measure's id."""
    title: str
    checked: Checked | None
    """None: people were never asked about it."""
    corrected: Estimate
    """The rate as people would have it, by Rogan and Gladen; undefined where the card holds no more."""
    changes: tuple[str, ...]
    """What is other than it was when the judge was checked."""

    @property
    def words(self) -> str:
        """One line for readers."""
        one = self.checked
        if one is None:
            return "never checked against people"
        text = (
            f"checked on {plural(one.n, 'conversation')} by {plural(one.raters, 'person').replace('persons', 'people')}"
        )
        text += f": kappa {decimal(one.kappa.value)}" + (f" ({interval(one.kappa, 'metric')})" if one.kappa.low else "")
        text += f", sensitivity {percent(one.sensitivity.value)}, specificity {percent(one.specificity.value)}"
        if self.changes:
            return f"{text}; no longer holds: {'; '.join(self.changes)}"
        if self.corrected.value is None:
            return f"{text}; corrected rate undefined: {self.corrected.reason}"
        return f"{text}; corrected {percent(self.corrected.value)} ({interval(self.corrected, 'criterion')})"

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.measure,
            "checked": self.checked.as_dict() if self.checked else None,
            "corrected_rate": self.corrected.as_dict(),
            "changes": list(self.changes),
        }


def card_notes(card: JudgeCard | None, data: ReportData) -> tuple[CardNote, ...]:
    """One note for each question that the judge answered by YES or NO. None without a card."""
    if card is None:
        return ()
    return tuple(
        _note(card, data, measure) for measure in data.measures if measure.kind != "metric" and measure.estimate.n
    )


def card_warning(notes: Sequence[CardNote]) -> str:
    """A line for the head of a report, or nothing."""
    changes = list(dict.fromkeys(change for note in notes for change in note.changes))
    return f"{_NO_LONGER}: {'; '.join(changes)}" if changes else ""


def roles_words(card: JudgeCard | None) -> str:
    """How well the judge tells who is speaking, or nothing where that was not asked."""
    if card is None or not card.roles:
        return ""
    rate, n = card.roles.get("top_1") or {}, card.roles.get("cases", 0)
    if rate.get("value") is None:
        return ""
    chance = card.roles.get("chance")
    by_chance = "" if chance is None else f" (by chance {percent(chance)})"
    told = f"{percent(rate['value'])} of {plural(int(n), 'case')}{by_chance}"
    return f"{card.roles.get('judge_model') or 'the judge'} tells who is speaking in {told}"


def _note(card: JudgeCard, data: ReportData, measure: Measure) -> CardNote:
    name = labels.GOAL if measure.id == GOAL else measure.name
    entries = [one for one in card.criteria if one.criterion == name]
    if not entries:
        return CardNote(measure.id, measure.title, None, undefined("the criterion was never checked"), ())
    one, changes = min(((one, _changes(one, data)) for one in entries), key=lambda entry: len(entry[1]))
    corrected = undefined("what was checked is not what rated this run") if changes else _corrected(one, measure)
    return CardNote(measure.id, measure.title, one, corrected, changes)


def _changes(one: Checked, data: ReportData) -> tuple[str, ...]:
    found = (change for now in _versions(data, one.criterion) for change in one.version.differences(now))
    return tuple(dict.fromkeys(found))


def _corrected(one: Checked, measure: Measure) -> Estimate:
    """Repeats count as one: the formula knows of independent observations alone."""
    rate, n = measure.estimate, measure.estimate.clusters or measure.estimate.n
    if one.sensitivity.value is None or one.specificity.value is None or rate.value is None:
        return undefined(one.sensitivity.reason or one.specificity.reason or rate.reason)
    errors = (one.sensitivity.value, one.sensitivity.n), (one.specificity.value, one.specificity.n)
    return rogan_gladen(rate.value * n, n, *errors)


def _versions(data: ReportData, criterion: str) -> Iterator[JudgeVersion]:
    """The judge as the rows record it; several where the file mixes runs."""
    facts = {fact.name: fact.values for fact in data.facts}
    start = "provenance.prompts."
    prompts = {name.removeprefix(start): values for name, values in facts.items() if name.startswith(start)}
    hashes = facts.get(f"criteria.{criterion}", ("",))
    for mode in facts.get("judge_mode", ("",)):
        first = {name: values[0] for name, values in prompts.items()}
        now = JudgeVersion.made_of("", mode, criterion, first, hashes[0])
        yield now
        yield from (replace(now, model=model) for model in data.run.judge)
        yield from (replace(now, criterion=one) for one in hashes[1:])
        others = ((name, value) for name in now.prompts for value in prompts[name][1:])
        yield from (replace(now, prompts={name: value}) for name, value in others)
