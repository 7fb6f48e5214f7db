"""`record_prompts()`: what the bot's code says to language models, with the call site and the case."""

from __future__ import annotations

import itertools
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, ModuleType

from personae.errors import ConfigurationError
from personae.provenance import spawning
from personae.provenance.arrivals import Arrivals
from personae.provenance.case import count_recordings, current_case
from personae.provenance.hooks import Hook, find_hooks
from personae.provenance.patches import Patches
from personae.provenance.prompts import Call
from personae.provenance.recordings import (
    DEFAULT_NAME,
    Key,
    PromptRecording,
    fingerprint,
    merge_recordings,
    read_recordings,
)
from personae.provenance.sites import Place, Repository, Site
from personae.provenance.watch import WATCHERS

log = logging.getLogger("personae.provenance")

Clock = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


def record_prompts(
    repo_root: str | Path = ".",
    out: str | Path | None = None,
    record_text: bool = False,  # noqa: FBT001, FBT002 - the signature that users of such recorders know
) -> Recording:
    """Record the prompts that code below `repo_root` renders, as a context manager.

    On leaving, they are merged into `out`, by default `prompt_recordings.jsonl` in `repo_root`. The text is kept only
    with `record_text`, else its fingerprint. Raises InputError on entering if `out` is there and has a broken line,
    ConfigurationError if `repo_root` or the folder of `out` is no folder.
    """
    return Recording(repo_root, out, record_text=record_text)


class Recording:
    """One recording: started, stopped, and the numbers in between. Several may run at once."""

    _serials = itertools.count(1)

    def __init__(
        self,
        repo_root: str | Path = ".",
        out: str | Path | None = None,
        *,
        record_text: bool = False,
        clock: Clock = _utc_now,
    ) -> None:
        self.repo_root = Path(repo_root).absolute()
        self.out = Path(out).absolute() if out is not None else self.repo_root / DEFAULT_NAME
        self.record_text = record_text
        self.calls = 0
        """Calls of the bot that were recorded."""
        self.unplaced = 0
        """Calls that were seen but made outside of `repo_root`: no site to record them for."""
        self.failures = 0
        """Calls that could not be recorded because of an error, which is logged once."""
        self.serial = next(self._serials)
        self._clock = clock
        self._repository = Repository(self.repo_root)
        self._tallies: dict[Key, _Tally] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Recording:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def active(self) -> bool:
        return self in WATCHERS

    @property
    def prompts(self) -> list[PromptRecording]:
        """What this recording has seen so far, sorted; without what the file held before."""
        with self._lock:
            return [tally.recording(key) for key, tally in sorted(self._tallies.items())]

    def start(self) -> None:
        for folder in (self.repo_root, self.out.parent):
            if not folder.is_dir():
                raise ConfigurationError(f"{str(folder)!r} is not a folder: prompts cannot be recorded")
        if self.out.exists():
            for _ in read_recordings(self.out):
                pass  # a broken file shows before anything is paid for, not after
        _HOOKING.add(self)

    def stop(self) -> None:
        """Undo all patches and write the file. A second call does nothing."""
        if not self.active:
            return
        _HOOKING.remove(self)
        prompts = self.prompts
        if prompts:
            merge_recordings(self.out, prompts)

    def locate(self, frame: FrameType | None, spawned_at: Place | None) -> Place:
        return self._repository.nearest(frame, spawned_at)

    def take(self, call: Call, place: Place) -> None:
        if not isinstance(place, Site):
            with self._lock:
                self.unplaced += 1
            return
        case_uid, now = current_case(), self._clock().isoformat(timespec="milliseconds")
        seen = {
            Key(_clean(place.file), _clean(place.function), call.sdk, call.name, _clean(role), fingerprint(text)): text
            for role, text in call.prompts
        }
        with self._lock:
            self.calls += 1
            for key, text in seen.items():
                tally = self._tallies.setdefault(key, _Tally(first_seen=now))
                tally.count += 1
                tally.line, tally.last_seen = place.line, now
                if case_uid is not None:
                    tally.case_uids.add(_clean(case_uid))
                if self.record_text:
                    tally.text = _clean(text)

    def fail(self, error: Exception) -> None:
        with self._lock:
            self.failures += 1
            first = self.failures == 1
        if first:
            log.warning(
                "a prompt could not be recorded (%s: %s); the bot's call went on, later failures are only counted",
                type(error).__name__,
                error,
                exc_info=error,
                extra={"repo_root": str(self.repo_root)},
            )


@dataclass(slots=True)
class _Tally:
    """The sightings of one key so far."""

    first_seen: str
    last_seen: str = ""
    line: int = 0
    count: int = 0
    case_uids: set[str] = field(default_factory=set)
    text: str | None = None

    def recording(self, key: Key) -> PromptRecording:
        return PromptRecording(
            **key._asdict(),
            line=self.line,
            case_uids=tuple(sorted(self.case_uids)),
            count=self.count,
            first_seen=self.first_seen,
            last_seen=self.last_seen,
            text=self.text,
        )


class _Hooking:
    """The patches in this process: there from the first recording that starts to the last one that stops."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._patches = Patches()
        self._arrivals: Arrivals | None = None
        self._hooks: dict[str, Hook] = {}

    def add(self, recording: Recording) -> None:
        with self._lock:
            if recording.active:
                raise ConfigurationError("this recording has been started already")
            WATCHERS.append(recording)
            count_recordings(1)
            if len(WATCHERS) == 1:
                self._install()

    def remove(self, recording: Recording) -> None:
        with self._lock:
            WATCHERS.remove(recording)
            count_recordings(-1)
            if not WATCHERS:
                self._uninstall()

    def _install(self) -> None:
        self._hooks = find_hooks()
        spawning.install(self._patches)
        self._arrivals = Arrivals(frozenset(self._hooks), self._hook)
        sys.meta_path.insert(0, self._arrivals)
        for name in self._hooks:
            module = sys.modules.get(name)
            if module is not None:
                self._hook(module)

    def _uninstall(self) -> None:
        self._patches.undo()
        with suppress(ValueError):
            if self._arrivals is not None:
                sys.meta_path.remove(self._arrivals)
        self._arrivals = None

    def _hook(self, module: ModuleType) -> None:
        with self._lock:
            if not WATCHERS:
                return
            try:
                self._hooks[module.__name__](module, self._patches)
            except Exception as error:  # the boundary: a client of a version unknown to us must still import
                for recording in tuple(WATCHERS):
                    recording.fail(error)


_HOOKING = _Hooking()


def _clean(text: str) -> str:
    """Text that JSON can hold: lone surrogates, from file names or broken emoji, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
