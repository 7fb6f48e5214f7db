"""`personae demo`: the whole way without a key, and the flaws that its bot has on purpose."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

from tests.running import Done

Command = Callable[..., Done]


def falls_short(command: Command, results: str) -> set[str]:
    """The names of the criteria and metrics that are not fully met."""
    summary = json.loads(command("report", results, "--json").out)
    return {measure["name"] for measure in summary["measures"] if measure["value"] < 1}


def test_the_report_finds_the_flaws_of_the_bot_and_none_in_its_mended_twin(command: Command, folder: Path) -> None:
    done = command("demo", "--into", "d")
    assert done.code == 0
    assert "8 conversations with" in done.out
    assert f"the report: {folder.resolve() / 'd' / 'results.html'}" in done.err
    assert (folder / "d" / "results.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    flaws = {"Goal achieved", "remembers", "consistent", "on-topic", "helps"}
    assert falls_short(command, "d/results.jsonl") >= flaws
    said = " ".join(done.out.split())
    assert "2 conversations held again, since 2 tries were no fair tests" in said
    assert "found by: role leak 1, meta text 1" in said
    assert (
        "impatient (0.3 at intensity 1) planned in 12 of 38 messages, delivered in 12 of 12: 100% (61% to 100%)" in said
    )
    assert "8 pairs: 7 better, 0 worse" in done.out
    assert (folder / "d" / "compare.html").exists()
    verdicts = [line for line in done.out.splitlines() if line.startswith(("FAIL", "PASS", "INCONCLUSIVE"))]
    assert [line.split(":")[0] for line in verdicts] == ["FAIL", "PASS"]
    assert "FAIL         criterion remembers at least 70%: 38%" in done.out
    assert "judge YES, reader NO: Rex Calloway" in done.out  # 30 days, and then 14
    assert "checked on 8 conversations by 1 person: kappa 0.60" in (folder / "d" / "results.html").read_text("utf-8")
    assert command("demo", "--into", "d", "--mended").code == 0
    assert falls_short(command, "d/mended.jsonl") == set()


def test_edited_files_stay_and_the_command_that_is_shown_is_the_one_that_runs(command: Command, folder: Path) -> None:
    (folder / "a [b] c").mkdir()
    (folder / "a [b] c" / "personas.jsonl").write_text(
        '{"name": "Eve", "profile": "New.", "goal": "Return a lamp.", "success_criteria": "It is explained."}\n'
    )
    done = command("demo", "--into", "a [b] c")
    assert "1 conversation with" in done.out
    shown = shlex.split(done.err.splitlines()[0])
    assert command(*shown[1:]).out.splitlines()[0] == done.out.splitlines()[0]
