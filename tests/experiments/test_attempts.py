"""What was no fair test is held again: within its cap, with what it took kept and counted, and never twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.fake_llm import BAD_KEY, FakeLLM, Reply, Step, ToolCall
from personae import Persona, SimulationResult, score_simulations, simulate
from personae.bots.mock import MockBot
from personae.core.persona import Behaviour
from personae.core.usage import NO_USAGE
from personae.errors import ProviderError
from personae.llm.config import LLMConfig
from personae.llm.prices import Rates
from personae.reports import ReportSource, reports
from tests.running import rows

ANN = Persona(name="Ann", description="Polite.", goal="Return a lamp.", success_criteria="The bot names the label.")
END = Reply(None, [ToolCall("end_conversation", {"reason": "goal_met", "explanation": "Done."})])
BAD: list[Step] = [Reply("*sighs* I want to return a lamp."), END]
GOOD: list[Step] = [Reply("How do I return a lamp?"), END]


def run(fake: FakeLLM, out: Path | None = None, **options: Any) -> list[SimulationResult]:
    model = LLMConfig("openai", "m", base_url=fake.url + "/v1", rates=Rates.parse("1/2"))
    chosen: dict[str, Any] = {"personas": [ANN], "simulator": model, "metrics": (), "out": out} | options
    return simulate(MockBot(("Print the label from your account.",)), **chosen)


def simulator(*steps: Step) -> dict[str, list[Step]]:
    return {"simulator": list(steps)}


def test_what_was_no_fair_test_is_held_again_and_the_attempt_is_kept() -> None:
    with FakeLLM.in_thread(script=simulator(*BAD, *GOOD)) as fake:
        [result] = run(fake)
    assert result.validity is not None
    assert result.validity.verdict == "valid"
    [attempt] = result.validity.attempts
    assert attempt.transcript[0]["content"].startswith("*sighs*")
    assert [finding.guard for finding in attempt.findings] == ["meta_text"]
    assert result.conversation.turns[0].content == "How do I return a lamp?"


def test_what_the_attempt_took_is_part_of_the_whole() -> None:
    with FakeLLM.in_thread(script=simulator(*BAD, *GOOD)) as fake:
        [result] = run(fake)
        calls = fake.ledger.calls()
    assert result.validity is not None
    took = sum(result.validity.attempts[0].usage.values(), NO_USAGE)
    assert took.calls == 2
    assert result.usage["simulator"].calls == 4
    assert calls == result.usage["simulator"].calls + result.usage["judge"].calls


def test_the_cap_holds_and_the_last_attempt_is_rated_and_left_out() -> None:
    with FakeLLM.in_thread(script=simulator(*BAD, *BAD, *BAD, *BAD)) as fake:
        [result] = run(fake, repeat_invalid=2)
    assert result.validity is not None
    assert (result.validity.verdict, len(result.validity.attempts)) == ("invalid", 2)
    assert result.goal_achieved is not None


def test_each_attempt_has_a_seed_of_its_own() -> None:
    with FakeLLM.in_thread(script=simulator(*BAD, *GOOD)) as fake:
        [again] = run(fake)
    with FakeLLM.in_thread(script=simulator(*GOOD)) as fake:
        [once] = run(fake)
    assert again.key == once.key
    assert again.metadata["seed"] != once.metadata["seed"]


@pytest.mark.parametrize(("behaviours", "verdict"), [(["gives_up"], "valid"), (["vague"], "unsure")])
def test_who_is_to_give_up_may_leave_without_a_word(behaviours: list[str], verdict: str) -> None:
    asked_for = [Behaviour(name=name, probability=1.0, first_turn=2, intensity=3) for name in behaviours]
    leaves = Reply(None, [ToolCall("end_conversation", {"reason": "stuck", "explanation": "Not worth it."})])
    with FakeLLM.in_thread(script=simulator(GOOD[0], leaves)) as fake:
        [result] = run(fake, behaviours=asked_for)
    assert result.validity is not None
    assert {finding.guard for finding in result.validity.findings} <= {"ended_early"}
    assert result.validity.verdict == verdict


def test_with_a_cap_of_zero_nothing_is_held_again() -> None:
    with FakeLLM.in_thread(script=simulator(*BAD)) as fake:
        [result] = run(fake, repeat_invalid=0)
    assert result.validity is not None
    assert (result.validity.verdict, result.validity.attempts) == ("invalid", ())


def test_a_run_that_dies_in_the_second_attempt_goes_on_there_and_makes_no_third(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    with FakeLLM.in_thread(script=simulator(*BAD, BAD_KEY)) as fake, pytest.raises(ProviderError):
        run(fake, out)
    with FakeLLM.in_thread(script=simulator(*BAD, *BAD)) as fake:
        [result] = run(fake, out)
    assert result.validity is not None
    assert (result.validity.verdict, len(result.validity.attempts)) == ("invalid", 1)
    assert result.usage["simulator"].calls == 4
    assert rows(out)[0]["usage"]["simulator"]["calls"] == 4


def test_a_finished_conversation_that_stayed_invalid_is_not_held_again_by_another_run(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    with FakeLLM.in_thread(script=simulator(*BAD, *BAD)) as fake:
        run(fake, out)
        calls = fake.ledger.calls()
        run(fake, out)
        run(fake, out, retry_errors=True)
        assert fake.ledger.calls() == calls


def test_the_row_holds_it_and_gives_it_back(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    with FakeLLM.in_thread(script=simulator(*BAD, *BAD)) as fake:
        [result] = run(fake, out)
    [row] = rows(out)
    assert (row["validity"]["verdict"], row["validity"]["fault"]) == ("invalid", "simulator")
    assert SimulationResult.from_row(row).validity == result.validity


def test_a_row_without_it_was_not_checked(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    with FakeLLM.in_thread(script=simulator(*GOOD)) as fake:
        run(fake, out)
    [row] = rows(out)
    del row["validity"]
    out.write_text(json.dumps(row) + "\n", encoding="utf-8")
    data = ReportSource.from_file(out).data
    assert (data.fairness.unchecked, data.fairness.checked, data.measured) == (1, 0, 1)


@pytest.fixture(scope="module")
def mixed() -> ReportSource:
    """Two conversations, of which the second is no fair test."""
    with FakeLLM.in_thread(script=simulator(*GOOD, *BAD)) as fake:
        ben = ANN.model_copy(update={"name": "Ben"})
        return ReportSource.from_results(run(fake, personas=[ANN, ben], repeat_invalid=0, concurrency=1), "mixed")


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("terminal", ["no fair test", "without the invalid", "with them", "fault: simulator 1"]),
        ("json", ['"with_invalid"', '"goal_completion_with_invalid"', '"invalid": 1']),
        ("junit", ["goal.with_invalid", "no fair test (fault: simulator): meta text, turn 1", "validity.invalid"]),
        (
            "html",
            [
                "With the 1 that was no fair test",
                'data-fair="invalid"',
                "<strong>meta text</strong>",
                "fault: simulator",
            ],
        ),
        ("csv", ["invalid,simulator"]),
    ],
)
def test_every_report_counts_it_and_gives_the_rate_with_it(
    mixed: ReportSource, tmp_path: Path, report: str, words: list[str]
) -> None:
    out = tmp_path / "report"
    reports.get(report)().write(mixed, out)
    text = " ".join(out.read_text(encoding="utf-8").split())
    assert [word for word in words if word not in text] == []


def test_rates_leave_it_out(mixed: ReportSource) -> None:
    [goal] = mixed.data.measures
    assert (mixed.data.conversations, mixed.data.measured, goal.estimate.n, goal.with_invalid.n) == (2, 1, 1, 2)
    summary = score_simulations(list(mixed.results()))
    assert summary["goal_completion"]["judged"] == 1
    assert summary["goal_completion_with_invalid"]["judged"] == 2


def test_where_all_are_invalid_the_rate_is_undefined_with_its_reason() -> None:
    with FakeLLM.in_thread(script=simulator(*BAD)) as fake:
        source = ReportSource.from_results(run(fake, repeat_invalid=0))
    [goal] = source.data.measures
    assert (goal.estimate.value, goal.estimate.reason) == (None, "the one conversation was not measured")
    assert goal.with_invalid.n == 1
