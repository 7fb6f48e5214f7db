"""The rules of the seeds for persona experiments, by REST, with the calls counted where they arrive."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from lab.fake_bot import FakeBots
from lab.fake_llm import Auto, ChatRequest, Delay, FakeLLM, Reply, Script, Status, Step, ToolCall
from tests.running import until
from tests.server.running import Server, running

TOPICS = ("shipping", "returns")


@dataclass(frozen=True)
class Lab:
    """A server whose simulator, judge and bot are one fake model, and what an experiment is made of."""

    server: Server
    api: httpx2.Client
    fake: FakeLLM
    personas: list[int]
    group: int
    collection: int
    rows: list[int]
    template: int
    criteria: int
    bot: int

    def body(self, **changes: Any) -> dict[str, Any]:
        """A persona experiment: two personas, two rows."""
        return {
            "name": "support",
            "collection_id": self.collection,
            "persona_group_id": self.group,
            "prompt_template_id": self.template,
            "criterion_set_id": self.criteria,
            "llm_config_id": self.bot,
            "generate": True,
        } | changes

    def run(self, **changes: Any) -> dict[str, Any]:
        """The experiment, run to its end."""
        return self.ended(made(self.api, "experiments", self.body(**changes)))

    def ended(self, experiment: dict[str, Any]) -> dict[str, Any]:
        """The experiment when its task is over."""
        path = f"/experiments/{experiment['id']}"
        self.api.get(f"{path}/generation/{experiment['generation_task_id']}/stream").raise_for_status()
        return self.read(path)

    def read(self, path: str, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.api.get(path, params=parameters).raise_for_status().json()
        return answer

    def post(self, experiment: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
        answer = self.api.post(f"/experiments/{experiment['id']}/{what}", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def responses(self, experiment: dict[str, Any], **chosen: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.read("/responses", experiment_id=experiment["id"], **chosen)["items"]
        return items

    def calls(self) -> dict[str, int]:
        """Calls so far, by role."""
        return {role: self.fake.ledger.calls(role=role) for role in ("simulator", "bot", "judge")}


def made(api: httpx2.Client, noun: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(f"/{noun}", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def library(server: Server, api: httpx2.Client, fake: FakeLLM) -> Lab:
    people = [
        {"name": "Ann", "description": "Short of time, asks about {{topic}}."},
        {"name": "Ben", "description": "Polite.", "domain_knowledge": "Has read about {{ topic }}."},
    ]
    personas = [made(api, "personas", one)["id"] for one in people]
    columns = [{"name": "persona_goal", "column_type": "persona_goal"}, {"name": "topic"}]
    variables = [{"persona_goal": f"Learn what {topic} costs.", "topic": topic} for topic in TOPICS]
    collection = made(
        api,
        "collections",
        {"name": "scenarios", "collection_type": "PERSONA", "columns": columns, "variables": variables},
    )
    prompt = [{"role": "system", "content": "You work in a shop."}]
    criteria = [{"criterion_str": "Is the price of {{topic}} told?", "label": "price"}, {"criterion_str": "Polite?"}]
    bot: dict[str, Any] = {
        "name": "bot",
        "llm_base_url": f"{fake.url}/v1",
        "llm_model_name": "shop-bot",
        "api_key": "k",
    }
    bot |= {"input_price_per_mtok": 1.0, "output_price_per_mtok": 2.0, "max_retries": 0}
    return Lab(
        server,
        api,
        fake,
        personas,
        made(api, "persona_groups", {"name": "everybody", "persona_ids": personas})["id"],
        collection["id"],
        [row["id"] for row in collection["variables"]],
        made(api, "prompt_templates", {"name": "assistant", "messages": prompt})["id"],
        made(api, "criterion_sets", {"name": "quality", "criteria": criteria})["id"],
        made(api, "llm_configs", bot)["id"],
    )


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM.in_thread(end_after=2) as fake:
        yield fake


@pytest.fixture
def lab(database_url: str, fake: FakeLLM) -> Iterator[Lab]:
    models = {"simulator_provider": "openai", "simulator_model": "sim", "simulator_api_key": "k"}
    with (
        running(database_url, simulator_base_url=f"{fake.url}/v1", judge_model="judge", **models) as server,
        server.client() as api,
    ):
        yield library(server, api, fake)


@pytest.fixture
def bots() -> Iterator[FakeBots]:
    with FakeBots.in_thread() as bots:
        yield bots


def by_persona(**steps: Step) -> Callable[[ChatRequest], Step]:
    """A simulator that does for each persona what is said for its name."""
    return lambda request: next((step for name, step in steps.items() if name in request.first_text), Auto())


def ends(reason: str, explanation: str = "Because.") -> Reply:
    return Reply(tool_calls=(ToolCall("end_conversation", {"reason": reason, "explanation": explanation}),))


def said(response: dict[str, Any]) -> list[str]:
    return [message["role"] for message in response["messages"]]


# --- what was used ----------------------------------------------------------------------------------------------


def test_a_finished_experiment_shows_what_it_was_launched_with(lab: Lab) -> None:
    api, done = lab.api, lab.run()
    before = lab.responses(done)
    ann, ben = lab.personas
    criterion = done["criterion_set"]["criteria"][0]["id"]
    changes = [
        api.put(f"/personas/{ann}", json={"name": "Anna", "description": "Somebody else."}),
        api.delete(f"/personas/{ben}", params={"from_groups": True}),
        api.delete(f"/persona_groups/{lab.group}"),
        api.put(
            f"/collections/{lab.collection}/entries/{lab.rows[0]}", json={"input_values": {"persona_goal": "Other."}}
        ),
        api.delete(f"/collections/{lab.collection}/entries/{lab.rows[1]}"),
        api.put(f"/criteria/{criterion}", json={"criterion_str": "Is it something else?"}),
        api.put(f"/llm_configs/{lab.bot}", json={"name": "other", "provider": "mock", "api_key": ""}),
    ]
    assert [answer.status_code for answer in changes] == [200, 204, 204, 200, 204, 200, 200]
    assert (lab.read(f"/experiments/{done['id']}"), lab.responses(done)) == (done, before)
    gone = [f"/collections/{lab.collection}", f"/prompt_templates/{lab.template}", f"/criterion_sets/{lab.criteria}"]
    for path in (*gone, f"/llm_configs/{lab.bot}"):
        assert api.delete(path).status_code == 204, path
    again = lab.read(f"/experiments/{done['id']}")
    assert again == done
    assert lab.responses(done) == before
    assert [one["name"] for one in again["personas"]] == ["Ann", "Ben"]
    assert before[0]["prompt"]["template_variables"]["input_values"]["topic"] == "shipping"
    assert again["criterion_set"]["criteria"][0]["criterion_str"] == "Is the price of {{topic}} told?"


def test_a_draft_takes_its_copies_when_it_is_run(lab: Lab) -> None:
    draft = made(lab.api, "experiments", lab.body(generate=False))
    lab.api.put(f"/personas/{lab.personas[0]}", json={"name": "Anna", "description": "New."}).raise_for_status()
    lab.api.delete(f"/collections/{lab.collection}/entries/{lab.rows[1]}")
    done = lab.ended(lab.post(draft, "run"))
    assert [one["name"] for one in done["personas"]] == ["Anna", "Ben"]
    assert (done["planned"], done["finished"]) == (2, 2)


def test_placeholders_are_filled_from_the_row(lab: Lab) -> None:
    lab.run()
    simulators = {request.first_text for request in lab.fake.asked("simulator")}
    judges = {request.last_text for request in lab.fake.asked("judge")}
    for topic in TOPICS:
        assert any(f"asks about {topic}." in text for text in simulators)
        assert any(f"Has read about {topic}." in text for text in simulators)
        assert any(f"Is the price of {topic} told?" in text for text in judges)
    assert not any("{{" in text for text in simulators | judges)


def test_an_unknown_placeholder_is_refused_by_name_before_any_call(lab: Lab) -> None:
    description = {"name": "Ann", "description": "Talks of {{weather}}."}
    lab.api.put(f"/personas/{lab.personas[0]}", json=description).raise_for_status()
    strange = {"name": "strange", "criteria": [{"criterion_str": "Is {{nobody}} there?", "label": None}]}
    body = lab.body(criterion_set_id=made(lab.api, "criterion_sets", strange)["id"])
    refused = lab.api.post("/experiments", json=body)
    draft = made(lab.api, "experiments", body | {"generate": False})
    refused_at_run = lab.api.post(f"/experiments/{draft['id']}/run", json={})
    for answer in (refused, refused_at_run):
        assert answer.status_code == 400
        assert all(f"{{{{{name}}}}}" in answer.json()["detail"] for name in ("weather", "nobody"))
    assert lab.calls() == {"simulator": 0, "bot": 0, "judge": 0}
    assert lab.read("/experiments")["count"] == 1


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"persona_group_id": None}, "needs a persona group"),
    ({"collection_id": None}, "either a collection or a scenario set"),
    ({"evaluation_mode": "AGENTIC"}, "not supported"),
    ({"prompt_template_id": "question"}, "exactly one system message"),
    ({"collection_id": "questions"}, "is for MULTI_TURN experiments alone"),
    ({"collection_id": "questions", "evaluation_mode": "MULTI_TURN"}, "needs a PERSONA collection"),
    ({"collection_id": "empty"}, "has no rows"),
    ({"collection_id": "blank"}, "the goal (persona_goal) is blank"),
    ({"persona_group_id": "nobody"}, "has no personas"),
    ({"collection_id": "beta"}, "bring their own personas"),
    ({"llm_config_id": 10**6}, "there is no LLM config"),
    ({"judges": [{"llm_config_id": 10**6}]}, "judges.0.llm_config_id: there is no LLM config"),
    ({"behaviours": ["typs=0.3"]}, "'typs'"),
]


def test_what_does_not_go_together_is_refused(lab: Lab) -> None:
    api = lab.api
    beta = {"persona_name": "Cem", "persona_description": "Calm.", "goal_summary": "Learn the price."}
    named = {
        "question": made(api, "prompt_templates", {"name": "q", "messages": "{{topic}}?"})["id"],
        "questions": made(api, "collections", {"name": "questions", "variables": [{"topic": "it"}]})["id"],
        "nobody": made(api, "persona_groups", {"name": "nobody"})["id"],
    }
    for name, variables in (("empty", []), ("blank", [{"persona_goal": " "}]), ("beta", [beta])):
        body = {"name": name, "collection_type": "PERSONA", "variables": variables}
        named[name] = made(api, "collections", body)["id"]
    for changes, problem in REFUSED:
        body = lab.body(**{name: named.get(str(value), value) for name, value in changes.items()})
        answer = api.post("/experiments", json=body)
        assert answer.status_code in (400, 404), (changes, answer.text)
        assert problem in answer.json()["detail"], (changes, answer.text)
    assert sum(lab.calls().values()) == 0


# --- what is sent -----------------------------------------------------------------------------------------------


def test_a_stateless_bot_is_sent_everything_each_turn(lab: Lab) -> None:
    lab.run()
    asked = [request.messages for request in lab.fake.asked("bot")]
    assert all(messages[0] == {"role": "system", "content": "You work in a shop."} for messages in asked)
    firsts = [messages for messages in asked if len(messages) == 2]
    seconds = [messages for messages in asked if len(messages) == 4]
    assert (len(firsts), len(seconds)) == (4, 4)
    assert all([message["role"] for message in one[1:]] == ["user", "assistant", "user"] for one in seconds)
    assert all(one[:2] in firsts for one in seconds)


def test_botario_is_sent_the_new_message_and_its_session_alone(lab: Lab, bots: FakeBots) -> None:
    config = {"name": "botario", "inference_type": "botario", "llm_base_url": f"{bots.url}/botario"}
    done = lab.run(llm_config_id=made(lab.api, "llm_configs", config)["id"])
    bodies = [seen.body for seen in bots.requests]
    assert {tuple(sorted(body)) for body in bodies} == {("message", "sessionId")}
    found = lab.responses(done)
    assert len({body["sessionId"] for body in bodies}) == len(found) == 4
    spoken = sorted(message["content"] for one in found for message in one["messages"] if message["role"] == "user")
    assert sorted(body["message"] for body in bodies) == spoken
    assert all(one["messages"][0] == {"role": "system", "content": "You work in a shop."} for one in found)
    assert (done["llm_config"]["inference_type"], done["llm_config"]["provider"]) == ("botario", "botario")


def test_an_experiment_may_choose_another_simulator_and_judge(lab: Lab) -> None:
    own = {"name": "own", "llm_base_url": f"{lab.fake.url}/v1", "llm_model_name": "sim-of-ours", "api_key": "k"}
    id_ = made(lab.api, "llm_configs", own)["id"]
    lab.run(simulator={"llm_config_id": id_}, judge={"model": "judge-large"})
    ledger = lab.fake.ledger
    assert ledger.calls(model="sim-of-ours", role="simulator") == ledger.calls(role="simulator") > 0
    assert ledger.calls(model="judge-large") == ledger.calls(role="judge") == 4


def test_an_experiment_may_have_behaviours_an_auditor_and_several_judges(lab: Lab) -> None:
    typos = {"name": "typos", "probability": 1.0, "intensity": 2}
    judges = [{"model": "judge-a"}, {"model": "judge-b"}, {"model": "judge-c"}]
    asked = {"behaviours": [typos, "vague=0"], "audit": True, "judges": judges, "repeat_invalid": 0}
    seen = lab.api.post("/experiments/preview", json=lab.body(**asked)).raise_for_status().json()
    assert seen["judge"] == "openai/judge-a + openai/judge-b + openai/judge-c"
    done = lab.run(**asked)
    behaviours = [typos, {"name": "vague", "probability": 0.0}]
    assert {name: done[name] for name in asked} == asked | {"behaviours": behaviours}
    told = [request.messages[-1]["content"] for request in lab.fake.asked("simulator")]
    assert told
    assert all("two or three slips" in text for text in told)
    ledger = lab.fake.ledger
    assert [ledger.calls(model=f"judge-{name}") for name in "abc"] == [8, 4, 4]  # the first audits as well
    [rating, *_] = lab.responses(done)[0]["ratings"]
    assert rating["rater"] == seen["judge"]
    lab.ended(lab.post(done, "rerate", judges=judges[1:]))
    again = lab.responses(done)[0]["ratings"][0]
    assert again["rater"] == "openai/judge-b + openai/judge-c"
    assert ledger.calls(model="judge-b") == 8


def test_a_conversation_ends_after_sixteen_replies_or_as_many_as_is_said(lab: Lab) -> None:
    lab.fake.play(lambda request: Reply("Go on.") if request.role == "simulator" else None)
    one_row = {"name": "short", "collection_type": "PERSONA", "variables": [{"persona_goal": "Talk.", "topic": "it"}]}
    id_ = made(lab.api, "collections", one_row)["id"]
    for changes, replies in (({}, 16), ({"max_turns": 3}, 3)):
        done = lab.run(name=f"{replies} replies", collection_id=id_, **changes)
        found = lab.responses(done)
        assert {one["turns"] for one in found} == {replies}
        assert {one["termination_reason"] for one in found} == {"MAX_TURNS"}


# --- what comes out ---------------------------------------------------------------------------------------------


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


# --- before, while and after ------------------------------------------------------------------------------------


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


class Gate:
    """The usual answers, slowly, so that there is time to do something."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, _: ChatRequest) -> Step:
        self.asked += 1
        return Delay(150)


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


