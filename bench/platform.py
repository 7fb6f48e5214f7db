"""The server: the same conversations as `personae simulate`, and its API with much in it."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.fill import fill
from bench.listeners import Listeners
from bench.measure import Cost, Run, RunError, high_water_mib
from bench.rows import Row, Target
from bench.server import Server, launch, nouns, serving, wait
from bench.tools import Work, run_ours, whole
from bench.watching import cost_of_watching
from lab.fake_llm import FakeLLM

LISTENERS = 200


def run_on_server(work: Work) -> Run:
    """The same conversations as an experiment: 10 personas x rows, from the launch to the last record."""
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeLLM.in_process(None, "--latency-ms", str(work.latency_ms)) as fake,
        serving(Path(folder), fake) as server,
    ):
        ids = nouns(server, fake, work)
        fake.reset()
        cpu_s, began = server.cpu_s(), time.perf_counter()
        id_ = launch(server, work, ids)
        done = wait(server, id_)
        cost = Cost(time.perf_counter() - began, server.cpu_s() - cpu_s, high_water_mib(server.process.pid))
        run = Run("personae serve", work.conversations, cost, fake.ledger)
    if (done["finished"], done["failed"], done["rated"]) != (work.conversations, 0, work.conversations):
        raise RunError(f"personae serve: {done['finished']} finished, {done['failed']} failed, {done['rated']} rated")
    return whole(run, work)


def on_the_server(work: Work, repeats: int) -> Row:
    """(e) an experiment beside the command line, in turns."""
    row = Row(f"(e) {work}, as an experiment on SQLite; medians of {repeats} alternating repeats")
    for _ in range(repeats):
        row.try_run(lambda: run_ours(work))
        row.try_run(lambda: run_on_server(work))
    ours, served = row.of("personae"), row.of("personae serve")
    if ours and served:
        pairs = zip(served, ours, strict=False)
        share = statistics.median(one.conversations_per_s / other.conversations_per_s for one, other in pairs)
        row.targets = [Target("conversations/s, of `personae simulate`'s", 100 * share, 85, "%", at_least=True)]
    return row


def api_with_much(small: int, large: int, experiments: int, rows: int) -> Row:
    """(f) pages, lists and uploads where much is stored, and many who watch."""
    row = Row(f"(f) the API with {large:,} responses, {experiments:,} experiments")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        few, many = fill(folder, small, large, experiments)
        with serving(folder) as server:
            pages = {id_: _pages(server, id_, count) for id_, count in ((few, small), (many, large))}
            row.targets += [
                Target(f"a page of 100 responses out of {large:,}, p95", pages[many], 150, "ms"),
                Target(f"the same, beside one out of {small:,}", pages[many] / pages[few], 1.5, "x"),
                Target(
                    f"the list of {experiments:,} experiments, p95",
                    _p95(lambda _: server.call("GET", "/experiments")),
                    100,
                    "ms",
                ),
                Target(f"add_many of {rows:,} rows", _add_many(server, rows), 5, "s"),
            ]
    row.try_target(f"CPU of {LISTENERS} listeners, of one core", _listeners_percent, 20, "%")
    return row


def server_rows(*, quick: bool, only: str) -> list[Row]:
    """Both rows, those that are asked for."""
    scale = 10 if quick else 1
    out = []
    if "e" in only:
        out.append(on_the_server(Work(1000 // scale, 8, 100, 20), 1 if quick else 3))
    if "f" in only:
        out.append(api_with_much(1000, 100_000 // scale, 1000 // scale, 10_000 // scale))
    return out


def _listeners_percent() -> float:
    def listening(url: str, id_: int) -> Listeners:
        return Listeners(url, f"/api/v0/projects/1/experiments/{id_}/events", LISTENERS)

    return 100 * cost_of_watching(Work(400, 8, 32, 200), listening, settling_s=3, seconds=12)


def _pages(server: Server, id_: int, count: int) -> float:
    """Milliseconds of a page, p95, over pages from the first to the last."""
    last = count // 100
    return _p95(
        lambda number: server.call(
            "GET", "/responses", params={"experiment_id": id_, "page": 1 + number * (last - 1) // 39, "limit": 100}
        )
    )


def _p95(call: Callable[[int], Any], times: int = 40) -> float:
    call(0)
    took = []
    for number in range(times):
        began = time.perf_counter()
        call(number)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.quantiles(took, n=20)[-1]


def _add_many(server: Server, count: int) -> float:
    """Seconds of an upload as the SDK's `add_many` makes it."""
    collection = server.call("POST", "/collections", json={"name": "many", "columns": [{"name": "a"}, {"name": "b"}]})
    lines = "\n".join(json.dumps({"a": f"question {number}", "b": "some text " * 10}) for number in range(count))
    began = time.perf_counter()
    made = server.call(
        "POST",
        f"/collections/{collection['id']}/entries/batches",
        params={"skip_existing": "false"},
        files={"file": ("variables.jsonl", lines.encode(), "application/jsonl")},
    )
    if len(made) != count:
        raise RunError(f"add_many made {len(made)} rows of {count}")
    return time.perf_counter() - began
