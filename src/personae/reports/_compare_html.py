"""A comparison of two runs as one self-contained page: the numbers, and both conversations of pairs that changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import personae
from personae.core.conversation import DISCLAIMER
from personae.experiments.comparison import Comparison, Pair
from personae.experiments.result_file import read_rows, results
from personae.reports import _compare_text, whole_file
from personae.reports._view import ConversationView, conversation_id, view
from personae.reports.html import _digest, _environment, _static

MOST_PAIRS = 100
"""Pairs whose transcripts are in the page, half of them those that got worse."""
_MOST_UNPAIRED = 200


@dataclass(frozen=True, slots=True)
class _Shown:
    """A pair with its two conversations."""

    id: str
    pair: Pair
    before: ConversationView
    after: ConversationView


def write(found: Comparison, before: Path, after: Path, out: Path) -> None:
    """Write the page. The two files are read again for the transcripts. Raises RecordingError."""
    with whole_file(out) as file:
        for part in _environment().get_template("comparison.html").generate(_page(found, before, after)):
            file.write(part)


def _page(found: Comparison, before: Path, after: Path) -> dict[str, Any]:
    style = _static("style.css") + _static("comparison.css")
    chosen = _chosen(found)
    ours = _views(before, {pair.before_key for pair in chosen})
    theirs = _views(after, {pair.after_key for pair in chosen})
    shown = [
        _Shown(f"pair-{conversation_id(pair.after_key)}", pair, ours[pair.before_key], theirs[pair.after_key])
        for pair in chosen
    ]
    return {
        "found": found,
        "disclaimer": DISCLAIMER,
        "version": personae.__version__,
        "headline": _compare_text.headline(found),
        "forced": list(_compare_text.forced(found)),
        "notes": list(_compare_text.notes(found)),
        "change": _compare_text.change,
        "p_value": _compare_text.p_value,
        "unpaired": [_compare_text.unpaired_line(one) for one in found.unpaired[:_MOST_UNPAIRED]],
        "pairs": shown,
        "style": style,
        "policy": f"default-src 'none'; style-src {_digest(style)}; img-src data:; base-uri 'none'; form-action 'none'",
    }


def _chosen(found: Comparison) -> list[Pair]:
    worse, better = found.of("worse"), found.of("better")
    kept = worse[: max(MOST_PAIRS // 2, MOST_PAIRS - len(better))]
    return kept + better[: MOST_PAIRS - len(kept)]


def _views(path: Path, keys: set[str]) -> Mapping[str, ConversationView]:
    if not keys:
        return {}
    rows = (row for row in read_rows(path) if row.get("key") in keys)
    return {result.key: view(result) for result in results(rows)}
