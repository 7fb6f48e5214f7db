"""The server: the same conversations as `personae simulate`, and its API with much in it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from bench.fill import fill
from bench.listeners import Listeners
from bench.measure import ROOT, Cost, Run, RunError, high_water_mib
from bench.personas import GOALS
from bench.rows import Row, Target
from bench.tools import PERSONAE, Work, run_ours, whole
from lab.fake_llm import FakeLLM, FakeLLMProcess

OUTCOME = "The assistant says what happens next, when, and what the user has to do."
METRICS = ["conversation_relevance", "knowledge_retention", "turn_consistency"]
LISTENERS = 200
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """`personae serve` as a process of its own."""

    url: str
    process: subprocess.Popen[str]
    client: httpx2.Client

    def call(self, method: str, path: str, **options: Any) -> Any:
        answer = self.client.request(method, path, **options)
        if answer.status_code >= 300:
            raise RunError(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json() if answer.content else None

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def share_of_a_core(self, seconds: float) -> float:
        """What it takes in the next seconds."""
        cpu_s, began = self.cpu_s(), time.perf_counter()
        time.sleep(seconds)
        return (self.cpu_s() - cpu_s) / (time.perf_counter() - began)


@contextmanager
def serving(folder: Path, fake: FakeLLMProcess | None = None) -> Iterator[Server]:
    """A server on SQLite in `folder`, whose simulator and judge are the fake model."""
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(ROOT / "src"),
    }
    if fake is not None:
        variables |= {
            "PERSONAE_SIMULATOR_PROVIDER": "openai",
            "PERSONAE_SIMULATOR_BASE_URL": f"{fake.url}/v1",
            "PERSONAE_SIMULATOR_MODEL": "sim",
            "PERSONAE_SIMULATOR_API_KEY": "x",
            "PERSONAE_JUDGE_MODEL": "judge",
            "PERSONAE_MAX_CONVERSATIONS": "1000",
        }
    command = [str(PERSONAE), "serve", "--port", "0", "--data-folder", str(folder)]
    process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        url = next((word for word in process.stdout.readline().split() if word.startswith("http")), "")
        if not url:
            raise RunError("personae serve did not start")
        with httpx2.Client(base_url=f"{url}/api/v0/projects/1", timeout=120, trust_env=False) as client:
            _until(lambda: _answers(url), 30)
            yield Server(url, process, client)
    finally:
        process.terminate()
        process.wait(60)


def run_on_server(work: Work) -> Run:
    """The same conversations as an experiment: 10 personas x rows, from the launch to the last record."""
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeLLM.in_process(None, "--latency-ms", str(work.latency_ms)) as fake,
        serving(Path(folder), fake) as server,
    ):
        ids = _nouns(server, fake, work)
        fake.reset()
        cpu_s, began = server.cpu_s(), time.perf_counter()
        id_ = _launch(server, work, ids)
        done = _wait(server, id_)
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
    row.targets.append(Target(f"CPU of {LISTENERS} listeners, of one core", 100 * listeners_cost(), 20, "%"))
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


def listeners_cost() -> float:
    """The share of one core that many listeners cost while an experiment runs, beside the same one with nobody."""
    shares = []
    for listeners in (0, LISTENERS):
        with (
            launched(Work(400, 8, 32, 200)) as (server, id_),
            Listeners(server.url, f"/api/v0/projects/1/experiments/{id_}/events", listeners),
        ):
            time.sleep(3)  # everybody listens
            shares.append(server.share_of_a_core(12))
    return shares[1] - shares[0]


@contextmanager
def launched(work: Work) -> Iterator[tuple[Server, int]]:
    """A server and the id of an experiment that it runs; it is cancelled at the end."""
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeLLM.in_process(None, "--latency-ms", str(work.latency_ms)) as fake,
        serving(Path(folder), fake) as server,
    ):
        id_ = _launch(server, work, _nouns(server, fake, work))
        yield server, id_
        server.call("POST", f"/experiments/{id_}/cancel")
        _wait(server, id_)


def _nouns(server: Server, fake: FakeLLMProcess, work: Work) -> dict[str, int]:
    personas = [
        server.call("POST", "/personas", json={"name": f"persona {number}", "description": "Customer of a web shop."})
        for number in range(10)
    ]
    group = server.call("POST", "/persona_groups", json={"name": "all", "persona_ids": [one["id"] for one in personas]})
    rows = [
        {"goal": f"{GOALS[number % len(GOALS)]} ({number})", "expected_conversation_outcome": OUTCOME}
        for number in range(work.conversations // 10)
    ]
    columns = [{"name": "goal", "column_type": "persona_goal"}, {"name": "expected_conversation_outcome"}]
    collection = server.call(
        "POST",
        "/collections",
        json={"name": "rows", "collection_type": "PERSONA", "columns": columns, "variables": rows},
    )
    config = server.call(
        "POST",
        "/llm_configs",
        json={
            "name": "bot",
            "llm_model_name": "bot",
            "llm_base_url": f"{fake.url}/v1",
            "api_key": "x",
            "max_connections": work.concurrency,
        },
    )
    return {"persona_group_id": group["id"], "collection_id": collection["id"], "llm_config_id": config["id"]}


def _launch(server: Server, work: Work, ids: dict[str, int]) -> int:
    body = {
        "name": "run",
        "generate": True,
        "max_turns": work.turns,
        "budget_usd": 1000,
        "repeat_invalid": 0,
        "metrics": METRICS,
        **ids,
    }
    return int(server.call("POST", "/experiments", json=body)["id"])


def _wait(server: Server, id_: int) -> dict[str, Any]:
    """Looks as the SDK does, only more often."""
    task = server.call("GET", f"/experiments/{id_}")["generation_task_id"]
    while server.call("GET", f"/experiments/{id_}/generation/{task}")["status"] in ("PENDING", "STARTED"):
        time.sleep(0.1)
    found: dict[str, Any] = server.call("GET", f"/experiments/{id_}")
    return found


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


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/healthz", timeout=5, trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


def _until(is_so: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise RunError("personae serve does not answer")
        time.sleep(0.05)
