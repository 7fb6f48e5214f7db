"""Cassette: HTTP exchanges recorded to a file, and played back without network or cost.

A request is known by its method, address and body, and by how often the same one was answered before. Headers are no
part of it and are never written, so that no key is. What the file knows is played back; what it does not know is asked
for real and added, or refused where `replay_only` is set. Answers that depend on the key or the account (401, 402, 403)
are not kept, and neither are requests that got no answer: another try is to get another chance.

The file is JSON lines: `{"key", "n", "status", "headers", "body", "latency_ms"}`, after a first line with the version
and the date.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from personae.core.seed import digest
from personae.errors import ConfigurationError, InputError, RecordingError
from personae.transport.pool import Response, Transport

VERSION = 1
_KEPT_HEADERS = frozenset({"content-type", "location"})
_ABOUT_THE_ACCOUNT = frozenset({401, 402, 403})
_AT_ONCE = {"retry-after": "0"}
"""Played back with each failure: nothing is waited for a second time."""


class Cassette:
    """A transport that plays back what `path` holds and records the rest."""

    def __init__(self, path: Path, transport: Transport, *, now: str, replay_only: bool = False) -> None:
        self._transport = transport
        self._path = path
        self._replay_only = replay_only
        self._known: dict[tuple[str, int], dict[str, Any]] = {}
        self._answered: Counter[str] = Counter()
        self.recorded_at = now
        """When the cassette was begun; a replay takes this date for its own, so that its results are the same."""
        self.played = 0
        self._load()

    def _load(self) -> None:
        if not self._path.exists():
            if self._replay_only:
                raise ConfigurationError(f"there is no cassette {str(self._path)!r} to play back")
            self._append({"personae_cassette": VERSION, "recorded_at": self.recorded_at})
            return
        whole = 0
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    break
                self._read(line, number)
                whole += len(line)
        if whole < self._path.stat().st_size:  # a run was killed while writing: the half line is cut off
            with self._path.open("r+b") as file:
                file.truncate(whole)
        if not whole:
            self._append({"personae_cassette": VERSION, "recorded_at": self.recorded_at})

    def _read(self, line: bytes, number: int) -> None:
        try:
            entry = orjson.loads(line)
            if number == 1:
                if entry["personae_cassette"] != VERSION:
                    raise InputError(f"is not a cassette of version {VERSION}", file=self._path, line=1)
                self.recorded_at = str(entry["recorded_at"])
            else:
                self._known[entry["key"], entry["n"]] = entry
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"is not a line of a cassette: {error!r}", file=self._path, line=number) from error

    def _append(self, entry: dict[str, Any]) -> None:
        try:
            with self._path.open("ab") as file:
                file.write(orjson.dumps(entry) + b"\n")
        except OSError as error:
            raise RecordingError(f"the cassette {str(self._path)!r} cannot be written: {error.strerror}") from error

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
        until: bytes | None = None,
    ) -> Response:
        key = digest(method, url, (body or b"").decode("utf-8", "replace"))
        if (entry := self._known.get((key, self._answered[key] + 1))) is not None:
            self._answered[key] += 1
            self.played += 1
            headers = entry["headers"] if entry["status"] < 400 else entry["headers"] | _AT_ONCE
            return Response(entry["status"], headers, _decode(entry), entry["latency_ms"])
        if self._replay_only:
            raise ConfigurationError(
                f"the cassette {str(self._path)!r} does not hold this request to {url.split('?')[0]}: something "
                "changed since it was recorded. Record it anew, or allow real calls"
            )
        response = await self._transport.request(
            method, url, headers=headers, body=body, timeout_s=timeout_s, until=until
        )
        if response.status in _ABOUT_THE_ACCOUNT:
            return response
        self._answered[key] += 1
        entry = {
            "key": key,
            "n": self._answered[key],
            "status": response.status,
            "headers": {name.lower(): text for name, text in response.headers.items() if name.lower() in _KEPT_HEADERS},
            "latency_ms": round(response.latency_ms, 3),
            **_encode(response.body),
        }
        self._append(entry)
        return Response(response.status, response.headers, response.body, entry["latency_ms"])


def _encode(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _decode(entry: dict[str, Any]) -> bytes:
    if "base64" in entry:
        return base64.b64decode(entry["base64"])
    return str(entry["body"]).encode()
