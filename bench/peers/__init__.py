"""Peers, each in an environment of its own, made from the package index on first use."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE.parent / ".envs"
QUIET = {
    "DEEPEVAL_TELEMETRY_OPT_OUT": "1",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "ANONYMIZED_TELEMETRY": "false",
    "OTEL_SDK_DISABLED": "true",
    "DO_NOT_TRACK": "1",
}
"""Nothing is sent anywhere but to the fake server."""


@dataclass(frozen=True)
class Peer:
    name: str
    """On the package index."""
    version: str
    script: str
    conversations: int
    """How many it runs of the 100 that the row asks for; its figures are per conversation and per call."""
    note: str

    @property
    def python(self) -> Path:
        return ENVIRONMENTS / self.name / "bin" / "python"

    def command(self, personas: Path, turns: int, concurrency: int) -> list[str]:
        return [str(self.python), str(HERE / self.script), str(personas), str(turns), str(concurrency)]


PEERS = (
    Peer(
        "multivon-eval",
        "0.20.0",
        "run_multivon.py",
        8,
        "one call at a time; its rating is ten yes/no questions and a verdict",
    ),
    Peer("openevals", "0.2.2", "run_openevals.py", 100, "asynchronous, 32 at once; one rating"),
    Peer("deepeval", "4.3.1", "run_deepeval.py", 100, "asynchronous, 32 at once; asks each turn whether it is over"),
)


def _mark(peer: Peer) -> Path:
    return ENVIRONMENTS / peer.name / "installed"


def not_installed(peer: Peer) -> str | None:
    """That the peer's environment is not there in this version, or nothing."""
    wanted = f"{peer.name}=={peer.version}"
    if _mark(peer).exists() and _mark(peer).read_text() == wanted:
        return None
    return f"{wanted} is not installed yet; a full run installs it"


def install(peer: Peer) -> str | None:
    """Make the peer's environment unless it is there. Returns what went wrong, or nothing."""
    if not_installed(peer) is None:
        return None
    wanted = f"{peer.name}=={peer.version}"
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENTS / peer.name)],
        [str(peer.python), "-m", "pip", "install", "--quiet", wanted],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip() or "no message").splitlines()[-1]
            return f"{wanted} could not be installed: {last}"
    _mark(peer).write_text(wanted)
    return None
