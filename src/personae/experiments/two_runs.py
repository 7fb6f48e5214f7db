"""Two runs, read for a comparison: of two long result files the second by a process of its own, at the same time.

Reading is most of what a comparison takes, and one process does it on one core. The other one runs this module and
sends what it found; where it fails, for whatever reason, the file is read here, and what is wrong with it is said here.
"""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from personae.experiments.pairing import Run
from personae.experiments.result_file import Rows, each_row, read_rows

_LONG = 64 << 20
"""Bytes of a file from which on another process is worth its start."""


def two_runs(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> tuple[Run, Run]:
    """What the rows of two runs say. Raises InputError for what is no row of a result file."""
    if not (isinstance(after, Rows) and isinstance(before, Rows) and _is_long(before) and _is_long(after)):
        return _run_of(before), _run_of(after)
    with _elsewhere(after.path) as other:
        first = _run_of(before)
        assert other.stdout is not None
        try:
            second: Run = pickle.load(other.stdout)  # noqa: S301 - our own program wrote it
        except (EOFError, pickle.UnpicklingError):
            second = _run_of(after)
    return first, second


def _is_long(rows: Rows) -> bool:
    return rows.path.is_file() and rows.path.stat().st_size >= _LONG


@contextmanager
def _elsewhere(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", __name__, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:  # noqa: S603 - ours
        try:
            yield program
        finally:
            program.kill()  # it has sent all, or nobody waits for it


def _run_of(rows: Iterable[Mapping[str, Any]]) -> Run:
    run = Run()
    each_row(rows, run.add)
    return run


if __name__ == "__main__":
    gc.disable()  # it ends soon
    found = _run_of(read_rows(Path(sys.argv[1])))
    sys.stdout.buffer.write(pickle.dumps(found, pickle.HIGHEST_PROTOCOL))
