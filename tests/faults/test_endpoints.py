"""What endpoints do to us, and what becomes of the run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from lab.fake_llm import BAD_KEY, MODEL_NOT_FOUND, FakeLLM, Faults, Limits, Status
from lab.fake_llm.script import fault
from personae import simulate
from tests.running import personae, personas, personas_file, rows

FAULTS = ["429:0.05", "429@0.02:0.05", "500:0.04", "503:0.04", "reset:0.04", "cut:0.04", "garbage:0.03", "empty:0.02"]


def url_of(fake: object) -> str:
    return str(fake.url) + "/v1"  # type: ignore[attr-defined]


def test_a_mix_of_faults_loses_no_conversation() -> None:
    with FakeLLM.in_thread(Faults([fault(one) for one in FAULTS], seed=4), end_after=2) as fake:
        models: dict[str, Any] = {"base_url": url_of(fake), "simulator_model": "sim", "judge_model": "j"}
        found = simulate("mock", personas(40), metrics=["turn_consistency"], concurrency=12, **models)
        statuses = fake.ledger.total().statuses
    assert {"429", "500", "503", "reset", "cut"} <= set(statuses)
    assert [result.persona.name for result in found] == [persona.name for persona in personas(40)]
    assert {result.stop_reason for result in found} <= {"goal_reached", "driver_error"}
    assert sum(result.stop_reason == "goal_reached" for result in found) >= 36


@pytest.mark.parametrize(
    ("script", "says"),
    [(BAD_KEY, "401"), (MODEL_NOT_FOUND, "`nope`"), (Status(402, message="no credit"), "credit")],
    ids=["wrong key", "unknown model", "no credit"],
)
def test_what_cannot_heal_stops_the_run_at_once(tmp_path: Path, script: Status, says: str) -> None:
    with FakeLLM.in_thread(script) as fake:
        done = personae(
            "simulate", "--bot", "mock", "--base-url", url_of(fake), "--simulator-model", "sim",
            "--personas", personas_file(tmp_path, 200), "--concurrency", 4, "--out", "r.jsonl", cwd=tmp_path,
        )  # fmt: skip
        calls = fake.ledger.calls()
    assert calls <= 4
    assert done.code == 3
    told = [line for line in done.err.splitlines() if says in line]
    assert len(told) == 1
    assert told[0].startswith("stopped: ")
    assert "Traceback" not in done.said
    assert not (tmp_path / "r.jsonl").exists()


def test_a_wrong_key_of_the_bot_stops_the_run_at_once(tmp_path: Path) -> None:
    with FakeLLM.in_thread() as fake, FakeLLM.in_thread(limits=Limits(api_key="right")) as bot:
        done = personae(
            "simulate", "--bot", url_of(bot), "--bot-model", "m", "--base-url", url_of(fake),
            "--simulator-model", "sim", "--personas", personas_file(tmp_path, 50), "--concurrency", 4, cwd=tmp_path,
        )  # fmt: skip
        calls = bot.ledger.calls()
    assert calls <= 4
    assert done.code == 3
    assert done.err.count("401") == 1


def test_a_judge_that_cannot_answer_leaves_ratings_with_a_reason_and_never_a_no(tmp_path: Path) -> None:
    with FakeLLM.in_thread({"judge": Status(400, message="bad request")}, end_after=1) as fake:
        done = personae(
            "simulate", "--bot", "mock", "--base-url", url_of(fake), "--simulator-model", "sim", "--judge-model", "j",
            "--personas", personas_file(tmp_path, 1), "--out", "r.jsonl", cwd=tmp_path,
        )  # fmt: skip
    row = rows(tmp_path / "r.jsonl")[0]
    assert done.code == 3
    assert row["goal_achieved"] is None
    assert "bad request" in row["verdict_reason"]
    assert set(row["scores"].values()) == {None}


def test_an_endpoint_that_says_nothing_is_given_up_on(tmp_path: Path) -> None:
    began = time.monotonic()
    with FakeLLM.in_process(None, "--fault", "stall:1") as fake:
        done = personae(
            "simulate", "--bot", "mock", "--base-url", url_of(fake), "--simulator-model", "sim",
            "--personas", personas_file(tmp_path, 2), "--conversation-timeout", 1, "--out", "r.jsonl", cwd=tmp_path,
        )  # fmt: skip
    assert time.monotonic() - began < 15
    assert done.code == 3
    assert ["longer than 1 s" in row["error"] for row in rows(tmp_path / "r.jsonl")] == [True, True]
