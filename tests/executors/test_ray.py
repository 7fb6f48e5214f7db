"""Ray for real: several processes on loopback, what they hold when they die, and what of it is asked for again."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from lab.fake_llm import FakeLLM, FakeLLMProcess
from tests.executors.ray_cluster import SECRET, RayCluster, driver, ray_cluster
from tests.postgres import Postgres
from tests.running import DEADLINE_S, lines, personae, personas_file, rows, until
from tests.server.processes import CONVERSATIONS, launch, serving

pytestmark = pytest.mark.xdist_group("ray")  # one process of the suite, so that one cluster is enough
CONCURRENCY = 12
BOT = """
import os, pathlib, time
import manners

HERE = pathlib.Path({folder!r}) / "pids"
HERE.mkdir(exist_ok=True)
IS_FIRST = not list(HERE.iterdir())
(HERE / str(os.getpid())).touch()

def model_fn(prompt):
    time.sleep(0.3 if {first_is_slow} and IS_FIRST else 0.03)
    return manners.polite("Your order is cancelled, and the refund is on its way")
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with ray_cluster(cpus=3) as found:
        yield found


@pytest.fixture
def fake() -> Iterator[FakeLLMProcess]:
    with FakeLLM.in_process(None, "--end-after", "3", "--latency-ms", "30") as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the bot lies, which imports a module beside it, and tells in which processes it runs."""
    write_bot(tmp_path)
    (tmp_path / "manners.py").write_text("def polite(text):\n    return f'{text}, dear customer.'\n")
    return tmp_path


def write_bot(folder: Path, *, first_is_slow: bool = False) -> None:
    (folder / "bot.py").write_text(BOT.format(folder=str(folder), first_is_slow=first_is_slow))


def workers(folder: Path) -> list[int]:
    """Processes in which the bot is loaded, but for the driver's."""
    return [int(path.name) for path in (folder / "pids").glob("*")] if (folder / "pids").exists() else []


def ended(process: subprocess.Popen[str]) -> None:
    out, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, out


def check(folder: Path, fake: FakeLLMProcess, count: int, *, lost: int) -> None:
    """All are done, each once, and no more was asked for twice than was under way when `lost` processes died."""
    found = rows(folder / "r.jsonl")
    assert len({row["key"] for row in found}) == len(found) == count
    assert {row["termination"] for row in found} == {"goal_met"}
    assert {row["turns"] for row in found} == {3}
    assert all("dear customer" in row["transcript"][1]["content"] for row in found)
    paid = sum(used["calls"] for row in found for used in row["usage"].values())
    assert paid <= fake.ledger.calls() <= paid + lost * CONCURRENCY
    assert not (folder / "r.jsonl.part").exists()


def test_a_killed_worker_and_a_slow_one(cluster: RayCluster, fake: FakeLLMProcess, folder: Path) -> None:
    write_bot(folder, first_is_slow=True)
    with driver(cluster, folder, fake.url, count=48, concurrency=CONCURRENCY, workers=3) as process:
        until(lambda: lines(folder / "r.jsonl") >= 8, "eight conversations are done")
        victim = next(pid for pid in workers(folder) if pid != process.pid)
        os.kill(victim, signal.SIGKILL)
        ended(process)
    check(folder, fake, 48, lost=1)
    assert SECRET not in cluster.logs
    assert "Bearer" not in cluster.logs


@pytest.mark.slow  # it waits for a silence to be long enough; tests/executors/test_workers.py has the same in process
def test_a_worker_that_hangs(cluster: RayCluster, fake: FakeLLMProcess, folder: Path) -> None:
    with driver(cluster, folder, fake.url, count=48, concurrency=CONCURRENCY, workers=3, patience_s=3) as process:
        until(lambda: lines(folder / "r.jsonl") >= 8, "eight conversations are done")
        victim = next(pid for pid in workers(folder) if pid != process.pid)
        os.kill(victim, signal.SIGSTOP)
        ended(process)
    check(folder, fake, 48, lost=1)
    until(lambda: not Path(f"/proc/{victim}").exists(), "the hanging worker is gone")


def test_a_killed_driver_that_is_started_again(cluster: RayCluster, fake: FakeLLMProcess, folder: Path) -> None:
    options = {"count": 48, "concurrency": CONCURRENCY, "workers": 2}
    with driver(cluster, folder, fake.url, **options) as process:
        until(lambda: lines(folder / "r.jsonl") >= 10, "ten conversations are done")
        process.kill()
    with driver(cluster, folder, fake.url, **options) as process:
        ended(process)
    check(folder, fake, 48, lost=1)


@pytest.mark.slow  # to us it is as if its workers were killed: see the first test
def test_a_killed_raylet(cluster: RayCluster, fake: FakeLLMProcess, folder: Path) -> None:
    node = cluster.add_node(cpus=3)
    with driver(cluster, folder, fake.url, count=48, concurrency=CONCURRENCY, workers=4) as process:
        until(lambda: lines(folder / "r.jsonl") >= 8, "eight conversations are done")
        os.kill(node.raylet(), signal.SIGKILL)
        ended(process)
    check(folder, fake, 48, lost=1)


@pytest.mark.slow  # ten seconds without a database, and as many until all has found itself again
def test_a_server_that_loses_its_database_for_ten_seconds(
    cluster: RayCluster, fake: FakeLLMProcess, tmp_path: Path, postgres_server: Postgres, postgres_template: str
) -> None:
    url = postgres_server.create(postgres_template)
    chosen = {"PERSONAE_EXECUTOR": "ray", "PERSONAE_EXECUTOR_WORKERS": "2", **cluster.variables}
    with serving(url, fake, tmp_path, **chosen) as server:
        id_ = launch(server, fake)
        until(lambda: server.experiment(id_)["finished"] >= 5, "five conversations are done")
        postgres_server.stop("fast")
        back_at = time.monotonic() + 10
        until(lambda: time.monotonic() > back_at, "ten seconds are over")
        postgres_server.start()
        done = server.wait_for(id_)
        calls, found = fake.ledger.calls(), server.responses(id_)
        metrics = httpx2.get(f"{server.url}/metrics", trust_env=False).text
    assert len({row["key"] for row in found}) == len(found) == CONVERSATIONS
    assert (done["finished"], done["failed"], done["rated"]) == (CONVERSATIONS, 0, CONVERSATIONS)
    assert calls == CONVERSATIONS * 8  # three messages and the end, three replies, one rating
    assert f'personae_conversations_total{{termination="goal_met"}} {CONVERSATIONS:.1f}' in metrics
    assert 'personae_model_calls_total{provider="openai",role="simulator"} 200.0' in metrics


@pytest.mark.slow  # a Ray is started and ended for it; the others have the one of the session
def test_the_command_on_a_ray_of_its_own(fake: FakeLLMProcess, folder: Path) -> None:
    done = personae(
        "simulate", "--executor", "ray", "--workers", 2, "--model-cmd", "bot.py", "--base-url", fake.url + "/v1",
        "--simulator-model", "sim", "--judge-model", "j", "--personas", personas_file(folder, 8), "--metrics", "none",
        "--out", "r.jsonl", cwd=folder, RAY_AUTH_MODE="disabled",
    )  # fmt: skip
    assert done.code == 0, done.said
    assert "Traceback" not in done.said
    check(folder, fake, 8, lost=0)
    assert len(workers(folder)) == 3  # the driver's, and two more