# --- single answers ---------------------------------------------------------------------------------------------


def test_tools_and_formats_of_a_template_reach_the_bot_and_calls_come_back(lab: Lab) -> None:
    tool = {"type": "function", "function": {"name": "price_of", "parameters": {"type": "object", "properties": {}}}}
    schema = {"type": "object", "properties": {"price": {"type": "number"}}}
    shape = {"type": "json_schema", "json_schema": {"name": "price", "schema": schema, "strict": True}}
    body = {"name": "tools", "messages": "{{topic}}?", "tools": [tool], "tool_choice": "auto"}
    template = made(lab.api, "prompt_templates", body | {"response_format_json_schema": shape})["id"]
    questions = made(lab.api, "collections", {"name": "questions", "variables": [{"topic": "it"}]})["id"]
    lab.fake.play(lambda request: Reply(tool_calls=(ToolCall("price_of", {"what": "it"}),)) if request.tools else None)
    done = lab.run(prompt_template_id=template, collection_id=questions, persona_group_id=None)
    [request] = [one for one in lab.fake.requests if one.model == "shop-bot"]
    assert {name: request.body[name] for name in ("tools", "tool_choice", "response_format")} == {
        "tools": [tool],
        "tool_choice": "auto",
        "response_format": shape,
    }
    [response] = lab.responses(done)
    [answer] = response["messages"]
    assert (answer["role"], "content" in answer) == ("assistant", False)
    assert answer["tool_calls"][0]["function"] == {"name": "price_of", "arguments": '{"what":"it"}'}
    assert (response["prompt"]["resolved_tools"], response["prompt"]["resolved_response_format"]) == ([tool], shape)
    assert response["termination_reason"] is None


