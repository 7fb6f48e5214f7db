"""A persona experiment before, while and after it runs: plan, pause, cancel, ceilings, ratings, by REST."""

from __future__ import annotations

import json

from lab.fake_llm import Status
from tests.running import until
from tests.server.experiment_lab import Gate, Lab, made


def test_the_plan_is_shown_before_anything_is_done(lab: Lab) -> None:
    seen = lab.api.post("/experiments/preview", json=lab.body(n_epochs=3, max_turns=2)).raise_for_status().json()
    assert {name: seen[name] for name in ("personas", "rows", "epochs", "conversations", "problems")} == {
        "personas": 2,
        "rows": 2,
        "epochs": 3,
        "conversations": 12,
        "problems": [],
    }
    assert 0 < seen["detectable"] <= 1
    assert "asks about shipping" in seen["example"]["text"]
    assert sum(lab.calls().values()) == 0
    assert lab.read("/experiments")["items"] == []
    done = lab.run(n_epochs=3, max_turns=2)
    low, high = seen["calls"]
    assert low <= sum(lab.calls().values()) <= high
    assert done["planned"] == 12
    lab.api.put(f"/personas/{lab.personas[0]}", json={"name": "Ann", "description": "{{a}} {{b}}"})
    problems = lab.api.post("/experiments/preview", json=lab.body()).json()["problems"]
    assert problems
    assert all("{{a}}" in problem and "{{b}}" in problem for problem in problems)


def test_a_plan_is_made_of_the_rows_as_they_are_when_one_looks(lab: Lab) -> None:
    """However often one looked before."""

    def look() -> tuple[int, str]:
        seen = lab.api.post("/experiments/preview", json=lab.body()).raise_for_status().json()
        return seen["rows"], "\n".join(seen["problems"]) or seen["example"]["text"]

    rows, first = f"/collections/{lab.collection}/entries", lab.rows[0]
    assert look() == look()
    assert "Learn what shipping costs." in look()[1]
    values = {"persona_goal": "Learn who pays for {{topic}}.", "topic": "parcels"}
    lab.api.put(f"{rows}/{first}", json={"input_values": values}).raise_for_status()
    assert "Learn who pays for parcels." in look()[1]
    lab.api.post(rows, json={"input_values": {"persona_goal": "Complain.", "topic": "x"}}).raise_for_status()
    assert look()[0] == 3
    lab.api.delete(f"{rows}/{first}").raise_for_status()
    assert look()[0] == 2
    assert "about returns" in look()[1]
    columns = lab.read(f"/collections/{lab.collection}")["columns"]
    renamed = [one | ({"name": "subject"} if one["name"] == "topic" else {}) for one in columns]
    lab.api.put(f"/collections/{lab.collection}", json={"name": "scenarios", "columns": renamed}).raise_for_status()
    assert "{{topic}}" in look()[1]


def test_a_paused_experiment_goes_on_and_nothing_is_asked_twice(lab: Lab) -> None:
    gate = Gate()
    lab.fake.play({"bot": gate})
    begun = made(lab.api, "experiments", lab.body(n_epochs=2))
    path = f"/experiments/{begun['id']}"
    until(lambda: gate.asked > 0, "the bot is asked")
    lab.post(begun, "pause")
    until(lambda: lab.read(path)["status"] == "paused", "the experiment is paused")
    at_pause = lab.calls()
    assert lab.read(path)["finished"] < 8
    lab.fake.play(None)
    done = lab.ended(lab.post(begun, "resume"))
    assert (done["status"], done["finished"], done["failed"]) == ("finished", 8, 0)
    assert lab.calls() == {"simulator": 24, "bot": 16, "judge": 8}
    assert at_pause["simulator"] < 24


def test_a_cancelled_experiment_keeps_what_is_there(lab: Lab) -> None:
    gate = Gate()
    lab.fake.play({"bot": gate})
    begun = made(lab.api, "experiments", lab.body(n_epochs=2))
    until(lambda: gate.asked > 0, "the bot is asked")
    refused = lab.api.delete(f"/experiments/{begun['id']}")
    assert refused.status_code == 409
    lab.post(begun, "cancel")
    cancelled = lab.ended(begun)
    assert (cancelled["status"], cancelled["problem"]) == ("cancelled", "cancelled")
    lab.fake.play(None)
    done = lab.ended(lab.post(begun, "resume"))
    assert (done["status"], done["finished"]) == ("finished", 8)
    assert lab.calls() == {"simulator": 24, "bot": 16, "judge": 8}
    assert lab.api.delete(f"/experiments/{begun['id']}").status_code == 204


