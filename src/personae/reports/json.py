"""JSON report: the whole summary as data, for programs.

Idea: `ReportData.as_dict()`, which begins with `simulated` and `disclaimer`. What is undefined is null with a reason.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from personae.reports import ReportSource, reports, whole_file
from personae.reports._card import card_notes


@reports.method("json")
@dataclass(frozen=True)
class JsonReport:
    """The summary as one JSON object."""

    suffix: ClassVar[str] = ".json"

    def write(self, source: ReportSource, out: Path) -> None:
        with whole_file(out) as file:
            file.write(self.render(source))

    def render(self, source: ReportSource) -> str:
        """The summary as indented JSON text, for `--json`."""
        data = source.data.as_dict()
        if source.card is not None:
            data["judge_card"] = [note.as_dict() for note in card_notes(source.card, source.data)]
        return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
