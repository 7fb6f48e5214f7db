"""JSON: a list of rows, or an object that holds such lists under `personas`, `scenarios` and `criteria`.

Source: what other programs export
Idea:   elements are parsed one by one, so that each row knows its line and one bad row does not hide the next.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from personae.sources import Kind, Problem, Row, sources
from personae.sources._strict_json import list_rows
from personae.sources._text import read_text


@sources.method("json")
class JSONList:
    """JSON lists, read and written."""

    suffixes: ClassVar[tuple[str, ...]] = (".json",)
    kinds: ClassVar[tuple[Kind, ...]] = ("persona", "scenario", "criterion", "behaviour", "query")

    def rows(self, path: Path, kind: Kind) -> Iterator[Row | Problem]:
        text = read_text(path)
        return list_rows(text, path, kind) if text.strip() else iter(())

    def text_of(self, rows: Sequence[Mapping[str, Any]]) -> str:
        return json.dumps(list(rows), ensure_ascii=False, allow_nan=False, indent=2) + "\n"