def test_a_raised_budget_lets_cut_conversations_go_on(lab: Lab) -> None:
    cut = lab.run(max_calls=10)
    reasons = [one["termination_reason"] for one in lab.responses(cut)]
    assert "budget_exceeded" in reasons
    assert sum(lab.calls().values()) <= 10
    assert lab.run(name="no money", budget_usd=0.0)["spent_usd"] == 0


def test_money_that_is_added_is_spent_from_where_it_ran_out(lab: Lab) -> None:
    with_price = {"llm_base_url": f"{lab.fake.url}/v1", "api_key": "k", "output_price_per_mtok": 1e5}
    dear = made(lab.api, "llm_configs", {"name": "dear", "llm_model_name": "dear", "max_tokens": 100, **with_price})
    cut = lab.run(llm_config_id=dear["id"], budget_usd=25.0)
    assert {one["termination_reason"] for one in lab.responses(cut)} >= {"budget_exceeded"}
    before = lab.calls()
    assert before["bot"] < 8
    assert cut["spent_usd"] <= 25
    lab.api.put(f"/experiments/{cut['id']}/budget", json={"budget_usd": 10_000}).raise_for_status()
    done = lab.ended(lab.post(cut, "resume"))
    assert {one["termination_reason"] for one in lab.responses(done)} == {"goal_met"}
    assert (done["finished"], done["budget_usd"]) == (4, 10_000)
    assert lab.calls() == {"simulator": 12, "bot": 8, "judge": 4}


def test_rating_again_asks_the_judge_alone(lab: Lab) -> None:
    done = lab.run()
    before = lab.calls()
    transcripts = [one["messages"] for one in lab.responses(done)]
    other = {"name": "other", "criteria": [{"criterion_str": "Is {{topic}} named?", "label": None}]}
    set_id = made(lab.api, "criterion_sets", other)["id"]
    again = lab.ended(lab.post(done, "rerate", criterion_set_id=set_id, judge={"model": "judge-large"}))
    assert lab.calls() == before | {"judge": before["judge"] + 4}
    assert lab.fake.ledger.calls(model="judge-large") == 4
    found = lab.responses(again)
    assert [one["messages"] for one in found] == transcripts
    ratings = [rating for one in found for rating in one["ratings"]]
    assert {rating["criterion"]["criterion_str"] for rating in ratings} == {"Is {{topic}} named?"}
    assert {rating["rater"] for rating in ratings} == {"openai/judge-large"}
    assert (again["status"], again["criterion_set"]["name"]) == ("finished", "other")
    assert list(again["results"]["mean_rating_by_criterion_id"]) == [str(again["criterion_set"]["criteria"][0]["id"])]


def test_a_rating_that_fails_is_no_no_and_can_be_tried_again(lab: Lab) -> None:
    lab.fake.play({"judge": Status(500)})
    done = lab.run()
    before = lab.calls()
    for one in lab.responses(done):
        assert one["ratings"] == []
        assert [asked["criterion_str"] for asked in one["unrated"]] == ["Is the price of {{topic}} told?", "Polite?"]
        assert all("not rated" in asked["error"] for asked in one["unrated"])
    assert (done["finished"], done["rated"], done["results"]["num_rated_responses"]) == (4, 0, 0)
    assert done["results"]["mean_rating_by_criterion_id"] == {}
    lab.fake.play(None)
    again = lab.ended(lab.post(done, "retry-failed"))
    after = lab.calls()
    assert {role: after[role] for role in ("simulator", "bot")} == {role: before[role] for role in ("simulator", "bot")}
    assert (again["rated"], again["results"]["mean_all_ratings"]["yes"]) == (4, 1.0)


def test_a_response_made_beside_the_plan_is_tried_again_as_well(lab: Lab) -> None:
    done = lab.run()
    lab.fake.play({"bot": Status(500)})
    asked = {"template_variables_id": lab.rows[0], "experiment_id": done["id"]}
    task = lab.api.post("/responses/batches", json={"prompt_response_ins": [asked, asked]}).json()
    until(lambda: lab.read(f"/responses/batches/{task}")["status"] == "SUCCESS", "the responses are there")
    failed = lab.responses(done, has_error=True)
    whose = sorted((one["persona"]["name"], one["epoch"]) for one in failed)
    assert whose == [("Ann", 1), ("Ann", 2), ("Ben", 1), ("Ben", 2)]
    lab.fake.play(None)
    again = lab.ended(lab.post(done, "retry-failed"))
    assert (again["finished"], again["failed"], len(lab.responses(again))) == (8, 0, 8)
    exported = lab.api.get(f"/experiments/{done['id']}/export").text.splitlines()
    assert len({json.loads(line)["key"] for line in exported}) == 8


