"""The GitHub Action: its gate step, run as a job would run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.experiments.runs import Said, file
from tests.running import ROOT, environment

ACTION = YAML(typ="safe").load((ROOT / "action.yml").read_text(encoding="utf-8"))


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
    step = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "gate")
    outputs = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    given = {"RESULTS": "r.jsonl", "POLICY": "gate.yaml", "BASELINE": "", "INCONCLUSIVE": inconclusive}
    assert set(step["env"]) == set(given)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env=environment(**outputs, **given, PATH=path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    assert f"verdict={verdict}" in (tmp_path / "output").read_text()
    assert (tmp_path / "summary").read_text().startswith("<!-- personae gate -->")


def test_every_input_is_used_and_described() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    for name, about in ACTION["inputs"].items():
        assert about["description"]
        assert f"inputs.{name}" in text
    assert "://" not in text
