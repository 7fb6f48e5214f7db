"""`simulate` in a script, a notebook and a thread, with every kind of function."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.fake_llm import BAD_KEY, Delay, FakeLLM, Status
from personae import Persona, PersonaeError, Scenario, SimulationResult, simulate
from personae.errors import ConfigurationError, InputError, ProviderError
from tests.running import ROOT, environment, personas, rows, until


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM.in_thread(end_after=2) as served:
        yield served


def run(fake: FakeLLM, bot: Any, count: int = 2, **options: Any) -> list[SimulationResult]:
    chosen: dict[str, Any] = {"base_url": fake.url + "/v1", "simulator_model": "sim", "judge_model": "j"} | options
    return simulate(bot, personas(count), **chosen)


def model_fn(prompt: str) -> str:
    return f"I heard {prompt.count('USER: ')} messages."


async def async_fn(prompt: str) -> str:
    await asyncio.sleep(0)
    return f"I heard {prompt.count('USER: ')} messages."


def messages_fn(messages: list[dict[str, str]]) -> str:
    return f"I heard {sum(message['role'] == 'user' for message in messages)} messages."


@pytest.mark.parametrize("bot", [model_fn, async_fn, messages_fn])
def test_a_function_is_a_bot(fake: FakeLLM, bot: Any) -> None:
    result = run(fake, bot)[0]
    assert result.stop_reason == "goal_reached"
    said = [turn.content for turn in result.conversation.turns if turn.role == "assistant"]
    assert said == ["I heard 1 messages.", "I heard 2 messages."]


def test_it_runs_where_an_event_loop_runs(fake: FakeLLM) -> None:
    async def notebook() -> list[SimulationResult]:
        return run(fake, model_fn)

    assert [result.stop_reason for result in asyncio.run(notebook())] == ["goal_reached"] * 2


def test_it_runs_in_a_thread(fake: FakeLLM) -> None:
    results: list[SimulationResult] = []
    thread = threading.Thread(target=lambda: results.extend(run(fake, model_fn)))
    thread.start()
    thread.join(60)
    assert [result.stop_reason for result in results] == ["goal_reached"] * 2


def test_an_error_in_a_running_loop_is_the_same_error(fake: FakeLLM) -> None:
    async def notebook() -> list[SimulationResult]:
        return run(fake, model_fn, count=0)

    with pytest.raises(InputError, match="no personas"):
        asyncio.run(notebook())


def test_results_come_in_the_order_of_the_plan(fake: FakeLLM) -> None:
    fake.play(lambda request: Delay(150) if "order 1." in request.first_text else None)
    results = run(fake, model_fn, count=3, epochs=2)
    assert [(result.persona.name, result.epoch) for result in results] == [
        (f"persona {number}", epoch) for epoch in (1, 2) for number in (1, 2, 3)
    ]


def test_personas_meet_scenarios(fake: FakeLLM) -> None:
    results = run(fake, model_fn, scenarios=[Scenario(goal="x"), Scenario(goal="y")])
    assert [result.scenario.goal for result in results] == ["x", "x", "y", "y"]


def test_a_bot_that_raises_is_one_row_and_the_others_go_on(fake: FakeLLM) -> None:
    def bot(prompt: str) -> str:
        if "order 1" in prompt or "cancel" in prompt.lower():
            raise RuntimeError("out of order")
        return "All right."

    fake.play(lambda request: None)
    broken, *_ = run(fake, lambda prompt: 1 / 0)
    assert broken.stop_reason == "driver_error"
    assert broken.conversation.termination == "bot_error"
    assert "ZeroDivisionError" in (broken.error or "")


def test_a_bot_that_returns_none_is_a_bot_error(fake: FakeLLM) -> None:
    assert run(fake, lambda prompt: None)[0].conversation.termination == "bot_error"


def test_a_bot_that_hangs_is_a_bot_error_after_its_time(fake: FakeLLM) -> None:
    forever = threading.Event()
    result = run(fake, lambda prompt: forever.wait(), turn_timeout_s=0.2)[0]
    forever.set()
    assert result.conversation.termination == "bot_error"
    assert "0.2 s" in (result.error or "")


def test_a_wrong_key_is_raised_where_nothing_could_be_done(fake: FakeLLM) -> None:
    fake.play(BAD_KEY)
    with pytest.raises(ProviderError, match="401"):
        run(fake, model_fn)


def test_what_stops_the_run_in_its_midst_loses_no_finished_result(fake: FakeLLM, caplog: Any) -> None:
    fake.play(lambda request: Status(402, message="no credit") if "order 3." in request.first_text else None)
    results = run(fake, model_fn, count=4, concurrency=1)
    assert [result.stop_reason for result in results] == ["goal_reached", "goal_reached", "cancelled", "cancelled"]
    assert "no credit" in results[3].conversation.error
    assert "stopped early" in caplog.text


def test_with_a_result_file_a_second_call_asks_nothing_again(fake: FakeLLM, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    first = run(fake, model_fn, out=out)
    calls = fake.ledger.calls()
    second = run(fake, model_fn, out=out)
    assert fake.ledger.calls() == calls
    assert [result.key for result in second] == [result.key for result in first]
    assert [row["key"] for row in rows(out)] == [result.key for result in first]


def test_the_success_criteria_never_reach_the_simulator(fake: FakeLLM) -> None:
    secret = "the bot names the secret word"
    simulate(
        model_fn, [Persona(name="a", description="b", goal="c", success_criteria=secret)],
        base_url=fake.url + "/v1", simulator_model="sim", judge_model="j",
    )  # fmt: skip
    assert not any(secret in json.dumps(request.body) for request in fake.asked("simulator"))
    assert any(secret in json.dumps(request.body) for request in fake.asked("judge"))


def test_a_missing_key_is_said_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="ANTHROPIC_API_KEY"):
        simulate(model_fn, personas())


@pytest.mark.parametrize("bot", ["nonsense", "no-such-file.py", 7])
def test_what_is_no_bot_is_said(fake: FakeLLM, bot: Any) -> None:
    with pytest.raises(PersonaeError):
        run(fake, bot)


SCRIPT = """
import asyncio, sys
from personae import simulate
from tests.running import personas
def work():
    results = simulate(
        lambda prompt: 'All right.', personas(9), base_url=sys.argv[1], simulator_model='sim', judge_model='j',
        concurrency=2, metrics=(), out=sys.argv[2] if len(sys.argv) > 3 else None,
    )
    print(*(result.stop_reason for result in results))
async def notebook():
    work()
asyncio.run(notebook()) if sys.argv[-1] == 'notebook' else work()
"""


@pytest.mark.parametrize("where", ["script", "notebook"])
def test_an_interrupted_run_returns_what_is_done(tmp_path: Path, where: str) -> None:
    with FakeLLM.in_process(None, "--end-after", "1", "--latency-ms", "20") as fake:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, fake.url + "/v1", tmp_path / "r.jsonl", where],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment(),
        )  # fmt: skip
        until(lambda: fake.ledger.calls(role="judge") >= 3, "three conversations were rated")
        process.send_signal(2)
        out, err = process.communicate(timeout=60)
    reasons = out.split()
    assert len(reasons) == 9, err
    assert set(reasons) == {"goal_reached", "cancelled"}
    assert reasons.count("goal_reached") >= 2


def test_nothing_is_printed_by_the_library(fake: FakeLLM, capfd: pytest.CaptureFixture[str]) -> None:
    run(fake, model_fn)
    assert capfd.readouterr() == ("", "")


def test_the_environment_is_left_as_it_is(fake: FakeLLM) -> None:
    before = dict(os.environ)
    run(fake, model_fn)
    assert dict(os.environ) == before
