"""`personae serve` as a process of its own, against a fake model server, with an experiment to run."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from lab.fake_llm import FakeLLM, FakeLLMProcess
from tests.running import started, until

PERSONAS, ROWS = 5, 10
CONVERSATIONS = PERSONAS * ROWS
CONCURRENCY = 8


@dataclass(frozen=True)
class Serving:
    """A server in a process."""

    url: str
    process: subprocess.Popen[str]

    def call(self, method: str, path: str, /, **body: Any) -> Any:
        """Of the first project; the server is on loopback and needs no key."""
        answer = httpx2.request(
            method, f"{self.url}/api/v0/projects/1{path}", json=body or None, timeout=30, trust_env=False
        )
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def experiment(self, id_: int) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/experiments/{id_}")
        return found

    def wait_for(self, id_: int, status: str = "finished") -> dict[str, Any]:
        until(lambda: self.experiment(id_)["status"] == status, f"the experiment is {status}")
        return self.experiment(id_)

    def responses(self, id_: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"/responses?experiment_id={id_}&limit=500")["items"]
        return found


@contextmanager
def serving(database_url: str, fake: FakeLLM | FakeLLMProcess, folder: Path, **variables: str) -> Iterator[Serving]:
    """A server whose simulator and judge are the fake model."""
    models = {
        "PERSONAE_SIMULATOR_PROVIDER": "openai",
        "PERSONAE_SIMULATOR_BASE_URL": f"{fake.url}/v1",
        "PERSONAE_SIMULATOR_MODEL": "sim",
        "PERSONAE_SIMULATOR_API_KEY": "sk-x",
        "PERSONAE_SECRET_KEY": "the same for all",
    }
    arguments = ("serve", "--port", 0, "--database", database_url, "--data-folder", folder)
    with started(*arguments, cwd=folder, **(models | variables)) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first:
            raise AssertionError(process.stderr.read() if process.stderr else "no word")
        url = next(word for word in first.split() if word.startswith("http"))
        server = Serving(url, process)
        until(lambda: _answers(url), "the server answers")
        yield server


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/healthz", timeout=5, trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


def launch(server: Serving, fake: FakeLLMProcess, **more: Any) -> int:
    """The id of an experiment that has just begun."""
    people = [
        server.call("POST", "/personas", name=f"persona {number}", description="Short of time.")["id"]
        for number in range(PERSONAS)
    ]
    group = server.call("POST", "/persona_groups", name="everybody", persona_ids=people)
    rows = [{"persona_goal": f"Cancel order {number}."} for number in range(ROWS)]
    columns = [{"name": "persona_goal", "column_type": "persona_goal"}]
    collection = server.call(
        "POST", "/collections", name="orders", collection_type="PERSONA", columns=columns, variables=rows
    )
    criteria = server.call(
        "POST", "/criterion_sets", name="manners", criteria=[{"criterion_str": "Does it stay polite?"}]
    )
    bot = server.call(
        "POST",
        "/llm_configs",
        name="bot",
        llm_model_name="bot-1",
        llm_base_url=f"{fake.url}/v1",
        api_key="sk-bot",
        max_connections=CONCURRENCY,
        input_price_per_mtok=1.0,
        output_price_per_mtok=2.0,
    )
    made = server.call(
        "POST",
        "/experiments",
        name="the run",
        collection_id=collection["id"],
        persona_group_id=group["id"],
        criterion_set_id=criteria["id"],
        llm_config_id=bot["id"],
        generate=True,
        **more,
    )
    return int(made["id"])
