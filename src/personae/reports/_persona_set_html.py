"""A set of personas as one self-contained page, in the look of the HTML report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import personae
from personae.core.conversation import DISCLAIMER
from personae.generation.quality.persona_set import PersonaSet
from personae.reports import whole_file
from personae.reports._charts import lines_chart, values_chart
from personae.reports._persona_set_text import tables
from personae.reports.html import _digest, _environment, _static

MOST_CHARTS = 8


def write(found: PersonaSet, name: str, out: Path) -> None:
    """Write the page. Raises RecordingError."""
    with whole_file(out) as file:
        file.write(_environment().get_template("persona_set.html").render(_page(found, name)))


def _page(found: PersonaSet, name: str) -> dict[str, Any]:
    style = _static("style.css")
    charted = [one for one in found.attributes if 1 < one.distinct <= 12 or one.is_collapsed][:MOST_CHARTS]
    grown = [(one.personas, one.difference.value, one.near_copies.value) for one in found.sizes]
    return {
        "found": found,
        "name": name,
        "disclaimer": DISCLAIMER,
        "version": personae.__version__,
        "tables": list(tables(found)),
        "values": [
            (one, values_chart([count for _, count in one.top], is_collapsed=one.is_collapsed)) for one in charted
        ],
        "growth": lines_chart(grown) if len(grown) > 1 else "",
        "style": style,
        "policy": f"default-src 'none'; style-src {_digest(style)}; img-src data:; base-uri 'none'; form-action 'none'",
    }