def test_what_a_recorded_conversation_was_given_is_given_to_the_bot(lab: Lab) -> None:
    tool = {"type": "function", "function": {"name": "price_of", "parameters": {"type": "object", "properties": {}}}}
    schema = {"type": "object", "properties": {"price": {"type": "number"}}}
    messages = [{"role": "user", "content": "What does it cost?"}]
    plain = {"schema_version": "elluminate.uce/1", "input": {"messages": messages}}
    armed = {"schema_version": "elluminate.uce/1", "input": {"messages": messages, "tools": [tool]}}
    armed["input"] |= {"tool_choice": "required", "response_format": {"json_schema": schema}}  # type: ignore[operator]
    columns = [{"name": "talk", "column_type": "conversation"}]
    body = {"name": "talks", "columns": columns, "variables": [{"talk": plain}, {"talk": armed}]}
    talks = made(lab.api, "collections", body)["id"]
    changes = {"collection_id": talks, "prompt_template_id": None, "persona_group_id": None, "criterion_set_id": None}
    done = lab.run(**changes)
    sent = sorted(
        sorted(request.body.keys() & {"tools", "tool_choice", "response_format"}) for request in lab.fake.requests
    )
    assert sent == [[], ["response_format", "tool_choice", "tools"]]
    [without, given] = [one["prompt"] for one in lab.responses(done)]
    assert (without["resolved_tools"], given["resolved_tools"], given["resolved_tool_choice"]) == (
        None,
        [tool],
        "required",
    )
    assert given["resolved_response_format"]["json_schema"]["schema"] == schema
    custom = {"name": "custom", "inference_type": "custom_api", "llm_base_url": "http://127.0.0.1:9/"}
    id_ = made(lab.api, "llm_configs", custom)["id"]
    refused = lab.api.post("/experiments", json=lab.body(**changes, name="refused", llm_config_id=id_))
    assert (refused.status_code, "row 2: tools" in refused.json()["detail"]) == (400, True)
