"""The rules of the seeds for launching persona experiments, by REST, with the calls counted where they arrive."""

from __future__ import annotations

from typing import Any

from lab.fake_bot import FakeBots
from lab.fake_llm import Reply, ToolCall
from tests.server.experiment_lab import TOPICS, Lab, made

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
