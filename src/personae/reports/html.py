"""HTML report: one file with numbers and transcripts that opens from disk and asks the network for nothing.

Idea: the headline with its interval and what was left out first; then who fares how; then every conversation, worst
      first, with the judge's quotes marked in it. Reading needs no script; filters and keys do.
"""

from __future__ import annotations

import heapq
import random
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import personae
from personae.core.conversation import DISCLAIMER
from personae.core.result import SimulationResult
from personae.core.seed import derive
from personae.core.validity import FAULTS
from personae.experiments.measured import GOAL
from personae.experiments.report_data import ReportData, Slice
from personae.reports import ReportSource, _charts, _text, reports, whole_file
from personae.reports._card import card_notes, card_warning, roles_words
from personae.reports._view import ConversationView, badness, view
from personae.reports.terminal import cost_in_words

if TYPE_CHECKING:
    from jinja2 import Environment

_MOST_SLICES = 100
_FAIR = (("valid", "fair test"), ("unsure", "unsure"), ("invalid", "no fair test"), ("none", "not checked"))


@dataclass(frozen=True, slots=True)
class _Place:
    """A conversation before it is chosen: how bad it went, where it stands in the file, and its size."""

    badness: tuple[int, float]
    row: int
    size: int


@reports.method("html")
@dataclass(frozen=True)
class HtmlReport:
    """One self-contained page."""

    most: int = 2_000
    """Conversations in the page. Of a larger run the worst and a random sample of the others are shown."""
    most_bytes: int = 30_000_000
    """Text in the page, roughly."""
    suffix: ClassVar[str] = ".html"

    def write(self, source: ReportSource, out: Path) -> None:
        with whole_file(out) as file:
            for part in _environment().get_template("report.html").generate(self._page(source)):
                file.write(part)

    def render(self, source: ReportSource) -> str:
        """The page as text."""
        return _environment().get_template("report.html").render(self._page(source))

    def _page(self, source: ReportSource) -> dict[str, Any]:
        conversations = self._conversations(source)
        style, script, early = (_static(name) for name in ("style.css", "report.js", "early.js"))
        return {
            "data": source.data,
            "name": source.name,
            "disclaimer": DISCLAIMER,
            "version": personae.__version__,
            "conversations": conversations,
            "options": _options(conversations),
            "charts": _drawn(source.data),
            "slices": _tables(source.data),
            "cost": cost_in_words(source.data),
            "card": _card(source),
            "style": style,
            "script": script,
            "early": early,
            "policy": _policy(style, (script, early)),
        }

    def _conversations(self, source: ReportSource) -> list[ConversationView]:
        """Those that are shown, worst first."""
        places = [_Place(badness(result), row, _size(result)) for row, result in enumerate(source.results())]
        chosen = {place.row: place for place in self._chosen(places)}
        views = [
            (chosen[row].badness, row, view(result)) for row, result in enumerate(source.results()) if row in chosen
        ]
        views.sort(key=lambda entry: entry[:2])
        return [entry[2] for entry in views]

    def _chosen(self, places: list[_Place]) -> list[_Place]:
        if len(places) <= self.most and sum(place.size for place in places) <= self.most_bytes:
            return places
        worst = heapq.nsmallest(self.most, places, key=lambda place: (place.badness, place.row))
        kept = _fitting(worst[: self.most - self.most // 2], self.most_bytes // 2)
        others = sorted(set(places) - set(kept), key=lambda place: place.row)
        random.Random(derive(0, "report", "sample")).shuffle(others)
        left = self.most_bytes - sum(place.size for place in kept)
        return kept + _fitting(others[: self.most - len(kept)], left)


def _card(source: ReportSource) -> dict[str, Any] | None:
    """What is known of the judge; None without a card."""
    notes = card_notes(source.card, source.data)
    if source.card is None:
        return None
    return {
        "date": source.card.date,
        "notes": notes,
        "warning": card_warning(notes),
        "roles": roles_words(source.card),
    }


def _fitting(places: list[_Place], most_bytes: int) -> list[_Place]:
    kept, total = [], 0
    for place in places:
        if total + place.size <= most_bytes:
            kept.append(place)
            total += place.size
    return kept


def _size(result: SimulationResult) -> int:
    return 4_000 + sum(len(turn.content) + 300 for turn in result.conversation.turns)


def _options(conversations: list[ConversationView]) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen in each filter: (value, words)."""
    noes = {answer.id: answer.name for one in conversations for answer in one.answers if answer.kind != "metric"}
    ended = {one.termination: one.termination_label for one in conversations}
    return {
        "persona": [(name, name) for name in sorted({one.persona for one in conversations})],
        "scenario": [(name, name) for name in sorted({one.scenario for one in conversations})],
        "stop": sorted(ended.items()),
        "no": list(noes.items()),
        "fault": [(name, name) for name in FAULTS if any(one.fault == name for one in conversations)],
        "fair": [(name, words) for name, words in _FAIR if any(one.validity == name for one in conversations)],
    }


def _drawn(data: ReportData) -> dict[str, Any]:
    charts: dict[str, Any] = {
        "latency": None,
        "measures": {
            measure.id: _charts.interval_plot(
                measure.estimate,
                measure.name,
                f"{_text.figure(measure.estimate, measure.kind)}, {_text.interval(measure.estimate, measure.kind)}",
            )
            for measure in data.measures
        },
    }
    if data.conversations:
        charts["terminations"] = _charts.terminations_chart(data.terminations)
        charts["turns"] = _charts.turns_chart(data.turns)
    if data.latency.p50_ms is not None and data.latency.p95_ms is not None:
        marks = {"p50": data.latency.p50_ms, "p95": data.latency.p95_ms}
        charts["latency"] = _charts.latency_chart(data.latency.histogram, marks)
    return charts


def _tables(data: ReportData) -> list[dict[str, Any]]:
    """The heat tables: noun, filter, slices with the lowest rate of goals achieved first, and how many are left out."""
    tables = []
    for noun, parameter, slices in (
        ("persona", "persona", data.personas),
        ("scenario", "scenario", data.scenarios if data.is_crossed else ()),
        ("trait", "", tuple(one for one in data.traits if one.conversations > 1)),
    ):
        if not slices:
            continue
        ordered = sorted(slices, key=_lowest_first)
        more = max(0, len(ordered) - _MOST_SLICES)
        tables.append({"noun": noun, "filter": parameter, "slices": ordered[:_MOST_SLICES], "more": more})
    return tables


def _lowest_first(one: Slice) -> tuple[float, str]:
    value = one.estimates[GOAL].value
    return (2.0 if value is None else value), one.name


def level(value: float | None) -> str:
    """One of five steps of a heat table's colour, or none for what is undefined."""
    return "none" if value is None else str(min(4, int(value * 5)))


def _policy(style: str, scripts: tuple[str, ...]) -> str:
    """Content security policy: nothing but this very style and these very scripts."""
    allowed = " ".join(_digest(script) for script in scripts)
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {allowed}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _static(name: str) -> str:
    return (files("personae.reports") / "static" / name).read_text(encoding="utf-8")


def _shown(value: Any) -> Any:
    """All that a template prints goes through here: foreign text never acts on the page."""
    return _text.visible(value) if type(value) is str else value


def _link(values: Mapping[str, str]) -> str:
    """The address of the list of conversations, filtered."""
    from urllib.parse import quote

    return "#conversations" + "".join(f"&{name}={quote(_text.visible(value))}" for name, value in values.items())


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("personae.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    helpers = (
        "label",
        "tone",
        "figure",
        "interval",
        "counts",
        "percent",
        "decimal",
        "milliseconds",
        "within",
        "dollars",
        "spread",
        "plural",
    )
    environment.globals |= {name: getattr(_text, name) for name in helpers}
    environment.globals |= {"link": _link, "level": level}
    return environment
