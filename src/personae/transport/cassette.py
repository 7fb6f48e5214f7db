"""Cassette: HTTP exchanges recorded to a file, and played back without network or cost.

A request is known by its method, address and body, and by how often the same one came before. Headers are no part of
it and are never written, so that no key is. What the file knows is played back; what it does not know is asked for
real and added, or refused where `replay_only` is set.

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
from personae.errors import ConfigurationError, InputError
from personae.transport.pool import Response, Transport, TransportError

VERSION = 1
_KEPT_HEADERS = frozenset({"content-type", "retry-after", "location"})


class Cassette:
    """A transport that plays back what `path` holds and records the rest."""

    def __init__(self, path: Path, transport: Transport, *, now: str, replay_only: bool = False) -> None:
        self._transport = transport
        self._path = path
        self._replay_only = replay_only
        self._known: dict[tuple[str, int], dict[str, Any]] = {}
        self._seen: Counter[str] = Counter()
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
                try:
                    entry = orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    raise InputError(f"not a line of a cassette: {error}", file=self._path, line=number) from error
                if number == 1:
                    self._check_header(entry)
                else:
                    self._known[entry["key"], entry["n"]] = entry
                whole += len(line)
        if whole < self._path.stat().st_size:  # a run was killed while writing: the half line is cut off
            with self._path.open("r+b") as file:
                file.truncate(whole)

    def _check_header(self, header: dict[str, Any]) -> None:
        if header.get("personae_cassette") != VERSION:
            raise InputError(f"is not a cassette of version {VERSION}", file=self._path, line=1)
        self.recorded_at = header["recorded_at"]

    def _append(self, entry: dict[str, Any]) -> None:
        with self._path.open("ab") as file:
            file.write(orjson.dumps(entry) + b"\n")

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
        self._seen[key] += 1
        number = self._seen[key]
        if (entry := self._known.get((key, number))) is not None:
            self.played += 1
            return Response(entry["status"], entry["headers"], _decode(entry), entry["latency_ms"])
        if self._replay_only:
            raise TransportError(f"the cassette {str(self._path)!r} does not hold this request to {url}", sent=False)
        response = await self._transport.request(
            method, url, headers=headers, body=body, timeout_s=timeout_s, until=until
        )
        kept = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
        latency_ms = round(response.latency_ms, 3)
        self._append(
            {"key": key, "n": number, "status": response.status, "headers": kept, "latency_ms": latency_ms}
            | _encode(response.body)
        )
        return Response(response.status, response.headers, response.body, latency_ms)


def _encode(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _decode(entry: dict[str, Any]) -> bytes:
    if "base64" in entry:
        return base64.b64decode(entry["base64"])
    return str(entry["body"]).encode()
