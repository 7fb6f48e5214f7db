"""The rows of the bench: what is run, and against which target it is held."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from bench.measure import Run, RunError
from bench.peers import PEERS, install, not_installed
from bench.startup import Startup, startups
from bench.tools import Work, missing, run_bare, run_ours, run_peer

SPARE_CONNECTIONS = 5
QUICK_CONVERSATIONS = 4


@dataclass(frozen=True)
class Target:
    what: str
    measured: float | None
    """None: it could not be, and a note of the row says why."""
    limit: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        if self.measured is None:
            return False
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


@dataclass
class Row:
    title: str
    runs: list[Run] = field(default_factory=list)
    starts: list[Startup] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def of(self, tool: str) -> list[Run]:
        return [run for run in self.runs if run.tool == tool]

    def try_run(self, program: Callable[[], Run]) -> None:
        """Run, and note a failure instead of losing the other rows to it."""
        try:
            self.runs.append(program())
        except RunError as failure:
            self.notes.append(str(failure))

    def try_target(self, what: str, measure: Callable[[], float], limit: float, unit: str) -> None:
        """Measure, and miss the target instead of losing the other ones where that fails."""
        measured = None
        try:
            measured = measure()
        except RunError as failure:
            self.notes.append(f"not measured: {what}. {failure}")
        self.targets.append(Target(what, measured, limit, unit))


def beside_peers(work: Work, *, quick: bool, absent: str | None) -> Row:
    """(a) the same conversations by ours, by the bare loop and by each peer; a quick run installs none."""
    row = Row(f"(a) {work}")
    if absent is None:
        row.try_run(lambda: run_ours(work))
    row.try_run(lambda: run_bare(work))
    for peer in PEERS:
        count = min(peer.conversations, QUICK_CONVERSATIONS) if quick else peer.conversations
        problem = not_installed(peer) if quick else install(peer)
        if problem is not None:
            row.notes.append(problem)
            continue
        row.try_run(partial(run_peer, peer, work, count))
        row.notes.append(f"{peer.name} {peer.version}: {count} conversations; {peer.note}")
    for run in row.of("personae"):
        row.targets = [
            Target("wall", run.cost.wall_s, 6.5, "s"),
            Target("CPU", run.cost.cpu_s, 5, "s"),
            Target("peak memory", run.cost.peak_mib, 100, "MiB"),
            *_manners(run, work),
        ]
    return row


def beside_the_limit(work: Work, repeats: int, *, absent: str | None) -> Row:
    """(b) ours and the bare loop in turns, so that a slow minute of the machine meets both."""
    row = Row(f"(b) {work}; medians of {repeats} alternating repeats")
    for _ in range(repeats):
        if absent is None:
            row.try_run(lambda: run_ours(work))
        row.try_run(lambda: run_bare(work))
    ours, bare = row.of("personae"), row.of("bare loop")
    if ours and bare:
        pairs = zip(ours, bare, strict=False)  # a run that failed has no partner
        speed = statistics.median(our.conversations_per_s / limit.conversations_per_s for our, limit in pairs)
        cpu = statistics.median(run.cpu_ms_per_call for run in ours)
        row.targets = [
            Target("conversations/s, of the bare loop's", 100 * speed, 70, "%", at_least=True),
            Target("CPU a call", cpu, 1.2, "ms"),
            *_manners(ours[0], work),
        ]
    return row


def bounded_memory(small: Work, large: Work, *, absent: str | None) -> Row:
    """(c) peak memory when ten times as much is planned and no more runs at once."""
    row = Row(f"(c) {small}; then {large.conversations:,}")
    if absent is None:
        row.try_run(lambda: run_ours(small))
        row.try_run(lambda: run_ours(large))
    if len(row.runs) == 2:
        first, second = row.runs
        growth = second.cost.peak_mib - first.cost.peak_mib
        row.targets = [Target("more peak memory", growth, 60, "MiB")]
    return row


def starting(repeats: int, *, absent: str | None) -> Row:
    """(d) help and import."""
    row = Row("(d) start")
    if absent is None:
        try:
            row.starts = startups(repeats)
        except RunError as failure:
            row.notes.append(str(failure))
    row.targets = [Target(f"CPU of `{start.what}`", start.cpu_s, 0.4, "s") for start in row.starts]
    return row


def rows(*, quick: bool, only: str = "abcd") -> list[Row]:
    """Everything in turn. Failures are notes in their row."""
    absent = missing()
    scale = 10 if quick else 1
    many = Work(1000 // scale, 8, 100, 20)
    planned = Work(1000 // scale, 2, 100, 0)
    more = Work(10_000 // scale, 2, 100, 0, epochs=10)
    out = []
    if "a" in only:
        out.append(beside_peers(Work(100, 8, 32, 50), quick=quick, absent=absent))
    if "b" in only:
        out.append(beside_the_limit(many, 1 if quick else 5, absent=absent))
    if "c" in only:
        out.append(bounded_memory(planned, more, absent=absent))
    if "d" in only:
        out.append(starting(3 if quick else 7, absent=absent))
    if quick and out:
        out[0].notes.insert(0, "quick: with so few conversations, start-up weighs more in rows b and c than it should")
    if absent is not None and out:
        out[0].notes.insert(0, absent)
    return out


def _manners(run: Run, work: Work) -> list[Target]:
    connections = run.ledger.connections
    prefix = run.prefix_share
    return [
        Target("connections", connections, work.concurrency + SPARE_CONNECTIONS, ""),
        Target("requests that only add to the one before", 100 * (prefix or 0), 100, "%", at_least=True),
    ]
