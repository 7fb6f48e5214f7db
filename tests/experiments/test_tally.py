"""What a report says, from rows made by hand: counts add up, and what is undefined says why."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personae.core.conversation import DISCLAIMER, TERMINATIONS, Termination, Turn
from personae.core.rating import Rating, Score, Vote
from personae.core.result import SimulationResult
from personae.core.usage import Usage
from personae.experiments.report_data import ReportData
from personae.experiments.tally import tally
from tests.reports.samples import make, sample_rows


def collect(*results: SimulationResult) -> ReportData:
    return tally(result.as_row() for result in results)


@dataclass(frozen=True)
class Case:
    name: str
    results: tuple[SimulationResult, ...]
    reason: str


UNDEFINED = [
    Case("no conversations", (), "there are no conversations"),
    Case(
        "all errors",
        (make(termination="bot_error", error="500"), make(persona="Bo", termination="simulator_error", error="no")),
        "none of 2 conversations was measured",
    ),
    Case("one, cut", (make(termination="cancelled", goal=True),), "the one conversation was not measured"),
    Case(
        "no expected outcome",
        (make(has_goal=False, ratings=(Rating("Polite", True),)),),
        "no scenario names an expected outcome",
    ),
    Case(
        "judge silent about the goal",
        (make(goal_error="no answer", ratings=(Rating("Polite", True),)),),
        "the judge answered it for no conversation",
    ),
]


@pytest.mark.parametrize("case", UNDEFINED, ids=lambda case: case.name)
def test_an_undefined_rate_says_why_and_is_no_number(case: Case) -> None:
    data = collect(*case.results)
    assert (data.goal.value, data.goal.low, data.goal.high, data.goal.n) == (None, None, None, 0)
    assert data.goal.reason == case.reason
    assert "NaN" not in json.dumps(data.as_dict())


def test_one_conversation_has_a_wide_interval() -> None:
    data = collect(make())
    assert (data.goal.value, data.goal.n) == (1.0, 1)
    assert (data.goal.low or 0) < 0.25


@given(
    st.lists(st.tuples(st.sampled_from(TERMINATIONS), st.sampled_from([True, False, None]), st.booleans()), max_size=30)
)
def test_measured_and_left_out_add_up(cases: list[tuple[Termination, bool | None, bool]]) -> None:
    results = [
        make(
            persona=f"P{number}",
            termination=end,
            goal=goal,
            goal_error="" if goal is not None else "none",
            has_goal=has,
        )
        for number, (end, goal, has) in enumerate(cases)
    ]
    data = collect(*results)
    assert data.measured + sum(one.count for one in data.excluded) == data.conversations == len(cases)
    assert sum(data.terminations.values()) == len(cases)
    assert data.goal.n <= data.measured
    for slices in (data.personas, data.scenarios):
        assert sum(one.conversations for one in slices) == len(cases)


def test_a_cut_conversation_is_in_no_rate_although_it_was_judged() -> None:
    data = collect(make(), make(persona="Bo", termination="budget_exceeded", goal=False, error="$1.00 reached"))
    assert (data.goal.value, data.goal.n) == (1.0, 1)
    assert [(one.reason, one.count) for one in data.excluded] == [("budget_exceeded", 1)]


def test_errors_that_differ_in_numbers_alone_are_one_message() -> None:
    errors = ["HTTP 500 after 1,204 ms", "HTTP 500 after 88 ms", "connection refused"]
    data = collect(*(make(persona=f"P{n}", termination="bot_error", error=text) for n, text in enumerate(errors)))
    assert [(message.text, message.count) for message in data.excluded[0].messages] == [(errors[0], 2), (errors[2], 1)]


def test_a_question_without_an_answer_is_counted_beside_its_rate() -> None:
    answered, silent = Rating("Polite", True), Rating("Polite", None, error="cut off at 400 tokens")
    data = collect(make(ratings=(answered,)), make(persona="Bo", ratings=(silent,)))
    polite = data.measures[1]
    assert (polite.id, polite.estimate.n, polite.missing) == ("criterion:Polite", 1, 1)
    assert polite.reasons[0].text == "cut off at 400 tokens"


def test_metrics_are_means_and_come_last() -> None:
    scores = [(Score("retention", value),) for value in (0.5, 0.7)]
    data = collect(*(make(persona=f"P{n}", scores=score) for n, score in enumerate(scores)))
    assert [measure.kind for measure in data.measures] == ["goal", "metric"]
    assert data.measures[1].estimate.value == pytest.approx(0.6)


def test_repeats_form_clusters_and_give_pass_k() -> None:
    data = collect(*(make(persona=name, epoch=epoch, goal=epoch < 3) for name in ("Ann", "Bo") for epoch in (1, 2, 3)))
    assert (data.goal.n, data.goal.clusters, data.epochs) == (6, 2, 3)
    values = [round(data.pass_hat[k].value or 0, 3) for k in (1, 2, 3)]
    assert values == [0.667, 0.333, 0.0]
    assert [round(data.pass_at[k].value or 0, 3) for k in (1, 2, 3)] == [0.667, 1.0, 1.0]
    assert data.as_dict()["pass_at"]["2"]["value"] == 1


def test_several_judges_have_their_part_of_the_spread() -> None:
    def rated(persona: str, epoch: int, *said: bool | None) -> SimulationResult:
        votes = tuple(Vote(f"j{place}", one, "" if one is not None else "cut off") for place, one in enumerate(said))
        result = make(persona=persona, epoch=epoch)
        return replace(result, goal=Rating("goal", sum(map(bool, said)) > len(said) / 2, votes=votes))

    conversations = [("Ann", 1, True, True, False), ("Ann", 2, True, True, True), ("Bo", 1, False, False, None)]
    parts = {part.name: part for part in collect(*(rated(*one) for one in conversations)).variance}
    assert parts["judge"].variance == pytest.approx(2 / 7 / 2)  # 2 of 7 pairs of votes differ
    assert sum(part.share or 0 for part in parts.values()) == pytest.approx(1)
    alone = {part.name: part for part in collect(make(), make(persona="Bo", goal=False)).variance}
    assert (alone["judge"].variance, alone["judge"].reason) == (None, "no conversation was rated more than once")


def test_traits_gather_personas() -> None:
    data = collect(make(traits=("terse", "rude")), make(persona="Bo", traits=("terse",), goal=False))
    assert {one.name: (one.conversations, one.estimates["goal"].value) for one in data.traits} == {
        "terse": (2, 0.5),
        "rude": (1, 1.0),
    }


def test_an_unknown_price_is_said_and_never_nothing() -> None:
    data = collect(make(usage={"bot": Usage(2, 100, priced_usd=0.5), "judge": Usage(1, 50, unpriced_calls=1)}))
    assert data.total_usage.cost_usd is None
    assert data.as_dict()["cost_usd"] is None
    assert data.usage["bot"].cost_usd == 0.5


def test_latency_retries_and_cut_replies_come_from_the_turns() -> None:
    turns = (
        Turn("user", "a", 9000.0, metadata={"retried": 1}),
        Turn("assistant", "b", 100.0),
        Turn("user", "c", 9000.0),
        Turn("assistant", "d", 300.0, metadata={"finish_reason": "length"}),
    )
    data = collect(make(turns=turns, metadata={"refusals_observed": 2}))
    assert (data.latency.n, data.latency.p50_ms) == (2, 200.0)
    assert (data.retried, data.cut_replies, data.refusals) == (1, 1, 2)
    assert data.turns == {2: 1}


def test_a_file_that_mixes_runs_names_both() -> None:
    data = collect(*(make(persona=bot, metadata={"bot": bot, "prompts": {"judge": bot * 2}}) for bot in ("a", "b")))
    assert data.run.bot == ("a", "b")
    assert [(fact.name, fact.values) for fact in data.facts] == [("prompts.judge", ("aa", "bb"))]


def test_the_seed_of_the_run_stands_for_those_of_its_conversations() -> None:
    data = collect(*(make(persona=str(seed), metadata={"run_seed": 7, "seed": seed}) for seed in (11, 12)))
    assert (data.run.seed, data.facts) == (("7",), ())


def test_the_summary_is_json_and_honest() -> None:
    data = tally(sample_rows())
    summary = json.loads(json.dumps(data.as_dict(), allow_nan=False))
    assert summary["disclaimer"] == DISCLAIMER
    assert summary["simulated"] is True
    assert summary["conversations"] == 41


def test_rows_are_streamed() -> None:
    """Nothing of a row's transcript is kept: ten times the text, the same data."""

    def rows(size: int) -> Any:
        for number in range(20):
            yield make(persona=f"P{number % 3}", epoch=number, turns=(Turn("user", "x" * size),)).as_row()

    assert tally(rows(10)) == tally(rows(10_000))
