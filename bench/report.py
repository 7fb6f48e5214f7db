"""The tables, for the terminal and for RESULTS.md."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path

from bench.measure import Run
from bench.peers import PEERS
from bench.rows import Row

HEAD = (
    "program", "runs", "conversations", "wall s", "CPU s", "peak MiB", "calls", "prompt tokens", "connections",
    "prefix kept", "cacheable", "conv/s", "CPU ms/call", "calls/conv", "ms wall/conv", "ms CPU/conv",
    "x wall", "x CPU", "x tokens",
)  # fmt: skip
START_HEAD = ("program", "CPU s", "peak MiB", "heavy modules imported")
TARGET_HEAD = ("target", "measured", "limit", "")
OURS = "personae"


def markdown(rows: Sequence[Row], *, quick: bool) -> str:
    """The whole page."""
    kind = "a quick run, for a look only" if quick else "a full run"
    parts = [
        "# Results of the bench\n",
        f"Made by `python -m bench` on {datetime.datetime.now(datetime.UTC):%Y-%m-%d}, {kind}. What is measured and "
        "how: README.md.\n",
        f"Machine: {_machine()}. Programs: {_versions()}.\n",
        "Ratios (x) are per conversation, to personae where it was measured and else to the bare loop; start-up of "
        "each program is included. Several runs of one program are shown as medians.\n",
    ]
    for row in rows:
        parts.append(f"## {row.title}\n")
        parts += [f"{_table(head, lines)}\n" for head, lines in tables(row)]
        if row.notes:
            parts.append("\n".join(f"- {_plain(note)}" for note in row.notes) + "\n")
    return "\n".join(parts)


def tables(row: Row) -> list[tuple[Sequence[str], list[list[str]]]]:
    """The tables of one row: runs, starts, targets, those that there are."""
    out: list[tuple[Sequence[str], list[list[str]]]] = []
    if row.runs:
        out.append((HEAD, _run_lines(row.runs)))
    if row.starts:
        starts = [
            [start.what, f"{start.cpu_s:.2f}", f"{start.peak_mib:.0f}", ", ".join(start.heavy) or "none"]
            for start in row.starts
        ]
        out.append((START_HEAD, starts))
    if row.targets:
        lines = []
        for target in row.targets:
            sign = ">=" if target.at_least else "<="
            limit = f"{sign} {target.limit:g} {target.unit}".strip()
            measured = "not measured" if target.measured is None else f"{target.measured:.4g} {target.unit}".strip()
            lines.append([target.what, measured, limit, verdict(target.met)])
        out.append((TARGET_HEAD, lines))
    return out


def verdict(met: bool) -> str:
    return "pass" if met else "FAIL"


def _run_lines(runs: Sequence[Run]) -> list[list[str]]:
    groups: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.tool, run.conversations), []).append(run)
    reference = next((group for (tool, _), group in groups.items() if tool == OURS), None)
    reference = reference or next(iter(groups.values()))
    return [_run_line(group, reference) for group in groups.values()]


def _run_line(group: Sequence[Run], reference: Sequence[Run]) -> list[str]:
    run = group[0]
    wall, cpu, tokens = _per_conversation(group)
    its_wall, its_cpu, its_tokens = _per_conversation(reference)
    prefix = run.prefix_share
    return [
        run.tool,
        f"{len(group)}",
        f"{run.conversations:,}",
        f"{wall * run.conversations:.2f}",
        f"{cpu * run.conversations:.2f}",
        f"{statistics.median(each.cost.peak_mib for each in group):.0f}",
        f"{run.calls:,}",
        f"{run.ledger.total().prompt_tokens:,}",
        f"{run.ledger.connections}",
        "-" if prefix is None else f"{prefix:.0%}",
        f"{run.cacheable_share:.0%}",
        f"{1 / wall:.1f}",
        f"{statistics.median(each.cpu_ms_per_call for each in group):.2f}",
        f"{run.calls / run.conversations:.1f}",
        f"{1000 * wall:.0f}",
        f"{1000 * cpu:.1f}",
        f"{wall / its_wall:.2f}",
        f"{cpu / its_cpu:.2f}",
        f"{tokens / its_tokens:.2f}",
    ]


def _per_conversation(group: Sequence[Run]) -> tuple[float, float, float]:
    return (
        statistics.median(run.cost.wall_s / run.conversations for run in group),
        statistics.median(run.cost.cpu_s / run.conversations for run in group),
        statistics.median(run.ledger.total().prompt_tokens / run.conversations for run in group),
    )


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---"] * len(head)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *lines))


def _plain(note: str) -> str:
    """A note on one line, without the directories of this machine."""
    home = str(Path(__file__).resolve().parent.parent)
    words = " ".join(note.split()).replace(home, ".")
    return words if len(words) < 400 else f"... {words[-400:]}"


def _machine() -> str:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2] for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].strip() if names else model
    load = f"load average {os.getloadavg()[2]:.1f} over the last 15 minutes"
    return f"{os.cpu_count()} cores, {model}, {platform.system()}, Python {platform.python_version()}, {load}"


def _versions() -> str:
    names = ("personae", "aiohttp", "orjson")
    ours = [f"{name} {importlib.metadata.version(name)}" for name in names]
    return ", ".join([*ours, *(f"{peer.name} {peer.version}" for peer in PEERS)])
