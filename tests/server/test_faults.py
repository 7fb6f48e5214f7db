"""Servers that are killed, databases that go away, disks that are full: the run goes on, and nothing is lost or paid
twice."""

from __future__ import annotations

import resource
import shutil
from pathlib import Path

import pytest

from lab.fake_llm import FakeLLM
from tests.postgres import Postgres
from tests.running import until
from tests.server.processes import CONCURRENCY, CONVERSATIONS, launch, serving

SCRIPT = ("--end-after", "3", "--latency-ms", "20", "--jitter-ms", "10")
CALLS_EACH = 8
"""Of one conversation: three messages and the end, three replies, one rating."""


LATE = pytest.mark.slow  # the other database's turn: what differs is in tests/store, and a kill is on both
SQLITE = pytest.mark.parametrize("database_url", ["sqlite", pytest.param("postgresql", marks=LATE)], indirect=True)
POSTGRESQL = pytest.mark.parametrize("database_url", [pytest.param("sqlite", marks=LATE), "postgresql"], indirect=True)


def test_a_killed_server_goes_on_where_it_was(database_url: str, tmp_path: Path) -> None:
    with FakeLLM.in_process(None, *SCRIPT) as fake:
        with serving(database_url, fake, tmp_path) as server:
            id_ = launch(server, fake)
            until(lambda: server.experiment(id_)["finished"] >= 10, "ten conversations are done")
            server.process.kill()
        with serving(database_url, fake, tmp_path) as server:
            done = server.wait_for(id_)
            found = server.responses(id_)
        calls = fake.ledger.calls()
    assert (done["finished"], done["failed"], done["rated"]) == (CONVERSATIONS, 0, CONVERSATIONS)
    assert len({row["key"] for row in found}) == CONVERSATIONS
    assert {len(row["messages"]) for row in found} <= {6, 7}
    assert CONVERSATIONS * CALLS_EACH <= calls <= CONVERSATIONS * CALLS_EACH + CONCURRENCY


@POSTGRESQL
def test_a_stopped_server_hands_its_run_over_without_a_call_made_twice(database_url: str, tmp_path: Path) -> None:
    with FakeLLM.in_process(None, *SCRIPT) as fake:
        with serving(database_url, fake, tmp_path) as server:
            id_ = launch(server, fake)
            until(lambda: server.experiment(id_)["finished"] >= 10, "ten conversations are done")
            server.process.terminate()
            server.process.wait(30)
        with serving(database_url, fake, tmp_path) as server:
            done = server.wait_for(id_)
        calls = fake.ledger.calls()
    assert done["finished"] == CONVERSATIONS
    assert calls == CONVERSATIONS * CALLS_EACH


@SQLITE
def test_pause_and_resume_make_no_call_twice(database_url: str, tmp_path: Path) -> None:
    with FakeLLM.in_process(None, *SCRIPT) as fake, serving(database_url, fake, tmp_path) as server:
        id_ = launch(server, fake)
        until(lambda: server.experiment(id_)["finished"] >= 5, "five conversations are done")
        server.call("POST", f"/experiments/{id_}/pause")
        paused = server.wait_for(id_, "paused")
        server.call("POST", f"/experiments/{id_}/resume")
        done = server.wait_for(id_)
        calls = fake.ledger.calls()
    assert paused["finished"] < CONVERSATIONS
    assert done["finished"] == CONVERSATIONS
    assert calls == CONVERSATIONS * CALLS_EACH


def test_of_two_servers_one_owns_the_run_and_the_other_takes_it_over(
    postgres_server: Postgres, postgres_template: str, tmp_path: Path
) -> None:
    url = postgres_server.create(postgres_template)
    with (
        FakeLLM.in_process(None, "--end-after", "3", "--latency-ms", "60") as fake,
        serving(url, fake, tmp_path) as one,
        serving(url, fake, tmp_path) as other,
    ):
        id_ = launch(one, fake)
        until(lambda: one.experiment(id_)["finished"] >= 8, "eight conversations are done")
        owner, spare = (one, other) if _owner(url).split(":")[1] == str(one.process.pid) else (other, one)
        owner.process.kill()
        owner.process.wait()
        calls = fake.ledger.calls()
        until(lambda: fake.ledger.calls() > calls + CONCURRENCY, "the other server goes on")
        done = spare.wait_for(id_)
        calls = fake.ledger.calls()
    assert done["finished"] == CONVERSATIONS
    assert calls <= CONVERSATIONS * CALLS_EACH + CONCURRENCY


def _owner(url: str) -> str:
    import psycopg

    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT owner FROM tasks").fetchone()
    assert row is not None
    return str(row[0])


def test_a_lost_database_pauses_the_run_and_its_return_goes_on_with_it(
    postgres_server: Postgres, postgres_template: str, tmp_path: Path
) -> None:
    url = postgres_server.create(postgres_template)
    with FakeLLM.in_process(None, *SCRIPT) as fake, serving(url, fake, tmp_path) as server:
        id_ = launch(server, fake)
        until(lambda: server.experiment(id_)["finished"] >= 5, "five conversations are done")
        postgres_server.stop()
        try:
            until(lambda: not _is_ready(server.url), "the server says that its database is away")
        finally:
            postgres_server.start()
        done = server.wait_for(id_)
        calls = fake.ledger.calls()
    assert (done["finished"], done["failed"]) == (CONVERSATIONS, 0)
    assert calls <= CONVERSATIONS * CALLS_EACH + CONCURRENCY


def _is_ready(url: str) -> bool:
    import httpx2

    return httpx2.get(f"{url}/readyz", timeout=30, trust_env=False).status_code == 200


def test_a_full_disk_pauses_the_run_until_there_is_room(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "personae.db"
    shutil.copy(sqlite_template, path)
    with FakeLLM.in_process(None, *SCRIPT) as fake, serving(f"sqlite:///{path}", fake, tmp_path) as server:
        id_ = launch(server, fake)
        until(lambda: server.experiment(id_)["finished"] >= 3, "three conversations are done")
        wal = path.with_name("personae.db-wal").stat().st_size
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (wal, resource.RLIM_INFINITY))
        until(lambda: not _is_ready(server.url), "the server says that it cannot record")
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        done = server.wait_for(id_)
        calls = fake.ledger.calls()
    assert (done["finished"], done["failed"]) == (CONVERSATIONS, 0)
    assert calls == CONVERSATIONS * CALLS_EACH


@POSTGRESQL
@pytest.mark.parametrize("wish", ["pause", pytest.param("cancel", marks=LATE)])
def test_what_is_over_cannot_be_stopped(database_url: str, tmp_path: Path, wish: str) -> None:
    import httpx2

    with FakeLLM.in_process(None, "--end-after", "1") as fake, serving(database_url, fake, tmp_path) as server:
        id_ = launch(server, fake)
        server.wait_for(id_)
        answer = httpx2.post(f"{server.url}/api/v0/projects/1/experiments/{id_}/{wish}", trust_env=False)
    assert answer.status_code == 409
