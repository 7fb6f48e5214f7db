"""Which source reads a file: the one that its name asks for, or the one that claims its ending."""

from __future__ import annotations

import re
from pathlib import Path

from personae.errors import InputError, NotFound
from personae.sources._source import PLURAL, Kind, Source, sources

_SPEC = re.compile(r"([a-z][a-z0-9_-]+):(.+)", re.DOTALL)


def find(spec: str | Path, kind: Kind) -> tuple[Source, Path]:
    """The source and the file that `spec` names: a path, or `NAME:PATH`. Raises InputError."""
    if not str(spec).strip():
        raise InputError(f"no file with {PLURAL[kind]} is named")
    source, path = _named(spec) or _claiming(Path(spec))
    if kind not in source.kinds:
        others = " and ".join(PLURAL[other] for other in source.kinds)
        raise InputError(f"holds {others}, not {PLURAL[kind]}", file=path)
    return source, path


def _named(spec: str | Path) -> tuple[Source, Path] | None:
    match = _SPEC.fullmatch(spec) if isinstance(spec, str) else None
    if match is None:
        return None
    name, path = match.groups()
    try:
        return sources.get(name)(), Path(path)
    except NotFound as error:
        if Path(match.string).exists():
            return None
        raise InputError(f"{error}; write NAME:PATH, or a path alone", file=match.string) from None


def _claiming(path: Path) -> tuple[Source, Path]:
    suffix = path.suffix.lower()
    if path.is_dir():
        raise InputError("is a folder, not a file: name the file in it", file=path)
    if suffix[1:] in sources.names() and suffix in (source := sources.get(suffix[1:])).suffixes:
        # Most endings are their source's name: the others need not be imported.
        return source(), path
    every = sources.all().values()
    for source in every:
        if suffix in source.suffixes:
            return source(), path
    known = ", ".join(sorted(suffix for source in every for suffix in source.suffixes))
    named = f"its ending {suffix!r} is not known" if suffix else "it has no ending"
    raise InputError(f"cannot tell what kind of file this is, {named}: name it {known}, or write NAME:PATH", file=path)
