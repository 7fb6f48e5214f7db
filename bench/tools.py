"""How each program is run for the same work, and the check that it did all of it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.measure import ROOT, Run, RunError, measured
from bench.peers import Peer
from bench.personas import write_personas

PERSONAE = Path(sys.executable).with_name("personae")


@dataclass(frozen=True)
class Work:
    conversations: int
    turns: int
    concurrency: int
    latency_ms: float
    epochs: int = 1
    """The conversations are so many repeats of fewer personas."""

    def __str__(self) -> str:
        times = f"{self.conversations:,} conversations x {self.turns} turns"
        return f"{times}, {self.concurrency} at once, {self.latency_ms:g} ms a call"


def missing() -> str | None:
    """Why ours cannot be measured, or nothing."""
    if not PERSONAE.exists():
        return f"ours is not measured: there is no `personae` command beside {Path(sys.executable).name}"
    done = subprocess.run([PERSONAE, "simulate", "--help"], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        return f"ours is not measured: `personae simulate --help` fails: {last}"
    return None


def run_ours(work: Work) -> Run:
    """`personae simulate`, with its result file checked for one row per conversation."""
    with tempfile.TemporaryDirectory() as folder:
        personas = write_personas(Path(folder) / "personas.jsonl", work.conversations // work.epochs)
        out = Path(folder) / "out.jsonl"
        command = [
            str(PERSONAE), "simulate", "--bot", "{url}", "--bot-model", "bot", "--personas", str(personas),
            "--provider", "openai", "--base-url", "{url}", "--simulator-model", "sim", "--judge-model", "judge",
            "--max-turns", str(work.turns), "--budget", "1000", "--concurrency", str(work.concurrency),
            "--out", str(out), "--fresh", "--quiet", "--repeat-invalid", "0",  # no other program makes such calls
        ]  # fmt: skip
        if work.epochs > 1:
            command += ["--epochs", str(work.epochs)]
        run = measured(
            "personae", command, conversations=work.conversations, latency_ms=work.latency_ms, environment={}
        )
        with out.open("rb") as file:
            rows = sum(1 for line in file if line.strip())
    if rows != work.conversations:
        raise RunError(f"personae: {rows} rows for {work.conversations} conversations")
    return whole(run, work)


def run_bare(work: Work) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        personas = write_personas(Path(folder) / "personas.jsonl", work.conversations)
        command = [sys.executable, "-m", "bench.bare", "{url}", str(personas), str(work.turns), str(work.concurrency)]
        run = measured(
            "bare loop",
            command,
            conversations=work.conversations,
            latency_ms=work.latency_ms,
            environment={"PYTHONPATH": str(ROOT)},
        )
    return whole(run, work)


def run_peer(peer: Peer, work: Work, count: int) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        personas = write_personas(Path(folder) / "personas.jsonl", count)
        command = peer.command(personas, work.turns, work.concurrency)
        run = measured(peer.name, command, conversations=count, latency_ms=work.latency_ms, environment={})
    return whole(run, work)


def whole(run: Run, work: Work) -> Run:
    """Raises RunError unless the bot was asked in every turn of every conversation."""
    asked = run.ledger.calls(model="bot")
    if asked != run.conversations * work.turns:
        raise RunError(f"{run.tool}: {asked} bot calls for {run.conversations} conversations of {work.turns} turns")
    return run
