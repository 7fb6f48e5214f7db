"""The row of runs over worker processes: what a second worker brings, and what the driver costs with fifty."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from bench.measure import ROOT, RunError
from bench.rows import Row, Target
from lab.fake_llm import FakeLLM

TIMEOUT_S = 3600
WORKERS = 50
"""Of the simulation."""


def cluster_rows(*, quick: bool, only: str) -> list[Row]:
    """(h), if it is asked for."""
    if "h" not in only:
        return []
    row = Row("(h) over worker processes, on Ray")
    scale = 10 if quick else 1
    try:
        one, two = (_program("workers", workers=count, conversations=count * 400 // scale) for count in (1, 2))
        driver = _program("driver", workers=2, conversations=5000 // scale)
        few, many = (
            _program("driver", "--here", workers=WORKERS, conversations=count // scale, concurrency=5000, turns=1)
            for count in (10_000, 1_000_000)
        )
    except RunError as failure:
        row.notes.append(str(failure))
        return [row]
    row.targets = [
        Target(
            "conversations/s of two workers, of one's, at 200 ms a call",
            two["conversations_per_s"] / one["conversations_per_s"], 1.8, "", at_least=True,
        ),
        Target("CPU of the driver a turn, Ray and the result file included", driver["cpu_ms_per_turn"], 0.15, "ms"),
        Target(f"the same with {WORKERS} workers that only wait", many["cpu_ms_per_turn"], 0.15, "ms"),
        Target(
            f"CPU a conversation, {many['conversations']:,.0f} planned, of that at {few['conversations']:,.0f}",
            many["cpu_ms_per_conversation"] / few["cpu_ms_per_conversation"], 1.2, "",
        ),
        Target("more peak memory", many["peak_mib"] - few["peak_mib"], 30, "MiB"),
    ]  # fmt: skip
    return [row]


def _program(what: str, *flags: str, **options: int) -> dict[str, float]:
    """One run of `python -m bench.cluster`. Raises RunError."""
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with FakeLLM.in_process(None, "--latency-ms", "200", "--end-after", "4") as fake:
        done = subprocess.run(
            [sys.executable, "-m", "bench.cluster", what, *flags, *arguments, f"--url={fake.url}"],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src")))},
            capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise RunError(f"bench.cluster {what} ended with {done.returncode}: {done.stderr[-1000:]}")
    found: dict[str, float] = json.loads(lines[-1])
    return found
