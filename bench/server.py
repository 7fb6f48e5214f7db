"""`personae serve` on SQLite, and experiments that it is given."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from bench.measure import ROOT, RunError
from bench.personas import GOALS
from bench.tools import PERSONAE, Work
from lab.fake_llm import FakeLLMProcess

OUTCOME = "The assistant says what happens next, when, and what the user has to do."
METRICS = ["conversation_relevance", "knowledge_retention", "turn_consistency"]
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


def nouns(server: Server, fake: FakeLLMProcess, work: Work) -> dict[str, int]:
    """Ids of what such an experiment is made of."""
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


def launch(server: Server, work: Work, ids: dict[str, int]) -> int:
    """The id of the experiment."""
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


def wait(server: Server, id_: int) -> dict[str, Any]:
    """Looks as the SDK does, only more often."""
    task = server.call("GET", f"/experiments/{id_}")["generation_task_id"]
    while server.call("GET", f"/experiments/{id_}/generation/{task}")["status"] in ("PENDING", "STARTED"):
        time.sleep(0.1)
    found: dict[str, Any] = server.call("GET", f"/experiments/{id_}")
    return found


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
