"""The summary of results, also where there is nothing to sum up; and personas that are proposed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lab.fake_llm import FakeLLM, Reply, Status
from personae import DISCLAIMER, Scenario, SimulationResult, propose_personas, score_simulations
from personae.core.conversation import Conversation, Turn
from personae.core.rating import Rating, Score
from personae.core.usage import Usage
from personae.errors import InputError, ProviderError
from tests.running import personas


def result(number: int, *, achieved: bool | None, scores: tuple[Score, ...] = (), usd: float = 0.1) -> SimulationResult:
    goal = Rating("goal", achieved, error="" if achieved is not None else "not rated")
    talk = Conversation((Turn("user", "hi"), Turn("assistant", "ho")), "goal_met")
    usage = {"judge": Usage(calls=1, priced_usd=usd)}
    person = personas(number)[-1]
    return SimulationResult(f"k{number}", person, Scenario(goal="x"), 1, talk, goal, (), scores, usage)


def test_goals_are_counted_with_an_interval() -> None:
    summary = score_simulations([result(1, achieved=True), result(2, achieved=False), result(3, achieved=True)])
    goals = summary["goal_completion"]
    assert (goals["achieved"], goals["judged"], round(goals["rate"], 3)) == (2, 3, 0.667)
    low, high = goals["interval"]
    assert 0 <= low < 2 / 3 < high <= 1


def test_what_was_not_judged_is_no_failure() -> None:
    goals = score_simulations([result(1, achieved=True), result(2, achieved=None)])["goal_completion"]
    assert (goals["achieved"], goals["judged"], goals["rate"]) == (1, 1, 1.0)


@pytest.mark.parametrize("results", [[], [result(1, achieved=None)]])
def test_where_nothing_was_judged_the_rate_is_undefined(results: list[SimulationResult]) -> None:
    goals = score_simulations(results)["goal_completion"]
    assert goals == {"achieved": 0, "judged": 0, "rate": None, "interval": None}


def test_a_score_that_was_not_measured_is_none_with_its_reason() -> None:
    summary = score_simulations([result(1, achieved=True, scores=(Score("m", None, "no bot turn"),))])
    own = summary["per_persona"]["persona 1"]
    assert own["scores"] == {"m": None}
    assert own["reasons"] == {"m": "no bot turn"}


def test_several_conversations_of_a_persona_are_means_over_what_was_measured() -> None:
    scores = [Score("m", value, "why") for value in (1.0, 0.5, None)]
    summary = score_simulations([result(1, achieved=True, scores=(score,)) for score in scores])
    own = summary["per_persona"]["persona 1"]
    assert own["scores"] == {"m": 0.75}
    assert own["goal_achieved"] == [True, True, True]
    assert (summary["n_personas"], summary["n_conversations"]) == (1, 3)


def test_costs_add_up_and_one_unknown_makes_the_sum_unknown() -> None:
    known = [result(1, achieved=True, usd=0.25), result(2, achieved=True, usd=0.5)]
    assert score_simulations(known)["total_cost_usd"] == 0.75
    unknown = replace(known[0], usage={"bot": Usage(calls=1, unpriced_calls=1)})
    assert score_simulations([*known, unknown])["total_cost_usd"] is None


def test_the_summary_says_that_it_is_simulated() -> None:
    summary = score_simulations([])
    assert summary["simulated"] is True
    assert summary["disclaimer"] == DISCLAIMER


def test_personas_are_proposed_with_one_call_and_one_is_adversarial() -> None:
    drafts = [persona.as_dict() | {"profile": "x", "traits": []} for persona in personas(4)]
    drafts[2]["traits"] = ["adversarial"]
    for draft in drafts:
        del draft["description"]
    with FakeLLM.in_thread(Reply(json.dumps({"personas": drafts}))) as fake:
        found = propose_personas("A shop for shoes.", n=4, base_url=fake.url + "/v1", model="m")
        calls = fake.ledger.calls()
    assert len({persona.name for persona in found}) == len(found) == 4
    assert any(persona.is_adversarial for persona in found)
    assert all(persona.goal and persona.success_criteria for persona in found)
    assert calls == 1


def test_proposing_from_nothing_is_refused() -> None:
    with FakeLLM.in_thread() as fake, pytest.raises(InputError, match="empty"):
        propose_personas("  ", base_url=fake.url + "/v1", model="m")


def test_a_model_that_cannot_propose_is_said() -> None:
    with FakeLLM.in_thread(Status(400, message="no")) as fake, pytest.raises(ProviderError, match="no"):
        propose_personas("A shop.", base_url=fake.url + "/v1", model="m")
