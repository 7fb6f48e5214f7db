"""Every flag of `personae simulate`, through the real command."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.fake_llm import Delay, FakeLLM, Reply, Status
from personae import DISCLAIMER
from tests.running import Done, rows

Command = Callable[..., Done]
TAU2 = Path(os.environ.get("PERSONAE_TAU2") or Path(__file__).parents[3] / "shared" / "data" / "tau2-bench")
SHARED = TAU2 / "airline-tasks.json"


def model_cmd(folder: Path, body: str = "return 'All right.'") -> Path:
    path = folder / "bot.py"
    path.write_text(f"def model_fn(prompt: str) -> str:\n    {body}\n")
    return path


def test_a_file_of_personas_is_talked_through_and_rated(simulate: Command, folder: Path) -> None:
    done = simulate()
    assert done.code == 0
    found = rows(folder / "r.jsonl")
    assert [row["persona"]["name"] for row in found] == ["persona 1", "persona 2"]
    assert all(row["goal_achieved"] is True and row["turns"] == 2 for row in found)
    assert set(found[0]["scores"]) == {"conversation_relevance", "knowledge_retention", "turn_consistency"}


def test_without_any_output_option_the_file_has_its_usual_name(simulate: Command, folder: Path) -> None:
    simulate(without=("--out",))
    assert len(rows(folder / "simulation_results.jsonl")) == 2


def test_the_estimate_comes_before_the_first_call(simulate: Command, fake: FakeLLM) -> None:
    done = simulate("--max-calls", 1, "--price", "1/2")
    assert re.search(r"spend estimate: \d+ to \d+ model calls, .* \$0\.\d+ to \$0\.\d+; hard ceiling \$1\.00", done.err)
    fake.play(Status(401))
    assert "spend estimate" in simulate("--fresh").err


def test_the_estimate_comes_before_personas_are_proposed(simulate: Command, fake: FakeLLM, folder: Path) -> None:
    (folder / "product.md").write_text("A shop for shoes.")
    fake.play(Status(401))
    done = simulate("--propose-from", "product.md", without=("--personas",))
    assert done.code == 2
    assert "spend estimate: 1 or 2 calls to propose 5 personas, then" in done.err


def test_an_unknown_price_is_said_with_the_way_to_cap_it(simulate: Command) -> None:
    err = simulate().err
    assert "the price of openai/sim, openai/judge is not known" in err
    assert "--price" in err
    assert "--max-calls" in err


def test_progress_counts_each_conversation_on_a_line_of_its_own(simulate: Command) -> None:
    err = simulate().err.splitlines()
    assert [line.split("]")[0] for line in err if line.startswith("[")] == ["[1/2", "[2/2"]


@pytest.mark.parametrize(
    ("arguments", "where"),
    [((), "out"), ((), "err"), (("--json",), "out"), (("--quiet",), "r.jsonl"), (("--html", "r.html"), "r.html"),
     (("--junit", "r.xml"), "r.xml"), (("--export-cases", "c.jsonl"), "c.jsonl"), ((), "r.jsonl")],
)  # fmt: skip
def test_the_honesty_line_is_in_every_output(
    simulate: Command, folder: Path, arguments: tuple[str, ...], where: str
) -> None:
    done = simulate(*arguments)
    text = {"out": done.out, "err": done.err}.get(where) or (folder / where).read_text(encoding="utf-8")
    assert DISCLAIMER in text


def test_json_is_all_there_is_on_stdout(simulate: Command) -> None:
    summary = json.loads(simulate("--json").out)
    assert summary["simulated"] is True


def test_quiet_says_nothing(simulate: Command) -> None:
    assert simulate("--quiet") == Done(0, "", "")


def test_quiet_still_says_errors(simulate: Command) -> None:
    done = simulate("--quiet", "--personas", "nowhere.jsonl")
    assert (done.code, done.out) == (2, "")
    assert "nowhere.jsonl" in done.err


def test_epochs_repeat_everybody(simulate: Command, folder: Path) -> None:
    simulate("--epochs", 3)
    assert [row["epoch"] for row in rows(folder / "r.jsonl")].count(3) == 2
    assert len({row["key"] for row in rows(folder / "r.jsonl")}) == 6


def test_max_turns_counts_replies_of_the_bot(simulate: Command, folder: Path) -> None:
    simulate("--max-turns", 1)
    assert {(row["turns"], row["stop_reason"]) for row in rows(folder / "r.jsonl")} == {(1, "max_turns")}


def test_a_function_in_a_file_is_the_bot(simulate: Command, folder: Path) -> None:
    done = simulate("--model-cmd", model_cmd(folder, "return prompt[:5]"), without=("--bot",))
    assert done.code == 0
    assert rows(folder / "r.jsonl")[0]["transcript"][1]["content"] == "USER:"


def test_the_bots_system_prompt_is_sent_and_recorded(simulate: Command, fake: FakeLLM, folder: Path) -> None:
    (folder / "system.md").write_text("You sell shoes.")
    simulate("--bot", fake.url + "/v1", "--bot-model", "mine", "--bot-system", "system.md")
    asked = [request for request in fake.requests if request.model == "mine"]
    assert {request.first_text for request in asked} == {"You sell shoes."}
    assert rows(folder / "r.jsonl")[0]["transcript"][0] == {"role": "system", "content": "You sell shoes."}


def test_the_bots_system_prompt_is_filled_from_the_scenario(simulate: Command, fake: FakeLLM, folder: Path) -> None:
    (folder / "s.yaml").write_text("- goal: leave\n  city: Oslo\n- goal: stay\n  city: Rome\n")
    given = ("--scenarios", "s.yaml", "--bot", fake.url + "/v1", "--bot-model", "mine", "--bot-system")
    refused = simulate(*given, "You sell shoes in {{town}}.")
    assert (refused.code, fake.ledger.calls()) == (2, 0)
    assert "the bot's system prompt: no column fills {{town}}" in refused.err
    simulate(*given, "You sell shoes in {{city}}.")
    filled = {"You sell shoes in Oslo.", "You sell shoes in Rome."}
    assert {request.first_text for request in fake.requests if request.model == "mine"} == filled
    assert {row["transcript"][0]["content"] for row in rows(folder / "r.jsonl")} == filled


def test_a_price_serves_the_bots_unknown_model_too(simulate: Command, fake: FakeLLM, folder: Path) -> None:
    done = simulate("--bot", fake.url + "/v1", "--bot-model", "mine", "--price", "1/2")
    assert "not known" not in done.said
    assert all(row["cost_usd"] > 0 and row["usage"]["bot"]["cost_usd"] > 0 for row in rows(folder / "r.jsonl"))


def test_scenarios_are_crossed_with_personas(simulate: Command, folder: Path) -> None:
    (folder / "s.yaml").write_text("- goal: ask for {{what}}\n  fields: {what: shoes}\n- goal: leave\n")
    simulate("--scenarios", "s.yaml")
    goals = [(row["persona"]["name"], row["scenario"]["goal"]) for row in rows(folder / "r.jsonl")]
    assert sorted(goals) == [(f"persona {n}", goal) for n in (1, 2) for goal in ("ask for shoes", "leave")]


@pytest.mark.skipif(not SHARED.exists(), reason="the tau2-bench tasks are not here: set PERSONAE_TAU2 to their folder")
def test_tau2_tasks_are_scenarios_with_personas_of_their_own(simulate: Command, folder: Path) -> None:
    done = simulate("--scenarios", f"tau2:{SHARED}", "--max-turns", 1, without=("--personas",))
    assert done.code == 0
    assert len(rows(folder / "r.jsonl")) == 50


def test_what_proposing_cost_is_said(simulate: Command, fake: FakeLLM, folder: Path) -> None:
    (folder / "product.md").write_text("A shop for shoes.")
    persona = {"name": "Ann", "profile": "x", "goal": "y", "success_criteria": "z", "traits": ["adversarial"]}
    fake.play(lambda request: Reply(json.dumps({"personas": [persona]})) if request.number == 1 else None)
    done = simulate("--propose-from", "product.md", "--n-personas", 1, "--price", "1/2", without=("--personas",))
    assert re.search(r"personas: 1 proposed for \$0\.\d{4}, which no row counts; kept in", done.err)


def test_personas_are_proposed_kept_and_found_again(simulate: Command, fake: FakeLLM, folder: Path) -> None:
    (folder / "product.md").write_text("A shop for shoes.")
    persona = {"name": "Ann", "profile": "x", "goal": "y", "success_criteria": "z", "traits": ["adversarial"]}
    proposal = Reply(json.dumps({"personas": [persona, persona | {"name": "Bob"}]}))
    fake.play(lambda request: proposal if "shoes" in request.last_text and request.number < 3 else None)
    ask = ("--propose-from", "product.md", "--n-personas", 2)
    done = simulate(*ask, without=("--personas",))
    assert "2 proposed; kept in r.personas.jsonl" in done.err
    assert [row["name"] for row in rows(folder / "r.personas.jsonl")] == ["Ann", "Bob"]
    calls = fake.ledger.calls()
    again = simulate(*ask, without=("--personas",))
    assert again.code == 0
    assert fake.ledger.calls() == calls


def test_criteria_are_rated(simulate: Command, folder: Path) -> None:
    (folder / "c.txt").write_text("Is the bot polite?\nDoes it name a date?\n")
    simulate("--criteria", "c.txt", "--metrics", "none")
    row = rows(folder / "r.jsonl")[0]
    assert [rating["criterion"] for rating in row["ratings"]] == ["Is the bot polite?", "Does it name a date?"]
    assert row["scores"] == {}


def test_one_metric_can_be_chosen_with_a_dash(simulate: Command, folder: Path) -> None:
    simulate("--metrics", "turn-consistency")
    assert list(rows(folder / "r.jsonl")[0]["scores"]) == ["turn_consistency"]


@pytest.mark.parametrize(("least", "code"), [(0.5, 0), (1, 1)])
def test_the_gate_fails_under_the_share_of_goals(simulate: Command, fake: FakeLLM, least: float, code: int) -> None:
    def no_for_one(request: object) -> Reply | None:
        if getattr(request, "role", "") == "judge" and "order 1." in getattr(request, "last_text", ""):
            no = {"id": "goal", "reasoning": "", "quotes": [], "verdict": "NO"}
            return Reply(json.dumps({"criteria": [no], "turns": []}))
        return None

    fake.play(no_for_one)
    done = simulate("--metrics", "none", "--fail-under", least)
    assert done.code == code, done.said
    assert ("gate: goal completion is 50%, under --fail-under 100%" in done.err) is (code == 1)


def test_html_junit_and_cases_are_written(simulate: Command, folder: Path) -> None:
    simulate("--html", "a/r.html", "--junit", "r.xml", "--export-cases", "c.jsonl")
    assert (folder / "a" / "r.html").read_text().startswith("<!doctype html>")
    assert "<testsuite" in (folder / "r.xml").read_text()
    case = rows(folder / "c.jsonl")[0]
    assert set(case) >= {"input", "conversation", "metadata"}
    assert case["input"] == "Cancel order 1."
    assert [turn["role"] for turn in case["conversation"]] == ["user", "assistant"] * 2 + ["user"] * (
        len(case["conversation"]) - 4
    )
    assert case["metadata"]["persona"] == "persona 1"


def test_a_cassette_gives_the_same_rows_without_network(simulate: Command, fake: FakeLLM, folder: Path) -> None:
    simulate("--cassette", "tape.jsonl", "--out", "one.jsonl")
    calls = fake.ledger.calls()
    done = simulate("--cassette", "tape.jsonl", "--out", "two.jsonl")
    assert done.code == 0
    assert fake.ledger.calls() == calls

    def by_key(name: str) -> dict[str, object]:
        return {row["key"]: row | {"transcript": texts(row)} for row in rows(folder / name)}

    def texts(row: dict[str, list[dict[str, str]]]) -> list[str]:
        return [turn["content"] for turn in row["transcript"]]  # the mock bot's own latency is not on the tape

    assert by_key("one.jsonl") == by_key("two.jsonl")


def test_the_same_command_again_asks_nothing(simulate: Command, fake: FakeLLM) -> None:
    simulate()
    calls = fake.ledger.calls()
    done = simulate("--resume")
    assert "going on: 2 are done already, 0 left; --fresh runs all of them again" in done.err
    assert "spend estimate" not in done.err
    assert fake.ledger.calls() == calls


def test_what_failed_is_tried_again_when_asked(simulate: Command, folder: Path) -> None:
    ask = ("--model-cmd", model_cmd(folder, "raise OSError('closed')"), "--metrics", "none")
    done = simulate(*ask, without=("--bot",))
    assert done.code == 3
    assert "2 failed or could not be rated: run the same command with --retry-errors" in done.err
    model_cmd(folder)
    assert simulate(*ask, without=("--bot",)).code == 3
    done = simulate(*ask, "--retry-errors", without=("--bot",))
    assert done.code == 0
    assert "--retry-errors" not in done.err
    assert "2 conversations tried again after an error" in done.out
    assert [row["goal_achieved"] for row in rows(folder / "r.jsonl")] == [True, True]


def test_trying_again_what_is_thrown_away_is_refused(simulate: Command) -> None:
    done = simulate("--fresh", "--retry-errors")
    assert done.code == 2
    assert "give one of --fresh and --retry-errors" in done.err


def test_fresh_replaces_the_results(simulate: Command, fake: FakeLLM, folder: Path) -> None:
    simulate()
    calls = fake.ledger.calls()
    simulate("--fresh")
    assert fake.ledger.calls() == 2 * calls
    assert len(rows(folder / "r.jsonl")) == 2


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [("--max-calls", 3, "ceiling of 3 calls"), ("--max-tokens", 9000, "ceiling of 9,000 tokens"),
     ("--budget", "0.000001", "budget of $1e-06")],
)  # fmt: skip
def test_ceilings_hold_and_say_so(
    simulate: Command, fake: FakeLLM, folder: Path, option: str, value: object, says: str
) -> None:
    done = simulate(option, value, "--price", "1/2")
    cut = [row for row in rows(folder / "r.jsonl") if row["stop_reason"] == "budget_exceeded"]
    assert f"{len(cut)} cut short by a ceiling: raise it and run the same command" in done.err
    assert all(says in row["error"] for row in cut)


def test_concurrency_is_the_most_at_once(simulate: Command, fake: FakeLLM) -> None:
    fake.play(Delay(5))
    simulate("--concurrency", 1)
    assert fake.ledger.max_in_flight == 1


def test_the_judge_can_stand_elsewhere(simulate: Command, fake: FakeLLM, folder: Path) -> None:
    simulate("--judge-provider", "offline", without=("--judge-model",))
    assert fake.ledger.calls(role="judge") == 0
    assert fake.ledger.calls(role="simulator")  # for which the address is
    assert rows(folder / "r.jsonl")[0]["metadata"]["judge_model"].startswith("offline/")


def test_a_row_says_how_it_came_to_be(simulate: Command, folder: Path) -> None:
    simulate("--seed", 7)
    metadata = rows(folder / "r.jsonl")[0]["metadata"]
    assert metadata["simulator_model"] == "openai/sim"
    assert metadata["judge_model"] == "openai/judge"
    assert (metadata["simulator_temperature"], metadata["judge_temperature"]) == (0.7, 0.0)
    assert metadata["run_seed"] == 7
    assert metadata["provenance"]["case_uid"] == rows(folder / "r.jsonl")[0]["key"]
    assert set(metadata["provenance"]) >= {"git_commit", "prompts", "versions"}


def test_the_recorded_temperature_is_the_one_that_was_sent(simulate: Command, fake: FakeLLM, folder: Path) -> None:
    fake.play(lambda request: Status(400, message="Unsupported value: 'temperature'") if "temperature" in request.body else None)  # fmt: skip  # noqa: E501
    simulate()
    assert all("temperature" not in request.body for request in fake.requests[-2:])
    assert rows(folder / "r.jsonl")[0]["metadata"]["judge_temperature"] is None


def test_it_runs_offline_without_key_or_network(command: Command, folder: Path) -> None:
    done = command("simulate", "--bot", "mock", "--personas", "personas.jsonl", "--provider", "offline")
    assert done.code == 0, done.said
    assert "at no cost" in done.err
