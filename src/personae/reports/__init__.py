"""Reports: what a run found, written for one kind of reader each. Every one of them carries the honesty line.

A report is a method of this room: a class that turns a `ReportSource` into one file. What a source is made of is
imported where one is made: commands that report nothing use the words of this package too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from personae.core.room import Room
from personae.errors import RecordingError

if TYPE_CHECKING:
    from personae.core.result import SimulationResult
    from personae.experiments.report_data import ReportData
    from personae.rating.card import JudgeCard


@dataclass(frozen=True, slots=True)
class ReportSource:
    """What a report is made of."""

    data: ReportData
    rows: Callable[[], Iterable[Mapping[str, Any]]]
    """The rows of a result file, from the first one, each time it is called. They are streamed, never held."""
    name: str = ""
    """What the reader knows the run by, such as the result file's name."""
    card: JudgeCard | None = None
    """What is known of the judge, where somebody checked him."""

    @classmethod
    def from_file(cls, path: Path) -> ReportSource:
        """The source for a result file. Raises InputError with file and line where the file is none."""
        from personae.experiments.result_file import read_rows
        from personae.experiments.tally import tally

        return cls(tally(read_rows(path)), lambda: read_rows(path), path.name)

    @classmethod
    def from_results(cls, found: Iterable[SimulationResult], name: str = "") -> ReportSource:
        """The source for results that are in memory."""
        from personae.experiments.tally import tally

        rows = [result.as_row() for result in found]
        return cls(tally(rows), lambda: rows, name)

    def results(self) -> Iterator[SimulationResult]:
        """Every conversation, one by one."""
        from personae.experiments.result_file import results

        return results(self.rows())


class Report(Protocol):
    """One way to report: a method of this room. Its fields are its settings."""

    suffix: ClassVar[str]
    """How the file's name usually ends."""

    def write(self, source: ReportSource, out: Path) -> None:
        """Write the report to `out`, whole or not at all. Raises RecordingError where it cannot be written."""
        ...


reports: Room[Report] = Room("personae.reports", "report")


@contextmanager
def whole_file(out: Path) -> Iterator[TextIOWrapper]:
    """A text file that takes its place at `out` only once it is complete. The folder is made where it is missing."""
    part = out.with_name(f"{out.name}.{os.getpid()}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        part.replace(out)
    except OSError as error:
        raise RecordingError(f"cannot write {str(out)!r}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
