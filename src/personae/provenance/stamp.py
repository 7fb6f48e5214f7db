"""Recordings written into result rows: which call sites a simulated conversation went through.

Bindings are observed, never guessed, and nothing is written before `apply` is called. A row is changed in one place,
`metadata.provenance.bindings`; every other byte of the file stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from personae.errors import InputError
from personae.provenance.atomic import locked, replacing
from personae.provenance.recordings import PromptRecording, read_recordings

_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Binding:
    """A call site that was seen while a case talked."""

    file: str
    function: str
    line: int
    sdk: str
    call: str
    role: str
    fingerprints: tuple[str, ...]
    """What it rendered for the case, sorted."""

    @property
    def site(self) -> tuple[str, str, str, str, str]:
        return (self.file, self.function, self.sdk, self.call, self.role)


Bindings = Mapping[str, Sequence[Binding]]
"""Per `case_uid`, the call sites observed."""


def propose(results_path: str | Path, recordings_path: str | Path) -> dict[str, list[Binding]]:
    """The bindings observed for the rows of a result file, in the order of its rows. Writes nothing.

    Cases without a recording are left out. Raises InputError with file and line if either file has a broken line.
    """
    found: dict[str, dict[tuple[str, ...], Binding]] = {}
    for row in _rows(Path(results_path)):
        if row.case_uid is not None:
            found[row.case_uid] = {}
    for recording in read_recordings(recordings_path):
        for case_uid in found.keys() & set(recording.case_uids):
            _add(found[case_uid], _binding(recording))
    return {uid: [sites[site] for site in sorted(sites)] for uid, sites in found.items() if sites}


def apply(results_path: str | Path, bindings: Bindings) -> int:
    """Write bindings into the rows of their cases, beside those already there; returns how many rows changed.

    The file is replaced whole or not at all. Applying the same bindings again changes nothing. Raises InputError with
    file and line if the file has a broken line.
    """
    path, changed = Path(results_path), 0
    with locked(path):
        if not any(row.stamped(bindings) != row.text for row in _rows(path)):
            return 0
        with replacing(path) as draft:
            for row in _rows(path):
                stamped = row.stamped(bindings)
                changed += stamped != row.text
                draft.write(stamped.encode("utf-8"))
    return changed


def describe(bindings: Bindings) -> list[str]:
    """Lines for people: each case, and below it its call sites."""
    lines = []
    for case_uid, sites in bindings.items():
        lines.append(case_uid)
        for binding in sites:
            prompts = "1 prompt" if len(binding.fingerprints) == 1 else f"{len(binding.fingerprints)} prompts"
            place = f"{binding.file}:{binding.line} {binding.function}"
            lines.append(f"  {place}: {binding.sdk} {binding.call}, {binding.role}, {prompts}")
    return lines


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a result file, as it is."""

    text: str
    path: Path
    number: int
    provenance_at: int | None
    """Where the text of `metadata.provenance` begins, if it has a case."""
    case_uid: str | None

    def stamped(self, bindings: Bindings) -> str:
        """The line with the bindings of its case."""
        new = bindings.get(self.case_uid, ()) if self.case_uid is not None else ()
        if not new or self.provenance_at is None:
            return self.text
        members = {name: (start, end) for name, start, end in _members(self.text, self.provenance_at)}
        if "bindings" not in members:
            end = max(end for _, end in members.values())
            return f'{self.text[:end]}, "bindings": {_dumped(_joined([], new))}{self.text[end:]}'
        start, end = members["bindings"]
        before = json.loads(self.text[start:end])
        if not isinstance(before, list):
            raise InputError("is not a list", file=self.path, line=self.number, field="metadata.provenance.bindings")
        joined = _joined(before, new)
        return self.text if joined == before else self.text[:start] + _dumped(joined) + self.text[end:]


def _rows(path: Path) -> Iterator[_Row]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            yield _row(line, path, number)


def _row(line: bytes, path: Path, number: int) -> _Row:
    try:
        text = line.decode("utf-8")
        start = 1 if text.startswith("\ufeff") else 0
        if not text[start:].strip():
            return _Row(text, path, number, None, None)
        row = json.loads(text[start:])
    except ValueError as error:
        raise InputError(f"not valid JSON: {error}", file=path, line=number) from error
    metadata = row.get("metadata") if isinstance(row, dict) else None
    provenance = metadata.get("provenance") if isinstance(metadata, dict) else None
    case_uid = provenance.get("case_uid") if isinstance(provenance, dict) else None
    if not isinstance(case_uid, str):
        return _Row(text, path, number, None, None)
    at = text.index("{", start)
    for name in ("metadata", "provenance"):
        # The last one, as the parser does, should a name be there twice.
        at = [begin for member, begin, _ in _members(text, at) if member == name][-1]
    return _Row(text, path, number, at, case_uid)


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Name, begin and end of each value of the JSON object that begins at `at`. The text is known to be valid."""
    at = _past_blanks(text, at + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        begin = _past_blanks(text, _past_blanks(text, at) + 1)
        _, end = _DECODER.raw_decode(text, begin)
        yield name, begin, end
        at = _past_blanks(text, end)
        if text[at] == ",":
            at = _past_blanks(text, at + 1)


def _past_blanks(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


def _binding(recording: PromptRecording) -> Binding:
    return Binding(
        recording.file,
        recording.function,
        recording.line,
        recording.sdk,
        recording.call,
        recording.role,
        (recording.fingerprint,),
    )


def _add(sites: dict[tuple[str, ...], Binding], new: Binding) -> None:
    before = sites.get(new.site)
    prints = new.fingerprints if before is None else (*before.fingerprints, *new.fingerprints)
    sites[new.site] = replace(new, fingerprints=tuple(sorted(set(prints))))


def _joined(before: list[Any], new: Sequence[Binding]) -> list[Any]:
    """The bindings of a row with new ones: same site, fingerprints added; other entries stay as they are."""
    joined, places = list(before), {_site(entry): place for place, entry in enumerate(before)}
    for binding in new:
        entry = {**asdict(binding), "fingerprints": list(binding.fingerprints)}
        place = places.get(binding.site)
        if place is None:
            joined.append(entry)
        else:
            prints = {*joined[place].get("fingerprints", ()), *binding.fingerprints}
            joined[place] = {**joined[place], **entry, "fingerprints": sorted(prints)}
    return joined


def _site(entry: object) -> object:
    if not isinstance(entry, dict):
        return None
    return tuple(entry.get(name) for name in ("file", "function", "sdk", "call", "role"))


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
