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
from personae.reports import ReportSource
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


def texts(result: Any) -> list[str]:
    return [turn.content for turn in result.conversation.turns]


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


@pytest.mark.anyio
async def test_half_done_conversations_of_another_plan_are_refused_too(fake: FakeLLM, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    from tests.experiments.samples import specs, turns

    recorder = Jsonl(out)
    await recorder.turn(specs()[0], turns()[0])
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


def test_refusals_before_a_break_are_counted(fake: FakeLLM, tmp_path: Path) -> None:
    """An adversarial persona goes on after each; wherever it is broken off, all of them count, each once."""
    pushy = [personas(1)[0].model_copy(update={"traits": ("adversarial",)})]

    def bot(messages: list[dict[str, str]]) -> str:
        return "I can't help with that."

    whole_run = run(fake, None, bot=bot, personas=pushy)
    assert whole_run[0].metadata["refusals_observed"] == 3
    for calls in (2, 3):
        out = tmp_path / f"{calls}.jsonl"
        assert run(fake, out, bot=bot, personas=pushy, max_calls=calls)[0].stop_reason == "budget_exceeded"
        last = run(fake, out, bot=bot, personas=pushy)
        assert (last[0].turns, last[0].metadata["refusals_observed"]) == (3, 3)


def test_what_failed_stays_as_it_is_until_it_is_to_be_tried_again(fake: FakeLLM, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    replies = iter(["All right.", None])

    def bot(messages: list[dict[str, str]]) -> str:
        if (reply := next(replies, "Here you are.")) is None:
            raise ConnectionError("the shop is closed")
        return reply

    first = run(fake, out, bot=bot, personas=personas(2), concurrency=1)
    calls = fake.ledger.calls()
    assert [(one.stop_reason, one.turns) for one in first] == [("driver_error", 1), ("goal_reached", 3)]
    assert [one.stop_reason for one in run(fake, out, bot=bot, personas=personas(2))] == [
        "driver_error",
        "goal_reached",
    ]
    assert fake.ledger.calls() == calls

    last = run(fake, out, bot=bot, personas=personas(2), retry_errors=True)
    assert [(one.stop_reason, one.turns) for one in last] == [("goal_reached", 3)] * 2
    assert texts(last[0])[:3] == texts(first[0])
    assert sum(one.total_usage.calls for one in last) == fake.ledger.calls()
    recorded = {row["key"]: row for row in rows(out)}
    assert len(rows(out)) == 2
    again = recorded[last[0].key]["metadata"]["run_again_after"]
    assert len(again) == 1
    assert again[0].startswith("bot_error: ")
    assert "the shop is closed" in again[0]
    assert ReportSource.from_file(out).data.run_again == 1


def test_a_conversation_that_fails_again_says_so_of_both(fake: FakeLLM, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    tries = iter(("closed", "still closed"))

    def bot(messages: list[dict[str, str]]) -> str:
        raise ConnectionError(next(tries))

    for retry in (False, True):
        results = run(fake, out, bot=bot, personas=personas(1), retry_errors=retry)
    row = rows(out)[0]
    assert "still closed" in row["error"]
    assert ["still" in text for text in row["metadata"]["run_again_after"]] == [False]
    assert results[0].total_usage.calls == fake.ledger.calls() == 1


def test_a_failed_rating_is_tried_again_alone(fake: FakeLLM, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    fake.play({"judge": Reply("I would rather not say.")})
    first = run(fake, out, personas=personas(1))
    assert (first[0].stop_reason, first[0].goal_achieved) == ("goal_reached", None)
    fake.play({})
    said = fake.ledger.calls(role="simulator")
    last = run(fake, out, personas=personas(1), retry_errors=True)
    assert (last[0].goal_achieved, texts(last[0])) == (True, texts(first[0]))
    assert fake.ledger.calls(role="simulator") == said
    assert last[0].total_usage.calls == fake.ledger.calls()
    assert "not_judged" in rows(out)[0]["metadata"]["run_again_after"][0]


def test_a_run_that_dies_while_it_tries_again_goes_on_where_it_was(fake: FakeLLM, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    fake.play({"judge": Reply("I would rather not say.")})
    run(fake, out, personas=personas(1))
    recorder = Jsonl(out, retry_errors=True)
    recorder.begin()
    recorder.close()
    assert not rows(out) if out.exists() else True
    fake.play({})
    said = fake.ledger.calls(role="simulator")
    last = run(fake, out, personas=personas(1))
    assert last[0].goal_achieved is True
    assert fake.ledger.calls(role="simulator") == said
    assert rows(out)[0]["metadata"]["run_again_after"]


@pytest.mark.anyio
async def test_a_conversation_that_had_ended_is_only_rated(fake: FakeLLM, tmp_path: Path) -> None:
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
        await recorder.turn(spec, turn)
    await recorder.ended(spec, Ended("goal_met", "done", usage=results[0].usage["simulator"]))
    recorder.close()
    again = run(fake, out, personas=personas(1))
    assert again[0].stop_reason == "goal_reached"
    assert again[0].conversation.explanation == "done"
    assert fake.ledger.calls() - calls[0] == fake.ledger.calls(role="judge") - calls[1] == 1
