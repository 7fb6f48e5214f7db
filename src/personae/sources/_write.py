"""Personas to a file that gives the same personas back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from personae.core.persona import Persona
from personae.errors import InputError, RecordingError
from personae.sources._find import find
from personae.sources._source import FolderWriter, Problem, Report, Row, Writer
from personae.sources._values import check_values


def write_personas(path: str | Path, personas: Sequence[Persona]) -> None:
    """Writes the personas as JSONL, JSON, YAML or CSV, by the ending of `path`; a file that is there is replaced.

    `path` may name a source too that writes a folder, such as `tinytroupe:FOLDER`; other files in it stay.
    `read_personas(path, goal_required=False)` gives them back exactly. Raises InputError, before anything is written,
    for what could not be read back, and RecordingError where the file cannot be written.
    """
    source, file = find(path, "persona")
    if not personas:
        raise InputError("there are no personas to write", file=file)
    if isinstance(source, FolderWriter):
        _check(personas, file)
        texts = {file / name: text for name, text in source.files_of(personas).items()}
        file.mkdir(parents=True, exist_ok=True)
        _write(texts)
    else:
        _write({file: text_of_personas(file, personas)})


def _write(texts: Mapping[Path, str]) -> None:
    for file, text in texts.items():
        try:
            file.write_bytes(text.encode())
        except OSError as error:
            raise RecordingError(f"{file}: cannot be written: {error.strerror or error}") from error


def text_of_personas(file: Path, personas: Sequence[Persona]) -> str:
    """What `write_personas` writes to a file of this name; of no personas an empty list. Raises InputError."""
    source, _ = find(file, "persona")
    if not isinstance(source, Writer):
        raise InputError("personas can be written as .jsonl, .json, .yaml or .csv", file=file)
    _check(personas, file)
    text = source.text_of([persona.as_dict() for persona in personas])
    if "\0" in text:
        raise InputError(f"a text holds a zero character, which {file.suffix} cannot: write .jsonl instead", file=file)
    return text


def _check(personas: Sequence[Persona], file: Path) -> None:
    report = Report(file)
    names: set[str] = set()
    for persona in personas:
        if persona.name in names:
            report.add(Problem(f"two personas are called {persona.name!r}: rename one", field="name"))
        names.add(persona.name)
        # Python's own values, since a JSON dump would turn NaN into null.
        for problem in check_values(Row(persona.model_dump(exclude_defaults=True) | {"traits": [*persona.traits]})):
            report.add(Problem(f"{problem.text} (persona {persona.name!r})", field=problem.field))
    report.raise_if_any()
