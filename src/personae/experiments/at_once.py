"""Two long sources of rows, counted at once: the second one by a process of its own.

Reading is most of what a report or a comparison takes, and one process does it on one core. The other one runs this
module and sends what it counted; where it fails, for whatever reason, the rows are counted here, and what is wrong with
them is said here.
"""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TypeVar

from personae.experiments.result_file import Rows, each_row

_LONG = 64 << 20
"""Bytes of a file from which on another process is worth its start."""


class Counts(Protocol):
    """What adds up rows. It can be pickled."""

    def add(self, row: Mapping[str, Any]) -> None:
        """One conversation."""
        ...


C = TypeVar("C", bound=Counts)


def is_long(rows: Rows) -> bool:
    """Whether the file is worth two processes."""
    return rows.path.is_file() and rows.path.stat().st_size >= _LONG


def counted(make: Callable[[], C], rows: Iterable[Mapping[str, Any]]) -> C:
    """What `make` makes, with all rows added. Raises InputError for what is no row of a result file."""
    counts = make()
    each_row(rows, counts.add)
    return counts


@contextmanager
def another_process() -> Iterator[subprocess.Popen[bytes]]:
    """One for `counted_at_once`. It starts while the caller finds out what there is to count."""
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as program:
        try:
            yield program
        finally:
            program.kill()  # it has sent all, or nobody waits for it


def counted_at_once(other: subprocess.Popen[bytes], make: Callable[[], C], first: Rows, second: Rows) -> tuple[C, C]:
    """The counts of both, as `counted` has them one after the other. `make` must be a class of a module."""
    assert other.stdin is not None
    assert other.stdout is not None
    with suppress(BrokenPipeError), other.stdin as to_it:
        to_it.write(pickle.dumps((make, second)))
    own = counted(make, first)
    try:
        others, second.half_lines, second.superseded = pickle.load(other.stdout)  # noqa: S301 - our program wrote it
    except (EOFError, pickle.UnpicklingError):
        others = counted(make, second)
    return own, others


def _main() -> None:
    gc.disable()  # it ends soon
    make, rows = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own program wrote it
    found = counted(make, rows), rows.half_lines, rows.superseded
    sys.stdout.buffer.write(pickle.dumps(found, pickle.HIGHEST_PROTOCOL))


if __name__ == "__main__":
    _main()