def test_results_follow_what_people_change(lab: Lab) -> None:
    done = lab.run()
    path = f"/experiments/{done['id']}"
    assert (done["results"]["mean_all_ratings"]["yes"], done["results"]["num_rated_responses"]) == (1.0, 4)
    first, second, *_ = lab.responses(done)
    criterion = done["criterion_set"]["criteria"][0]["id"]
    by_hand = {"prompt_response_id": first["id"], "criterion_id": criterion, "rating": "NO", "reasoning": "I say so."}
    rating = lab.api.put("/ratings/manual", json=by_hand).raise_for_status().json()
    assert (rating["rating"], rating["is_manual"], rating["reasoning"]) == ("NO", True, "I say so.")
    assert lab.read(path)["results"]["mean_all_ratings"]["yes"] == 7 / 8
    row = json.loads(lab.api.get(f"{path}/export").text.splitlines()[0])
    assert [one["verdict"] for one in row["ratings"]] == [False, True]
    assert (row["ratings"][0]["reasoning"], row["metadata"]["rated_by_hand"]) == ("I say so.", ["price"])
    lab.api.delete(f"/responses/{second['id']}").raise_for_status()
    changed = lab.read(path)
    assert (changed["finished"], changed["rated"], changed["results"]["num_rated_responses"]) == (3, 3, 3)
    again = lab.ended(lab.post(done, "rerate"))
    assert (again["rated"], again["results"]["mean_all_ratings"]["yes"]) == (3, 5 / 6)
    kept = lab.read(f"/responses/{first['id']}")["ratings"]
    assert sorted((one["rating"], one["is_manual"]) for one in kept) == [("NO", True), ("YES", False)]
    row = json.loads(lab.api.get(f"{path}/export").text.splitlines()[0])
    assert [one["verdict"] for one in row["ratings"]] == [False, True]


def test_what_a_caller_brings_waits_to_be_rated(lab: Lab) -> None:
    draft = made(lab.api, "experiments", lab.body(generate=False))
    talk = [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "It costs 5 euros."}]
    brought = {"template_variables_id": lab.rows[0], "experiment_id": draft["id"], "persona_id": lab.personas[1]}
    one = made(lab.api, "responses", brought | {"messages": talk})
    assert (one["messages"], one["persona"]["name"], one["termination_reason"]) == (talk, "Ben", None)
    assert [asked["error"] for asked in one["unrated"]] == ["not rated yet"] * 2
    path = f"/experiments/{draft['id']}"
    assert [lab.read(path)[name] for name in ("finished", "rated")] == [1, 0]
    rated = lab.api.post("/ratings", json={"prompt_response_id": one["id"], "rating_mode": "fast"}).json()
    assert [rating["rating"] for rating in rated] == ["YES", "YES"]
    assert [lab.read(path)[name] for name in ("finished", "rated")] == [1, 1]
    lab.api.delete(f"/responses/{one['id']}").raise_for_status()
    assert [lab.read(path)[name] for name in ("finished", "rated")] == [0, 0]
    other = lab.api.post("/responses/generate", json=brought | {"llm_config_id": 10**6})
    assert (other.status_code, "own LLM config" in other.json()["detail"]) == (400, True)
    assert lab.calls() == {"simulator": 0, "bot": 0, "judge": 1}


def test_a_response_made_beside_the_plan_goes_on_when_there_is_money_again(lab: Lab) -> None:
    done = lab.run()
    budget = f"/experiments/{done['id']}/budget"
    lab.api.put(budget, json={"budget_usd": 0.0}).raise_for_status()
    asked = {"template_variables_id": lab.rows[0], "experiment_id": done["id"], "persona_id": lab.personas[0]}
    cut = made(lab.api, "responses/generate", asked)
    assert cut["termination_reason"] == "budget_exceeded"
    lab.api.put(budget, json={"budget_usd": 10.0}).raise_for_status()
    again = lab.ended(lab.post(done, "resume"))
    assert [one["termination_reason"] for one in lab.responses(again)] == ["goal_met"] * 5
