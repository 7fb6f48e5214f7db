"""The GitHub Action: its steps, run as a job would run them. The API of GitHub is one of ours on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from ruamel.yaml import YAML

from tests.experiments.runs import Said, file
from tests.running import ROOT, environment

STEPS = ("Install personae", "Simulate", "Gate", "Comment")
ACTION = YAML(typ="safe").load((ROOT / "action.yml").read_text(encoding="utf-8"))


def run(name: str, given: dict[str, str], folder: Path, **runner: str) -> subprocess.CompletedProcess[str]:
    """A step by its name. `given` is what it takes from inputs and events, `runner` what each job has."""
    step = next(step for step in ACTION["runs"]["steps"] if step.get("name") == name)
    assert set(step["env"]) == set(given)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=folder,
        env=environment(**given, **runner, PATH=path, NO_PROXY="127.0.0.1"),
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("yes", "no", "inconclusive", "verdict", "code"),
    [
        (60, 2, "fail", "PASS", 0),
        (2, 60, "fail", "FAIL", 1),
        (3, 1, "fail", "INCONCLUSIVE", 2),
        (3, 1, "pass", "INCONCLUSIVE", 0),
    ],
)
def test_the_step_says_the_verdict(
    yes: int, no: int, inconclusive: str, verdict: str, code: int, tmp_path: Path
) -> None:
    file(tmp_path / "r.jsonl", [Said(persona=f"P{n}", goal=n < yes) for n in range(yes + no)])
    (tmp_path / "gate.yaml").write_text("rules: [{rule: goal, at_least: 0.8}]\n")
    outputs = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    given = {"RESULTS": "r.jsonl", "POLICY": "gate.yaml", "BASELINE": "", "INCONCLUSIVE": inconclusive}
    done = run("Gate", given, tmp_path, **outputs)
    assert done.returncode == code, done.stderr
    assert f"verdict={verdict}" in (tmp_path / "output").read_text()
    assert (tmp_path / "summary").read_text().startswith("<!-- personae gate -->")


def test_the_step_simulates_with_options_that_hold_spaces(tmp_path: Path) -> None:
    person = {"name": "Ann", "description": "Terse.", "goal": "Ask for a refund.", "success_criteria": "It is given."}
    (tmp_path / "some people.jsonl").write_text(json.dumps(person) + "\n")
    (tmp_path / "bot.py").write_text("def model_fn(prompt):\n    return 'It is given.'\n")
    options = "--model-cmd bot.py --personas 'some people.jsonl' --provider offline --max-turns 2 --quiet"
    done = run("Simulate", {"OPTIONS": options, "RESULTS": "r.jsonl"}, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "r.jsonl").read_text().count("\n") == 1


def test_the_step_installs_this_repository(tmp_path: Path) -> None:
    """As far as that needs no network: the command, and that it finds a project there."""
    (tmp_path / "python").write_text('#!/bin/sh\necho "$@" > asked\n')
    (tmp_path / "python").chmod(0o755)
    step = next(step for step in ACTION["runs"]["steps"] if step.get("name") == "Install personae")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-e", "-c", step["run"]], cwd=tmp_path, env={"PATH": path, "ACTION_PATH": str(ROOT)}, check=True
    )
    *_, project = (tmp_path / "asked").read_text().split()
    assert (Path(project) / "pyproject.toml").is_file()


class GitHub(BaseHTTPRequestHandler):
    """As much of the API as comments need."""

    comments: ClassVar[list[dict[str, Any]]] = []
    calls: ClassVar[list[str]] = []

    def _answer(self) -> None:
        url = urlsplit(self.path)
        self.calls.append(f"{self.command} {url.path}")
        if self.headers["Authorization"] != "Bearer t0ken":
            self.send_error(403)
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"]))) if self.command != "GET" else {}
        if self.command == "GET":
            page = int(parse_qs(url.query)["page"][0])
            told: Any = self.comments[(page - 1) * 100 : page * 100]
        elif self.command == "POST":
            told = {"id": len(self.comments) + 1, "html_url": f"pull/7#{len(self.comments) + 1}", **body}
            self.comments.append(told)
        else:
            told = next(one for one in self.comments if one["id"] == int(url.path.rpartition("/")[2]))
            told["body"] = body["body"]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - the names they have there

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has there
        pass


def test_the_step_writes_one_comment_and_the_next_run_writes_it_anew(tmp_path: Path) -> None:
    GitHub.comments = [{"id": number, "body": "first!", "html_url": ""} for number in range(1, 151)]
    GitHub.calls = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), GitHub)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        api = f"http://127.0.0.1:{server.server_port}"
        given = {"GH_TOKEN": "t0ken", "REPOSITORY": "a/b", "NUMBER": "7", "ACTION_PATH": str(ROOT)}
        assert run("Comment", given, tmp_path, GITHUB_API_URL=api).returncode == 0
        assert GitHub.calls == []  # the gate wrote nothing
        for verdict in ("FAIL", "PASS"):
            (tmp_path / "personae-gate.md").write_text(f"<!-- personae gate -->\n### {verdict} \U0001f642 `x`\n")
            done = run("Comment", given, tmp_path, GITHUB_API_URL=api)
            assert done.returncode == 0, done.stderr
        assert len(GitHub.comments) == 151
        assert GitHub.comments[-1]["body"].splitlines()[1] == "### PASS \U0001f642 `x`"
        assert GitHub.calls[-1] == "PATCH /repos/a/b/issues/comments/151"
        refused = run("Comment", given | {"GH_TOKEN": "other"}, tmp_path, GITHUB_API_URL=api)
        assert (refused.returncode, "needs the permission" in refused.stderr) == (1, True)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_every_step_is_run_by_a_test() -> None:
    assert tuple(step["name"] for step in ACTION["runs"]["steps"] if "run" in step) == STEPS


def test_every_input_is_used_and_described() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    for name, about in ACTION["inputs"].items():
        assert about["description"]
        assert f"inputs.{name}" in text
    assert "://" not in text
