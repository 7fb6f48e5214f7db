"""`personae doctor`: it says what is wrong and how to mend it, and changes nothing."""

from __future__ import annotations

import json
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from lab.fake_llm import FakeLLM
from tests.cli.conftest import Command
from tests.running import Done
from tests.server.running import running

WELL = ("versions", "settings", "data folder", "secret key", "database", "simulator", "judge", "port", "traces")


@pytest.fixture
def doctor(command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`doctor("--port", 1)` is `personae doctor --port 1` with its data in an own folder."""
    for name in ("OPENAI_API_KEY", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PERSONAE_DATA_FOLDER", str(folder / "data"))
    monkeypatch.setenv("PERSONAE_PORT", "0")

    def run(*arguments: object) -> Done:
        return command("doctor", *arguments)

    return run


def found(done: Done) -> dict[str, dict[str, Any]]:
    return {check["check"]: check for check in json.loads(done.out)["checks"]}


def test_a_fresh_machine_is_well_and_stays_as_it_was(doctor: Command, folder: Path) -> None:
    done = doctor("--json")
    checks = found(done)
    assert (done.code, [name for name in WELL if not checks[name]["is_ok"]]) == (0, [])
    assert "offline" in checks["simulator"]["found"]
    assert not (folder / "data").exists()


def test_the_table_names_the_problem_and_how_to_mend_it(doctor: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONAE_SIMULATOR_PROVIDER", "anthropic")
    done = doctor()
    assert done.code == 1
    assert "problem  simulator" in done.out
    assert "ANTHROPIC_API_KEY" in done.out
    assert "to mend it: change PERSONAE_SIMULATOR_" in done.out


@pytest.mark.parametrize(
    ("variable", "value", "check", "says"),
    [
        ("PERSONAE_PORT", "many", "settings", "must be a whole number"),
        ("PERSONAE_LOG_FORMAT", "xml", "settings", "log_format is 'xml'"),
        ("PERSONAE_DATABASE", "mysql://x/y", "database", "is not supported"),
        ("PERSONAE_DATABASE", "postgresql://ann:hidden@127.0.0.1:1/none", "database", "does not answer"),
        ("PERSONAE_SECRET_KEY", "short", "secret key", "it has 5 characters"),
        ("PERSONAE_DATA_FOLDER", "/dev/null/none", "data folder", "cannot be written"),
    ],
)
def test_each_problem_is_found(
    variable: str, value: str, check: str, says: str, doctor: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    done = doctor("--json")
    one = found(done)[check]
    assert (done.code, one["is_ok"]) == (1, False)
    assert says in one["found"]
    assert one["mend"]
    assert "hidden" not in done.out


def test_a_port_in_use_is_a_problem_unless_it_is_ours(doctor: Command, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = found(doctor("--json", "--port", other.getsockname()[1]))["port"]
    with running(f"sqlite:///{folder}/p.db") as server:
        ours = found(doctor("--json", "--port", server.url.rpartition(":")[2]))["port"]
    assert (taken["is_ok"], ours["is_ok"]) == (False, True)


def test_a_database_of_a_later_version_and_keys_of_another_secret_are_problems(
    doctor: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{folder}/p.db"
    monkeypatch.setenv("PERSONAE_SECRET_KEY", "another secret than the server had")
    with running(url) as server, server.client() as api:
        made = api.post("/llm_configs", json={"name": "a", "llm_model_name": "m", "api_key": "sk-1"})
        assert made.status_code == 201, made.text
        keys = found(doctor("--json", "--database", url))["stored keys"]
    with sqlite3.connect(folder / "p.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    later = found(doctor("--json", "--database", url))["database"]
    assert (keys["is_ok"], keys["found"]) == (False, "0 of 1 can be read")
    assert (later["is_ok"], later["mend"]) == (False, "install a later personae")


def test_models_are_asked_only_on_demand(doctor: Command, fake: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONAE_SIMULATOR_PROVIDER", "openai")
    monkeypatch.setenv("PERSONAE_SIMULATOR_BASE_URL", f"{fake.url}/v1")
    quiet = found(doctor("--json"))["simulator"]
    asked = found(doctor("--json", "--call"))["simulator"]
    assert "answered in" not in quiet["found"]
    assert "answered in" in asked["found"]
    monkeypatch.setenv("PERSONAE_SIMULATOR_BASE_URL", "http://127.0.0.1:1/v1")
    assert found(doctor("--json"))["simulator"]["is_ok"] is True
    assert found(doctor("--json", "--call"))["simulator"]["is_ok"] is False
