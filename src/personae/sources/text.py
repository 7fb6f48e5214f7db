"""Plain text: one criterion a line; blank lines and lines that begin with `#` are skipped.

Source: how people write down what they want to know about a conversation
Idea:   a list of questions needs no format.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from personae.sources import Kind, Problem, Row, sources
from personae.sources._text import read_lines


@sources.method("text")
class TextLines:
    """Criteria, one question a line."""

    suffixes: ClassVar[tuple[str, ...]] = (".txt",)
    kinds: ClassVar[tuple[Kind, ...]] = ("criterion",)

    def rows(self, path: Path, kind: Kind) -> Iterator[Row | Problem]:
        del kind  # criteria alone
        for number, line in read_lines(path):
            if line.strip() and not line.lstrip().startswith("#"):
                yield Row(line.strip(), number)
