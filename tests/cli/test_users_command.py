"""`personae users`: accounts from the machine that has the database."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.running import COMMAND, DEADLINE_S, environment
from tests.server.people import signed_in, visitor
from tests.server.running import running

ANN, WORDS = "ann@example.com", "a sentence that only I would write"


def users(folder: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "users", *arguments, "--data-folder", str(folder)],
        input=typed,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )


def test_the_first_admin_is_made_where_the_database_is(tmp_path: Path) -> None:
    made = users(tmp_path, "create", "--email", ANN, "--admin", typed=WORDS + "\n")
    again = users(tmp_path, "create", "--email", ANN.upper(), typed=WORDS + "\n")
    listed = users(tmp_path, "list")
    with (
        running(f"sqlite:///{tmp_path / 'personae.db'}", host="0.0.0.0") as server,
        signed_in(server, ANN, WORDS) as client,
    ):
        me = client.get("/auth/me").json()
    assert (made.returncode, again.returncode) == (0, 2), made.stderr + again.stderr
    assert "has an account already" in again.stderr
    assert f"{ANN}    admin of Default organization" in listed.stdout
    assert me["organizations"][0]["role"] == "admin"
    assert WORDS not in made.stdout + made.stderr


def test_a_password_is_set_anew_and_a_person_is_shut_out(tmp_path: Path) -> None:
    users(tmp_path, "create", "--email", ANN, typed=WORDS + "\n")
    unknown = users(tmp_path, "password", "--email", "eve@example.com", typed=WORDS + "\n")
    short = users(tmp_path, "password", "--email", ANN, typed="short\n")
    users(tmp_path, "password", "--email", ANN, typed="quite another sentence\n")
    with running(f"sqlite:///{tmp_path / 'personae.db'}", host="0.0.0.0") as server:
        with signed_in(server, ANN, "quite another sentence") as client:
            before = client.get("/auth/me").status_code
            users(tmp_path, "disable", "--email", ANN)
            after = client.get("/auth/me").status_code
        with visitor(server) as client:
            login = client.post("/auth/login", json={"email": ANN, "password": "quite another sentence"}).status_code
    assert (unknown.returncode, short.returncode) == (2, 2)
    assert (before, after, login) == (200, 401, 403)
