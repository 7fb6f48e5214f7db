"""The files of a Python bot, on their way to another machine: its own, and what it imports from the folder beside it.

What is installed as a package does not travel: it must be installed there too. Neither does what the bot opens or
imports only later, in one of its functions.
"""

from __future__ import annotations

import atexit
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from personae.bots import Bot, BotSpec, BotWiring
from personae.errors import InputError

MOST_BYTES = 20_000_000
"""Of code, all files together."""
_INSTALLED = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib"))


@dataclass(frozen=True, slots=True)
class Travelling:
    """A bot with its files, which are laid into a folder of their own where it is opened."""

    label: str
    files: Mapping[str, bytes] = field(repr=False)
    """By path below the folder, with `/`."""
    spec: Callable[[Path], BotSpec]
    """The bot whose files lie in that folder. A function of a module, so that it can travel."""

    @classmethod
    def from_target(cls, target: str) -> None:
        """Nobody writes one down."""

    def open(self, wiring: BotWiring) -> Bot:
        folder = Path(tempfile.mkdtemp(prefix="personae-bot-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        sys.path.insert(0, str(folder))  # for imports that come later, too
        return self.spec(folder).open(wiring)


def files_beside(file: Path, folder: Path) -> Mapping[str, bytes]:
    """`file`, and the files of all modules below `folder` that are imported by now.

    Raises InputError for one that cannot be read, or if they are too large.
    """
    found = {path for module in list(sys.modules.values()) if (path := _file_of(module)) and _is_below(path, folder)}
    contents = {}
    for path in sorted({file.resolve(), *found}):
        try:
            contents[path.relative_to(folder.resolve()).as_posix()] = path.read_bytes()
        except OSError as error:
            raise InputError(f"cannot be read to be sent to the workers: {error.strerror}", file=path) from error
    if (size := sum(map(len, contents.values()))) > MOST_BYTES:
        raise InputError(
            f"is too large to travel with the run, {size / 1e6:.0f} MB with what it imports: install it on the workers",
            file=file,
        )
    return contents


def is_installed(file: Path) -> bool:
    """Whether it belongs to a package that is installed, or to Python."""
    return any(file.resolve().is_relative_to(folder) for folder in _INSTALLED)


def _file_of(module: ModuleType) -> Path | None:
    name = getattr(module, "__file__", None)
    return Path(name).resolve() if isinstance(name, str) and name.endswith(".py") else None


def _is_below(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder.resolve()) and not is_installed(path) and path.is_file()
