"""What persona experiments give: their responses, lists and grids, by REST."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from lab.fake_llm import Reply, Script, Status
from tests.server.experiment_lab import Lab, by_persona, ends, made, said


def test_a_response_tells_how_the_conversation_ended_in_the_words_of_the_seed(lab: Lab) -> None:
    for name in ("Cem", "Dora"):
        one = made(lab.api, "personas", {"name": name, "description": "Calm."})["id"]
        lab.api.put(f"/persona_groups/{lab.group}/members/{one}").raise_for_status()
    after_one = {"Ann": ends("goal_met"), "Ben": ends("goal_failed", "It refused."), "Cem": ends("stuck")}
    choose = by_persona(**after_one, Dora=Reply("Go on."))
    lab.fake.play({"simulator": lambda request: choose(request) if request.own_turns else Reply("Hello?")})
    done = lab.run(max_turns=2)
    reasons = {one["persona"]["name"]: one["termination_reason"] for one in lab.responses(done)}
    assert reasons == {"Ann": "goal_met", "Ben": "goal_failed", "Cem": "stuck", "Dora": "MAX_TURNS"}
    assert done["results"]["terminations"] == dict.fromkeys(reasons.values(), 2)
    for name, reason in reasons.items():
        found = lab.responses(done, termination_reason=reason)
        assert [one["persona"]["name"] for one in found] == [name] * 2
    [failed, _] = lab.responses(done, termination_reason="goal_failed")
    assert failed["termination_explanation"] == "It refused."


def test_a_response_tells_everything_that_it_took(lab: Lab) -> None:
    done = lab.run()
    calls = lab.calls()
    found = lab.responses(done)
    assert len(found) == 4
    for one in found:
        assert said(one) == ["system", "user", "assistant", "user", "assistant"]
        assert len(one["latency_ms"]) == 4
        assert all(latency > 0 for latency in one["latency_ms"])
        assert {role: used["calls"] for role, used in one["usage"].items()} == {"simulator": 3, "bot": 2, "judge": 1}
        assert one["usage"]["bot"]["cost_usd"] > 0
        assert one["generation_metadata"]["input_tokens"] > 0
        assert (one["simulated"], one["disclaimer"]) == (True, done["disclaimer"])
        assert [rating["rating"] for rating in one["ratings"]] == ["YES", "YES"]
    assert calls == {"simulator": 12, "bot": 8, "judge": 4}
    assert done["disclaimer"] == "simulated personas: measures behavior under synthetic users, not real traffic"


RETURNS_FAIL: Script = {
    "simulator": lambda request: (
        Reply(f"About {'returns' if 'returns' in request.first_text else 'shipping'}?")
        if not request.own_turns
        else None
    ),
    "bot": lambda request: Status(500) if "returns" in request.last_text else None,
}


def test_responses_are_filtered_by_persona_row_verdict_and_error(lab: Lab) -> None:
    lab.fake.play(RETURNS_FAIL)
    done = lab.run()
    assert (done["finished"], done["failed"], done["rated"]) == (4, 2, 2)
    ann, ben = lab.personas
    shipping, returns = lab.rows
    criterion = done["criterion_set"]["criteria"][0]["id"]
    first = lab.responses(done, template_variables_id=shipping, persona_id=ann)[0]
    by_hand = {"prompt_response_id": first["id"], "criterion_id": criterion, "rating": "NO"}
    lab.api.put("/ratings/manual", json=by_hand).raise_for_status()
    note = {"annotation": "Rude, says Özge."}
    noted = lab.responses(done, template_variables_id=shipping, persona_id=ben)[0]
    lab.api.patch(f"/responses/{noted['id']}", json=note).raise_for_status()
    cases: list[tuple[dict[str, Any], set[tuple[int, int]]]] = [
        ({"persona_id": ben}, {(ben, shipping), (ben, returns)}),
        ({"template_variables_id": returns}, {(ann, returns), (ben, returns)}),
        ({"has_error": True}, {(ann, returns), (ben, returns)}),
        ({"has_error": False}, {(ann, shipping), (ben, shipping)}),
        ({"termination_reason": "bot_error", "persona_id": ann}, {(ann, returns)}),
        ({"criterion_id": criterion, "verdict": "NO"}, {(ann, shipping)}),
        ({"criterion_id": criterion, "verdict": "YES"}, {(ben, shipping)}),
        ({"verdict": "none"}, {(ann, returns), (ben, returns)}),
        ({"verdict": "no"}, {(ann, shipping)}),
        ({"verdict": "YES"}, {(ann, shipping), (ben, shipping)}),
        ({"verdict": "perhaps"}, set()),
        ({"text": "SHIPP about"}, {(ann, shipping), (ben, shipping)}),  # words or parts of them, in any order
        ({"text": "shipping returns"}, set()),
        ({"text": "says rude"}, {(ben, shipping)}),  # of a note, too
        ({"text": "rude shipping"}, set()),
        (
            {"validity": "valid", "persona_id": "", "epoch": "", "turns_min": "", "has_error": ""},
            {(ann, shipping), (ben, shipping)},
        ),
        ({"validity": "invalid"}, {(ann, returns), (ben, returns)}),
        ({"validity": "none"}, set()),
        ({"validity": "counted"}, {(ann, shipping), (ben, shipping)}),
        ({"validity": "invalid", "fault": "bot"}, {(ann, returns), (ben, returns)}),
        ({"fault": "simulator"}, set()),
        ({"judged": "true"}, {(ann, shipping), (ben, shipping)}),
        ({"judged": "false", "validity": "invalid"}, {(ann, returns), (ben, returns)}),
        ({"fault": ""}, {(ann, shipping), (ben, shipping), (ann, returns), (ben, returns)}),
        ({"turns_min": 1, "turns_max": 2}, {(ann, shipping), (ben, shipping)}),
        ({"cost_usd_min": 0}, set()),  # the price of the simulator is not known
        ({"turns_max": 0}, {(ann, returns), (ben, returns)}),
    ]
    for chosen, expected in cases:
        found = lab.responses(done, **chosen)
        assert {(one["persona"]["id"], one["prompt"]["template_variables"]["id"]) for one in found} == expected, chosen
        assert len(found) == len(expected)
    assert lab.responses(done, sort_by="worst")[0]["id"] == first["id"]  # what people rate changes the order
    assert all(one["error"] and said(one) == ["system", "user"] for one in lab.responses(done, has_error=True))


def test_the_page_of_an_experiment_shows_what_is_there_now(lab: Lab) -> None:
    """However often one looked before: its grid is kept as long as nothing changes."""
    lab.fake.play(RETURNS_FAIL)
    done = lab.run()

    def look(query: str = "") -> tuple[int, ...]:
        page = lab.api.get(f"{lab.server.url}/p/1/experiments/{done['id']}{query}").raise_for_status().text
        cells = Counter(re.findall(r'data-at="[\d-]+" data-state="(\w+)"', page))
        return cells["s4"], cells["s2"], cells["out"], cells["open"]

    assert look() == look("?persona_id=1&sort_by=turns-desc") == (2, 0, 2, 0)
    lab.fake.play({})
    lab.ended(lab.post(done, "retry-failed"))
    assert look() == (4, 0, 0, 0)
    first = lab.responses(done)[0]
    by_hand = {
        "prompt_response_id": first["id"],
        "criterion_id": first["ratings"][0]["criterion"]["id"],
        "rating": "NO",
    }
    lab.api.put("/ratings/manual", json=by_hand).raise_for_status()
    assert look() == (3, 1, 0, 0)
    lab.api.delete(f"/responses/{first['id']}").raise_for_status()
    assert look() == (3, 0, 0, 1)


def test_an_experiment_is_shown_as_lists_and_a_grid(lab: Lab) -> None:
    """Without transcripts, by window and by page, the worst first."""
    lab.fake.play(RETURNS_FAIL)
    done = lab.run(n_epochs=2)
    path = f"/experiments/{done['id']}"
    grid = lab.read(f"{path}/grid", rows_limit=1, rows_page=2, personas_limit=1)
    assert (grid["personas_count"], grid["rows_count"], grid["epochs"], grid["under_way"]) == (2, 2, 2, [])
    assert [one["name"] for one in grid["personas"]] == ["Ann"]
    assert [(row["number"], row["title"]) for row in grid["rows"]] == [(2, "Learn what returns costs.")]
    (cell,) = grid["cells"]
    assert [(one["epoch"], one["score"], one["left_out"]) for one in cell["responses"]] == [
        (1, None, "bot_error"),
        (2, None, "bot_error"),
    ]
    tally = lab.read(f"{path}/tally")
    assert {one["termination_reason"]: one["count"] for one in tally["endings"]} == {"bot_error": 4, "goal_met": 4}
    assert [(one["termination_reason"], one["count"]) for one in tally["errors"]] == [("bot_error", 4)]
    assert lab.api.get(f"{path}/under-way").json() == []
    parts = done["results"]["breakdown"]
    assert (parts["measured"], parts["excluded"]) == (4, [{"reason": "bot_error", "count": 4}])
    assert [(one["label"], one["rate"]["n"]) for one in parts["criteria"]] == [("price", 4), ("", 4)]
    assert [one["conversations"] for one in parts["personas"]] == [4, 4]
    assert sum(bar["count"] for bar in parts["turns"]) == 8
    briefs = lab.read("/responses/briefs", experiment_id=done["id"], sort_by="worst", limit=5)
    assert briefs["count"] == 8
    assert [bool(one["error"]) for one in briefs["items"]] == [True] * 4 + [False]
    assert set(briefs["items"][-1]["answers"].values()) == {"YES"}
    assert {one["row"]["number"] for one in briefs["items"][:4]} == {2}
    (summary,) = lab.read("/experiments/summaries", status="finished", search="supp")["items"]
    assert (summary["collection"], summary["persona_group"], summary["ratings"]["n"]) == ("scenarios", "everybody", 8)
    assert lab.read("/experiments/summaries", status="draft")["count"] == 0


def test_the_sdks_word_and_the_truth_about_a_mock(lab: Lab) -> None:
    id_ = made(lab.api, "llm_configs", {"name": "mock", "provider": "mock", "mock": {"replies": ["Hi."]}})["id"]
    done = lab.run(llm_config_id=id_)
    config = lab.responses(done)[0]["generation_metadata"]["llm_model_config"]
    for one in (done["llm_config"], config):
        assert (one["inference_type"], one["provider"]) == ("openai", "mock")


def test_the_older_form_runs_one_conversation_for_each_row(lab: Lab) -> None:
    rows = [
        {"persona_name": name, "persona_description": f"{name} is calm.", "goal_summary": f"Goal of {name}."}
        for name in ("Cem", "Dora")
    ]
    rows.append(rows[0] | {"persona_description": "Another Cem."})
    rows[0]["environment_config"] = {"shop": "shoes"}  # type: ignore[assignment]
    body = {"name": "beta", "collection_type": "PERSONA", "variables": rows}
    beta = made(lab.api, "collections", body)["id"]
    asked = {"criterion_str": "Does {{persona_name}} get what they want?", "label": None}
    criteria = made(lab.api, "criterion_sets", {"name": "beta", "criteria": [asked]})["id"]
    done = lab.run(collection_id=beta, persona_group_id=None, criterion_set_id=criteria)
    assert (done["evaluation_mode"], done["planned"], done["finished"], done["failed"]) == ("MULTI_TURN", 3, 3, 0)
    told = {request.first_text for request in lab.fake.asked("simulator")}
    for name in ("Cem", "Dora"):
        assert any(f"Goal of {name}." in text and f"{name} is calm." in text for text in told)
