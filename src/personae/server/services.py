"""What all requests of one server share."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personae.errors import ConfigurationError
from personae.server.attempts import Attempts
from personae.server.experiments.rows_kept import MOST
from personae.server.experiments.watching import Watching
from personae.server.kept import Kept
from personae.server.metrics import Metrics
from personae.server.passwords import Passwords
from personae.server.secrets import Cipher
from personae.server.settings import ServerSettings
from personae.server.troubles import Troubles
from personae.store.engine import Database


def utc_now() -> datetime:
    """The clock of the server."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Services:
    """Everything that lives as long as the server."""

    settings: ServerSettings
    database: Database
    cipher: Cipher
    now: Callable[[], datetime] = field(default=utc_now)
    metrics: Metrics = field(default_factory=Metrics)
    troubles: Troubles = field(default_factory=Troubles)
    passwords: Passwords = field(default_factory=Passwords)
    attempts: Attempts = field(init=False)
    watching: Watching = field(init=False)
    comparisons: Kept = field(default_factory=lambda: Kept(100_000))
    """Of experiments with so many conversations together, of which each takes some 500 bytes."""
    overviews: Kept = field(default_factory=lambda: Kept(20_000_000))
    """Of finished experiments, as their pages show them: so many characters of their grids together."""
    comparing: dict[Hashable, asyncio.Task[Any]] = field(default_factory=dict)
    """Those that are being made."""
    rows: Kept = field(default_factory=lambda: Kept(MOST))
    """Of collections that experiments were planned with."""
    wake: Callable[[], None] = field(default=lambda: None)
    """There is a new task, or a new wish for one: look at once."""

    def __post_init__(self) -> None:
        self.attempts = Attempts(lambda: self.now())
        self.watching = Watching(self.database)


def open_services(settings: ServerSettings) -> Services:
    """The services for `settings`, not yet connected. Raises ConfigurationError."""
    return Services(settings, Database(settings.database_url), Cipher(_secret(settings)))


def _secret(settings: ServerSettings) -> str:
    """The deployment's secret: the given one, or one that is made at the first start and kept for its owner alone."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.folder / "secret"
    try:
        settings.folder.mkdir(parents=True, exist_ok=True)
        _make(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ConfigurationError(
            f"cannot keep the server's secret in {str(path)!r} ({error.strerror}): set PERSONAE_SECRET_KEY or "
            "PERSONAE_DATA_FOLDER"
        ) from error


def _make(path: Path) -> None:
    """Two servers that start at once agree on one: a whole file is linked into place, and the first one stays."""
    if path.exists():
        return
    draft = path.with_name(f"secret.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(Cipher.new_secret() + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
