"""Settings of a project, by REST: what holds where an experiment says nothing, and for which experiments."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.fake_llm import FakeLLM
from tests.running import until
from tests.server.experiment_lab import Gate, Lab, library, made
from tests.server.running import running

OURS, OTHERS, BOT, NOBODY = ({"llm_config_id": id_} for id_ in (2, 3, 1, 10**6))
"""Configs in the order in which they are made; the first is a bot that is no model."""
SERVER = {"simulator": "openai/sim", "judge": "openai/judge", "budget_usd": 10.0}
CHOSEN = {"simulator": OURS, "judge": OURS, "max_turns": 1, "budget_usd": 3.0, "max_conversations": 2}
PROJECT = {"simulator": "openai/ours", "judge": "openai/ours", "budget_usd": 3.0}
PRECEDENCE: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({}, {}, SERVER),
    (CHOSEN, {}, PROJECT),
    ({"judge": OURS}, {}, SERVER | {"judge": "openai/ours"}),
    (CHOSEN, {"judge": OTHERS, "budget_usd": 0.5}, PROJECT | {"judge": "openai/others", "budget_usd": 0.5}),
    (CHOSEN, {"simulator": {}, "judge": {}}, PROJECT | {"simulator": "openai/sim", "judge": "openai/judge"}),
    (CHOSEN, {"judges": [OTHERS, {"model": "x"}]}, PROJECT | {"judge": "openai/others + openai/x"}),
]
"""What the project chose, what an experiment says, and what holds."""
REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"judge": NOBODY}, 400, "judge.llm_config_id: there is no LLM config"),
    ({"simulator": BOT}, 400, "no language model"),
    ({"max_conversations": 65}, 400, "must be 64 or less"),
    ({"max_turns": 0}, 422, "body.max_turns"),
    ({"judge": {"model": "judge-large"}}, 422, "body.judge"),
]


@pytest.fixture(scope="module")
def lab(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """For both tests, each of which makes experiments of its own names."""
    file = tmp_path_factory.mktemp("settings") / "personae.db"
    shutil.copy(sqlite_template, file)
    models = {
        "simulator_provider": "openai",
        "simulator_model": "sim",
        "simulator_api_key": "k",
        "judge_model": "judge",
    }
    with (
        FakeLLM.in_thread(end_after=2) as fake,
        running(f"sqlite:///{file}", simulator_base_url=f"{fake.url}/v1", **models) as server,
        server.client() as api,
    ):
        made(api, "llm_configs", {"name": "no model", "provider": "mock", "mock": {"replies": ["Yes."]}})
        for name in ("ours", "others"):
            reached = {"llm_base_url": f"{fake.url}/v1", "llm_model_name": name, "api_key": "k"}
            made(api, "llm_configs", {"name": name, **reached})
        yield library(server, api, fake)


def choose(lab: Lab, **chosen: Any) -> dict[str, Any]:
    found: dict[str, Any] = lab.api.put("/settings", json=chosen).raise_for_status().json()
    return found


def test_an_experiments_own_choice_wins_over_its_projects_and_that_over_the_servers(lab: Lab) -> None:
    api = lab.api
    for chosen, own, expected in PRECEDENCE:
        settings = choose(lab, **chosen)
        seen = api.post("/experiments/preview", json=lab.body(**own)).raise_for_status().json()
        assert {name: seen[name] for name in expected} == expected, (chosen, own)
        assert (settings["server"]["judge"], settings["server"]["max_turns"]) == ("openai/judge", 16)
    assert settings["in_force"] == {**CHOSEN, "simulator": "ours", "judge": "ours"}
    for body, status, problem in REFUSED:
        answer = api.put("/settings", json=body)
        assert (answer.status_code, problem in answer.json()["detail"]) == (status, True), answer.text
    assert api.get("/settings").json() == settings
    with lab.server.client(made(api, "api_keys", {"name": "k", "role": "editor"})["key"]) as editor:
        assert (editor.get("/settings").status_code, editor.put("/settings", json={}).status_code) == (200, 403)

    tried = {"goal": "Learn the price.", "columns": {"topic": "lamps"}}
    wish = {"method": "propose", "n": 1, "options": {"context": "Lumen & Oak sells lamps."}}
    assert api.post(f"/personas/{lab.personas[0]}/try", json=tried).json()["simulator"] == "openai/ours"
    assert api.post("/generations/preview", json=wish).json()["model"] == "openai/ours"
    begun = made(api, "generations", wish)
    assert (begun["llm_config_id"], begun["budget_usd"]) == (OURS["llm_config_id"], 3.0)


def test_a_run_keeps_what_its_project_had_when_it_began(lab: Lab) -> None:
    api, gate = lab.api, Gate()
    choose(lab, **CHOSEN)
    lab.fake.play({"bot": gate})
    draft = made(api, "experiments", lab.body(name="later", generate=False))
    api.put(f"/experiments/{draft['id']}/budget", json={"budget_usd": 3.0}).raise_for_status()
    begun = made(api, "experiments", lab.body(name="begun"))
    path = f"/experiments/{begun['id']}"
    until(lambda: gate.asked > 0, "the bot is asked")
    lab.post(begun, "pause")
    until(lambda: lab.read(path)["status"] == "paused", "the experiment is paused")

    ours, others = (f"/llm_configs/{one['llm_config_id']}" for one in (OURS, OTHERS))
    assert api.delete(ours).json()["detail"].startswith("the experiment 'begun' is under way with this LLM config")
    choose(lab, judge=OTHERS, budget_usd=7.0)
    lab.fake.play(None)
    for goes_on in ("resume", "rerate"):
        done = lab.ended(lab.post(begun, goes_on))
        assert {(one["turns"], one["ratings"][0]["rater"]) for one in lab.responses(done)} == {(1, "openai/ours")}
    kept = ("simulator", "judge", "max_turns", "budget_usd")
    assert {name: done[name] for name in kept} == {name: CHOSEN[name] for name in kept}

    run = lab.ended(lab.post(draft, "run"))
    assert (run["judge"], run["max_turns"], run["budget_usd"]) == (OTHERS, None, 3.0)
    assert {(one["turns"], one["ratings"][0]["rater"]) for one in lab.responses(run)} == {(2, "openai/others")}
    asked = {"response_ids": [lab.responses(run)[0]["id"]]}
    assert api.post(f"/criterion_sets/{lab.criteria}/try/cost", json=asked).json()["judge"] == "openai/others"
    refused = api.delete(others)
    assert (refused.status_code, "it is the project's judge" in refused.json()["detail"]) == (409, True)
    changed = api.get("/audit_log", params={"noun": "project"}).json()["items"][0]["detail"]
    assert changed == {**dict.fromkeys(CHOSEN), "judge": OTHERS, "budget_usd": 7.0}
