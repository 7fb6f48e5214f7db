"""A PostgreSQL of the tests' own: Debian's programs, a temporary folder, a free port; stopped at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal

import psycopg

_NUMBERS = count(1)
_SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=64MB",
)


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    port: int
    folder: Path

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, template: str = "template1") -> str:
        """The address of a new database, a copy of `template`."""
        name = f"test_{os.getpid()}_{next(_NUMBERS)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return self.url(name)

    def drop(self, url: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)'.encode())

    def stop(self, mode: Literal["immediate", "fast"] = "immediate") -> None:
        """At once, as in a power cut, which may cost the last commits; or `fast`, which keeps all of them."""
        _run(["pg_ctl", "stop", "-D", str(self.folder / "data"), "-m", mode, "-w"])

    def start(self) -> None:
        options = " ".join(f"-c {setting}" for setting in _SETTINGS)
        options += f" -c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        log = str(self.folder / "log")
        _run(["pg_ctl", "start", "-D", str(self.folder / "data"), "-l", log, "-w", "-o", options])


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A fresh server for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="personae-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        _run(["initdb", "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"])
        server = Postgres(_free_port(), folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _run(command: list[str]) -> None:
    owner = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    program = str(_program(command[0]))
    with tempfile.TemporaryFile() as output:  # a pipe would stay open as long as the server runs
        done = subprocess.run(
            [program, *command[1:]], stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd="/", **owner
        )  # type: ignore[call-overload]  # `owner` is empty or complete
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{command[0]} ended with {done.returncode}: {output.read().decode()[-2000:]}")


def _program(name: str) -> Path:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / name).exists():
            return folder / name
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"there is no {name}: these tests need PostgreSQL (Debian: apt-get install postgresql)")
    return Path(found)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
