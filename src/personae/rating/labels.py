"""Labels: what people say of a conversation where a judge has said YES or NO. A JSONL file, appended line by line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from personae.core.record import Filled, Record, Text
from personae.errors import InputError, RecordingError

Answer = Literal["YES", "NO", "unsure"]
GOAL = "goal"
"""What the question whether the expected outcome was reached is called in a labels file."""


class Label(Record):
    """One person's answer to one criterion about one conversation."""

    key: Filled
    """The conversation's key in the result file."""
    criterion: Filled
    """The criterion's name, or its question where it has no name; `goal` for the expected outcome."""
    rater: Filled
    label: Answer
    note: Text = ""

    @property
    def place(self) -> tuple[str, str, str]:
        """What it is an answer to, and whose."""
        return self.key, self.criterion, self.rater


def read_labels(path: Path) -> list[Label]:
    """The labels in a file. Where somebody answered the same twice, the later answer stands.

    A last line without its end, as a process that was killed leaves it, is left out. Raises InputError with file and
    line for what is no label.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", file=path) from error
    found: dict[tuple[str, str, str], Label] = {}
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        try:
            label = Label.model_validate(json.loads(raw.decode("utf-8")))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or None
            raise InputError(f"is no label: {first['msg']}", file=path, line=number, field=field) from error
        except (ValueError, RecursionError) as error:
            if number == len(lines):
                break
            raise InputError(f"is not JSON: {error}", file=path, line=number) from error
        found.pop(label.place, None)
        found[label.place] = label
    return list(found.values())


def append_label(path: Path, label: Label) -> None:
    """Write one label behind the others. Raises RecordingError."""
    line = json.dumps(label.as_dict() | {"label": label.label}, ensure_ascii=False).encode() + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            if file.tell():
                file.seek(-1, 2)
                if file.read(1) != b"\n":  # cut off while it was written: what follows must not be glued to it
                    file.write(b"\n")
            file.write(line)
    except OSError as error:
        raise RecordingError(f"cannot write {str(path)!r}: {error.strerror or error}") from error


def merge(files: Iterable[Sequence[Label]]) -> tuple[list[Label], list[tuple[Label, Label]]]:
    """All labels, each once; and pairs in which one rater answers the same differently in two files."""
    found: dict[tuple[str, str, str], Label] = {}
    conflicts = []
    for labels in files:
        for label in labels:
            known = found.setdefault(label.place, label)
            if known.label != label.label:
                conflicts.append((known, label))
    return list(found.values()), conflicts
