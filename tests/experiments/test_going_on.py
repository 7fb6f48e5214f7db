"""Going on: with a higher ceiling, with a bot that has forgotten, and never with what belongs to something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.fake_bot import FakeBots
from lab.fake_llm import FakeLLM, Reply
from lab.fake_llm import Usage as Said
from personae import simulate
from personae.errors import Conflict
from personae.experiments.recorders.jsonl import Jsonl
from personae.llm.config import LLMConfig
from personae.llm.prices import Rates
from tests.running import personas, rows


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM.in_thread(end_after=3) as served:
        yield served


def run(fake: FakeLLM, out: Path | None, **options: Any) -> list[Any]:
    config = LLMConfig("openai", "m", base_url=fake.url + "/v1", rates=Rates.parse("1/2"))
    chosen: dict[str, Any] = {
        "bot": "mock",
        "personas": personas(6),
        "simulator": config,
        "metrics": (),
        "out": out,
    } | options
    return simulate(**chosen)


def test_conversations_that_were_cut_go_on_with_a_higher_budget_and_appear_once(fake: FakeLLM, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    whole_run = run(fake, None)
    calls = fake.ledger.calls()
    fake.reset()
    first = run(fake, out, max_calls=10)
    assert "budget_exceeded" in {result.stop_reason for result in first}
    assert fake.ledger.calls() <= 10
    for ceiling in (16, 22, None):
        last = run(fake, out, max_calls=ceiling)
    assert [result.stop_reason for result in last] == ["goal_reached"] * 6
    assert sorted(row["key"] for row in rows(out)) == sorted(result.key for result in whole_run)
    assert len(rows(out)) == 6
    assert fake.ledger.calls() == calls
    assert sum(result.total_usage.calls for result in last) == calls


@pytest.mark.parametrize("budget", [0.001, 0.01, 0.02, 0.03, 0.04, 0.06, 0.1])
def test_the_ceiling_holds_and_whoever_comes_to_an_end_is_rated(fake: FakeLLM, budget: float) -> None:
    results = run(fake, None, budget_usd=budget, metrics=("turn_consistency",), criteria=["Is it polite? " * 30])
    assert sum(result.cost_usd or 0 for result in results) <= budget
    ended = [result for result in results if result.stop_reason == "goal_reached"]
    assert all(result.goal_achieved is not None for result in ended), [result.goal for result in ended]


def test_the_goal_alone_has_its_share_kept_too(fake: FakeLLM) -> None:
    for calls in range(4, 24):
        results = run(fake, None, max_calls=calls)
        ended = [result for result in results if result.stop_reason == "goal_reached"]
        assert all(result.goal_achieved is not None for result in ended)


def test_an_answer_dearer_than_foreseen_is_counted_as_it_was(fake: FakeLLM) -> None:
    fake.play({"simulator": Reply("Hello.", usage=Said(prompt=100_000, completion=10))})
    results = run(fake, None, personas=personas(1), budget_usd=0.15)
    assert results[0].stop_reason == "budget_exceeded"
    assert results[0].cost_usd == pytest.approx(0.2, abs=0.01)


def test_results_of_another_plan_are_refused_and_stay_as_they_are(fake: FakeLLM, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    run(fake, out, max_calls=10)
    before = out.read_bytes()
    for change in ({"personas": personas(3)}, {"max_turns": 2}, {"seed": 7}, {"bot": "mock:echo"}):
        with pytest.raises(Conflict, match="other personas, scenarios, bot or settings"):
            run(fake, out, **change)
    assert out.read_bytes() == before


def test_half_done_conversations_of_another_plan_are_refused_too(fake: FakeLLM, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    from tests.experiments.samples import specs, turns

    recorder = Jsonl(out)
    recorder.turn(specs()[0], turns()[0])
    recorder.close()
    with pytest.raises(Conflict):
        run(fake, out)


def test_results_that_were_rated_by_other_criteria_are_refused(fake: FakeLLM, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    run(fake, out)
    with pytest.raises(Conflict, match="rated by other criteria"):
        run(fake, out, criteria=["Polite?"], personas=personas(6))


def test_more_personas_join_what_is_done(fake: FakeLLM, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    run(fake, out)
    calls = fake.ledger.calls()
    assert len(run(fake, out, personas=personas(7))) == 7
    assert fake.ledger.calls() - calls <= calls / 6 + 1


def test_a_bot_that_remembers_starts_anew_in_a_session_of_its_own_and_the_cost_stays_counted(
    fake: FakeLLM, tmp_path: Path
) -> None:
    out = tmp_path / "r.jsonl"
    with FakeBots.in_thread() as bots:
        bot = f"botario:{bots.url}/botario"
        first = run(fake, out, bot=bot, personas=personas(1), max_calls=2)
        assert first[0].stop_reason == "budget_exceeded"
        assert first[0].conversation.turns
        last = run(fake, out, bot=bot, personas=personas(1))
        sessions = list(bots.sessions.values())
    assert last[0].stop_reason == "goal_reached"
    assert last[0].turns == 3
    assert len(sessions) == 2
    assert len(sessions[1].messages) == 3
    assert last[0].total_usage.calls == fake.ledger.calls()


def test_a_fresh_run_has_other_sessions_than_the_one_before(fake: FakeLLM) -> None:
    with FakeBots.in_thread() as bots:
        for _ in range(2):
            run(fake, None, bot=f"botario:{bots.url}/botario", personas=personas(1))
        assert len(bots.sessions) == 2


def test_a_conversation_that_had_ended_is_only_rated(fake: FakeLLM, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    results = run(fake, out, personas=personas(1))
    calls = fake.ledger.calls(), fake.ledger.calls(role="judge")
    spec_key, turns = results[0].key, results[0].conversation.turns
    out.unlink()
    recorder = Jsonl(out)
    from personae.experiments.plan import make_plan
    from personae.simulation.conversation import Ended

    spec = replace(next(iter(make_plan(personas(1), []))), key=spec_key)
    for turn in turns:
        recorder.turn(spec, turn)
    recorder.ended(spec, Ended("goal_met", "done", usage=results[0].usage["simulator"]))
    recorder.close()
    again = run(fake, out, personas=personas(1))
    assert again[0].stop_reason == "goal_reached"
    assert again[0].conversation.explanation == "done"
    assert fake.ledger.calls() - calls[0] == fake.ledger.calls(role="judge") - calls[1] == 1
