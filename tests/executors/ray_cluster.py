"""A real Ray on loopback, of as many nodes as a test wants, and programs that run conversations on it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.running import ROOT, environment, until

HOST = "127.0.0.1"


@dataclass
class Node:
    """One node: a raylet and what belongs to it."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        """Where others join, once the node is up."""
        marked = [line for line in self.log.read_text().splitlines() if "ray start --address=" in line]
        return marked[0].split("--address=")[1].strip("'") if marked else ""

    @property
    def is_up(self) -> bool:
        return "Ray runtime started" in self.log.read_text()

    def raylet(self) -> int:
        """The raylet's process."""
        return next(pid for pid in _children(self.process.pid) if "/raylet/raylet" in _command(pid))


@dataclass
class RayCluster:
    """A cluster with one head node. Its processes end with the test session."""

    head: Node
    folder: Path
    stack: ExitStack

    @property
    def variables(self) -> dict[str, str]:
        """What a program needs in its environment to use the cluster."""
        return {"RAY_ADDRESS": self.head.address, **QUIET}

    @property
    def logs(self) -> str:
        """All that Ray and its workers have logged."""
        files = [path for path in self.folder.rglob("session_2*/logs/**/*") if path.is_file()]
        return "".join(path.read_text(errors="replace") for path in files)

    def add_node(self, cpus: int) -> Node:
        return self.stack.enter_context(_node(self.folder, cpus, f"--address={self.head.address}"))


QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 2}
"""No statistics to anybody; and a token, so that no file in the home folder is read or made."""


@contextmanager
def ray_cluster(cpus: int) -> Iterator[RayCluster]:
    """A cluster whose head has so many CPUs. (A short folder: a socket's path has 107 characters at most.)"""
    with (
        tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as name,
        ExitStack() as stack,
    ):
        folder = Path(name)
        head = stack.enter_context(_node(folder, cpus, "--head", "--port=0", f"--temp-dir={folder}"))
        yield RayCluster(head, folder, stack)


@contextmanager
def _node(folder: Path, cpus: int, *options: str) -> Iterator[Node]:
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *options, f"--num-cpus={cpus}"]
    command += [f"--node-ip-address={HOST}", "--object-store-memory=80000000"]
    command += ["--include-dashboard=false"] if "--head" in options else []
    node = _begun(folder, command)
    for _ in range(2):  # Ray gives its own processes thirty seconds to start, which a loaded machine may not have
        if node.process.poll() is not None:
            node = _begun(folder, command)
    process = node.process
    try:
        assert process.poll() is None, node.log.read_text()
        yield node
    finally:
        process.terminate()  # it ends what it has started
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            for pid in (process.pid, *_children(process.pid)):
                os.kill(pid, signal.SIGKILL)
            process.wait()


def _begun(folder: Path, command: list[str]) -> Node:
    """The node, once it is up or has failed."""
    log = folder / f"node-{len(list(folder.glob('node-*')))}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment(**QUIET), stdout=out, stderr=out, start_new_session=True)
    node = Node(process, log)
    until(lambda: node.is_up or process.poll() is not None, "the node is up")
    return node


@contextmanager
def driver(cluster: RayCluster, folder: Path, url: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """`ray_driver.py` as a process of its own; it is killed at the end if it still runs."""
    chosen = {"url": url, "out": str(folder / "r.jsonl"), "bot": str(folder / "bot.py")} | options
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.executors.ray_driver", json.dumps(chosen)],
        cwd=ROOT,
        env=environment(**cluster.variables, PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'src'}", OPENAI_API_KEY=SECRET),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:  # at its end it waits for the process: whatever happened, that must be told to end first
        try:
            yield process
        finally:
            process.kill()


SECRET = "sk-which-stands-nowhere"


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
