"""Run one client program against a fresh fake server and say what it cost."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.peers import QUIET
from lab.fake_llm import FakeLLM, Ledger

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV")
TIMEOUT_S = 900
KIB = 1024
TAIL = 1500
HIGH_WATER = re.compile(r"VmHWM:\s*(\d+) kB")


class RunError(Exception):
    """A program ended with an error, or did not do the work it was asked for."""


@dataclass(frozen=True)
class Cost:
    wall_s: float
    cpu_s: float
    """User and system time of the program and the children it waited for."""
    peak_mib: float


@dataclass(frozen=True)
class Run:
    tool: str
    conversations: int
    cost: Cost
    ledger: Ledger

    @property
    def calls(self) -> int:
        return self.ledger.calls()

    @property
    def conversations_per_s(self) -> float:
        return self.conversations / self.cost.wall_s

    @property
    def cpu_ms_per_call(self) -> float:
        return 1000 * self.cost.cpu_s / self.calls

    @property
    def prefix_share(self) -> float | None:
        """Of the requests that go on with a conversation, the share that only adds messages; None if there are none."""
        kept = self.ledger.prefix_unchanged + self.ledger.unchanged_but_last
        return kept / self.ledger.with_predecessor if self.ledger.with_predecessor else None

    @property
    def cacheable_share(self) -> float:
        """Share of all prompt tokens that an earlier request had already sent, message by message."""
        total = self.ledger.total()
        return total.cached_tokens / total.prompt_tokens if total.prompt_tokens else 0.0


def run_program(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run to the end in an empty directory and measure by wait4. Raises RunError with the end of its output."""
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryFile() as output:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        variables = kept | QUIET | {"HOME": scratch, "NO_PROXY": "127.0.0.1"} | dict(environment)
        start = time.perf_counter()
        # not as a context manager and never polled: the one wait is wait4, which knows the resources
        process = subprocess.Popen(command, cwd=scratch, env=variables, stdout=output, stderr=output)
        code, used, peak = _wait(process, start + TIMEOUT_S)
        wall = time.perf_counter() - start
        if code:
            output.seek(0)
            tail = output.read().decode(errors="replace")[-TAIL:]
            raise RunError(f"{Path(command[0]).name} ended with {code}:\n{tail}")
    return Cost(wall, used.ru_utime + used.ru_stime, peak / KIB)


def high_water_mib(pid: int) -> float:
    """Peak resident MiB of a process so far."""
    return _high_water(pid) / KIB


def _wait(process: subprocess.Popen[bytes], deadline: float) -> tuple[int, resource.struct_rusage, int]:
    """Exit code, resources used, and peak memory in KiB."""
    peak = 0
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, used, peak or used.ru_maxrss
        peak = max(peak, _high_water(process.pid))
        if time.perf_counter() > deadline:
            os.kill(process.pid, 9)
            os.wait4(process.pid, 0)
            process.returncode = -9
            raise RunError(f"still running after {TIMEOUT_S} s, killed")
        time.sleep(0.01)


def _high_water(pid: int) -> int:
    """Peak resident KiB of a process so far. (`ru_maxrss` would be no less than what this process had at the fork.)"""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = HIGH_WATER.search(text)
    return int(found[1]) if found else 0


def measured(
    tool: str, command: Sequence[str], *, conversations: int, latency_ms: float, environment: Mapping[str, str]
) -> Run:
    """One run of a client against a server of its own. `{url}` in the command becomes the server's address."""
    with FakeLLM.in_process(None, "--latency-ms", str(latency_ms)) as fake:
        base = f"{fake.url}/v1"
        variables = {"OPENAI_API_KEY": "x", "OPENAI_BASE_URL": base} | dict(environment)
        cost = run_program([part.replace("{url}", base) for part in command], variables)
        ledger = fake.ledger
    failed = {status: count for status, count in ledger.total().statuses.items() if status != "200"}
    if failed:
        raise RunError(f"{tool}: the server answered with {failed}")
    return Run(tool, conversations, cost, ledger)
