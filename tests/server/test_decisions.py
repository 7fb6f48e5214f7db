"""Experiments held against each other and against a policy; and what cannot be told is undefined at every door."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import typer

from personae import compare, gate
from personae.cli import app
from personae.core.result import SimulationResult
from personae.server.experiments.comparing import Asked, counted_elsewhere
from personae.store import experiments
from personae.store.engine import Database
from tests.experiments.runs import Said, file, row

RULES = {"rules": [{"rule": "goal", "at_least": 0.8}]}
PEOPLE = [Said(persona=f"P{n:02}", criteria={"polite": True}, scores={"m": n / 40}) for n in range(20)]


def experiment(api: httpx2.Client, path: Path) -> int:
    answer = api.post("/experiments/import", files={"file": (path.name, path.read_bytes())})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_two_experiments_are_compared_by_their_responses(api: httpx2.Client, tmp_path: Path) -> None:
    after = [replace(said, goal=place >= 9, reply="No." if place < 9 else "Done.") for place, said in enumerate(PEOPLE)]
    a = experiment(api, file(tmp_path / "a.jsonl", [*PEOPLE, Said(persona="Old")], bot="old"))
    b = experiment(api, file(tmp_path / "b.jsonl", [*after, Said(persona="New", termination="bot_error")], bot="new"))
    found = api.get(f"/experiments/{b}/comparison", params={"baseline_id": a}).json()
    assert {name: found[name] for name in ("pairs", "worse", "better", "same", "unpaired", "forced")} == {
        "pairs": 20, "worse": 9, "better": 0, "same": 11, "unpaired": 2, "forced": False,
    }  # fmt: skip
    assert found["disclaimer"]
    assert (found["before"]["experiment_id"], found["after"]["bot"]) == (a, "new")
    goal = found["differences"][0]
    assert (goal["id"], goal["verdict"], goal["change"]["value"]) == ("goal", "worse", pytest.approx(-0.45))
    assert goal["change"]["low"] < -0.45 < goal["change"]["high"] < 0
    polite = found["differences"][1]
    for side, id_ in (("before", a), ("after", b)):
        asked = {"experiment_id": id_, "criterion_id": polite[f"{side}_criterion_id"], "verdict": "YES"}
        assert api.get("/responses", params=asked).json()["count"] >= 20
    assert {name: goal[name] for name in goal if name.endswith("_criterion_id")} == {
        "before_criterion_id": None, "after_criterion_id": None,
    }  # fmt: skip
    pair = found["paired_conversations"][0]
    assert (pair["outcome"], pair["changed"], pair["first_turn"]) == ("worse", ["goal"], 2)
    for side, id_, achieved in (("before", a, True), ("after", b, False)):
        response = api.get(f"/responses/{pair[f'{side}_response_id']}").json()
        assert (response["experiment_id"], response["goal_achieved"]) == (id_, achieved)
        assert response["persona"]["name"] == pair["persona"]
    lone = {
        one["persona"]: (one["reason"], one["before_response_id"] is None) for one in found["unpaired_conversations"]
    }
    assert lone == {"Old": ("only here", False), "New": ("only here", True)}
    few = api.get(f"/experiments/{b}/comparison", params={"baseline_id": a, "most": 1}).json()
    assert [one["outcome"] for one in few["paired_conversations"]] == ["worse", "same"]
    assert few["worse"] == 9
    id_ = few["paired_conversations"][1]["after_response_id"]
    criterion = api.get(f"/responses/{id_}").json()["ratings"][0]["criterion"]["id"]
    by_hand = {"prompt_response_id": id_, "criterion_id": criterion, "rating": "NO", "reasoning": "Rude."}
    api.put("/ratings/manual", json=by_hand).raise_for_status()
    again = api.get(f"/experiments/{b}/comparison", params={"baseline_id": a, "most": 1}).json()
    assert (again["worse"], again["same"]) == (10, 10)


def test_another_process_compares_as_this_one_does(api: httpx2.Client, tmp_path: Path, database_url: str) -> None:
    """It does so where there are many conversations."""
    after = [replace(said, goal=place >= 9, scores={"m": 0.1}) for place, said in enumerate(PEOPLE)]
    a = experiment(api, file(tmp_path / "a.jsonl", PEOPLE))
    b = experiment(api, file(tmp_path / "b.jsonl", [*after, Said(persona="New")]))

    async def elsewhere() -> dict[str, Any]:
        database = Database(database_url)
        async with database.reading() as connection:
            before, later = [await experiments.named(connection, 1, id_) for id_ in (a, b)]
        assert before
        assert later
        found = await counted_elsewhere(database, Asked(before, later, "holm"))
        await database.close()
        return found.as_dict(100)

    here = api.get(f"/experiments/{b}/comparison", params={"baseline_id": a}).json()
    there = json.loads(json.dumps(asyncio.run(elsewhere())))
    assert there["worse"] == 9
    assert there == {name: here[name] for name in there}


def test_what_is_not_comparable_is_409_with_what_differs_and_force_marks_it(api: httpx2.Client, tmp_path: Path) -> None:
    a = experiment(api, file(tmp_path / "a.jsonl", PEOPLE))
    b = experiment(api, file(tmp_path / "b.jsonl", PEOPLE, metadata={"judge_model": "another"}))
    refused = api.get(f"/experiments/{b}/comparison", params={"baseline_id": a})
    assert refused.status_code == 409
    assert "judge model: offline/offline against another" in refused.json()["detail"]
    differs = [{"what": "judge model", "before": "offline/offline", "after": "another"}]
    assert refused.json()["incomparable"] == differs
    drop = {"policy": {"rules": [{"rule": "goal", "drop_at_most": 0.1}]}, "baseline_id": a}
    assert api.post(f"/experiments/{b}/gate", json=drop).json()["incomparable"] == differs
    forced = api.get(f"/experiments/{b}/comparison", params={"baseline_id": a, "force": True}).json()
    assert (forced["forced"], forced["incomparable"], forced["same"]) == (True, differs, 20)


def test_the_gate_decides_and_says_what_is_wrong_in_a_policy(api: httpx2.Client, tmp_path: Path) -> None:
    a = experiment(api, file(tmp_path / "a.jsonl", PEOPLE))
    b = experiment(api, file(tmp_path / "b.jsonl", [replace(said, goal=False) for said in PEOPLE]))
    rules = [{"rule": "goal", "at_least": 0.8}, {"rule": "goal", "drop_at_most": 0.05}]
    found = api.post(f"/experiments/{b}/gate", json={"policy": {"rules": rules}, "baseline_id": a}).json()
    assert (found["verdict"], [check["verdict"] for check in found["checks"]]) == ("FAIL", ["FAIL", "FAIL"])
    assert (found["results"], found["baseline"], found["conversations"]) == ("b", "a", 20)
    for policy, problem in (
        ({"rules": [{"rule": "gaol", "at_least": 1}]}, "rule: must be one of goal"),
        ({"rules": [{"rule": "goal", "at_least": "0.8"}]}, "at_least: must be a number from 0 to 1"),
        ({"rules": rules}, "drop_at_most needs the run that was before"),
        ({}, "rules: is missing"),
    ):
        answer = api.post(f"/experiments/{b}/gate", json={"policy": policy})
        assert (answer.status_code, problem in answer.json()["detail"]) == (400, True), answer.text


def test_prompts_are_compared_by_the_rows_they_asked_about(api: httpx2.Client) -> None:
    """Experiments without personas: another template asks in other words, and that is what is compared."""
    table = api.post("/collections", json={"name": "T", "columns": [{"name": "topic"}]}).json()["id"]
    for topic in ("refunds", "returns"):
        api.post(f"/collections/{table}/entries", json={"input_values": {"topic": topic}})
    criteria = api.post("/criterion_sets", json={"name": "C"}).json()["id"]
    api.post("/criteria", json={"criteria": [{"criterion_str": "Is it polite?"}], "criterion_set_id": criteria})
    bot = api.post("/llm_configs", json={"name": "B", "provider": "mock", "mock": {"replies": ["Yes."]}}).json()["id"]
    made = []
    for name in ("What of {{topic}}?", "Tell me about {{topic}}."):
        messages = [{"role": "user", "content": name}]
        template = api.post("/prompt_templates", json={"name": name, "messages": messages}).json()["id"]
        setup = {"collection_id": table, "prompt_template_id": template, "criterion_set_id": criteria}
        setup |= {"name": name, "llm_config_id": bot, "generate": True}
        made.append(api.post("/experiments", json=setup).json()["id"])
        with api.stream("GET", f"/experiments/{made[-1]}/events") as events:
            assert any(line.startswith("event: end") for line in events.iter_lines())
    found = api.get(f"/experiments/{made[1]}/comparison", params={"baseline_id": made[0]}).json()
    assert (found["pairs"], found["unpaired"]) == (2, 0)


@dataclass(frozen=True)
class Poor:
    before: list[Said]
    after: list[Said]
    goal: str
    """The verdict of the comparison on the goal."""
    reason: str
    """Beside the change of `measure`."""
    measure: str = "goal"


SAME = [replace(said, scores={"m": 0.5}) for said in PEOPLE]
POOR = {
    "one conversation": Poor(
        PEOPLE[:1], PEOPLE[:1], "no difference shown", "one observation has no interval", "metric:m",
    ),
    "one persona": Poor(
        [Said(epoch=n, scores={"m": n / 9}) for n in (1, 2, 3)],
        [Said(epoch=n, scores={"m": n / 6}) for n in (1, 2, 3)],
        "no difference shown",
        "repeats of the same alone have no interval",
        "metric:m",
    ),
    "all invalid": Poor(
        [replace(said, is_fair=False) for said in PEOPLE], PEOPLE, "undefined", "no pair has an answer on both sides"
    ),
    "all errors": Poor(
        [Said(termination="bot_error")], [Said(termination="simulator_error")], "undefined", "no pair has an answer"
    ),
    "zero variance": Poor(SAME, SAME, "no difference shown", "", "metric:m"),
    "ratings on one side": Poor(
        PEOPLE, [replace(said, criteria={"polite": None}) for said in PEOPLE], "no difference shown",
        "no pair has an answer on both sides", "criterion:polite",
    ),
}  # fmt: skip


def by_command(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    """What a command prints with `--json`, whatever its exit code says."""
    with suppress(typer.Exit, SystemExit):
        app()([*map(str, arguments), "--json"], standalone_mode=False)
    return json.loads(capsys.readouterr().out)


IDS_OF_A_SERVER = ("before_criterion_id", "after_criterion_id")


def plain(value: Any) -> Any:
    """Without the lists of conversations, what things are called at each door, and the lines of a policy's file."""
    apart = ("results", "baseline", "line", "paired_conversations", "unpaired_conversations", *IDS_OF_A_SERVER)
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if key not in apart and not _is_side(one)}
    return [plain(one) for one in value] if isinstance(value, list) else value


def _is_side(value: Any) -> bool:
    """One of the two runs, by its name at that door."""
    return isinstance(value, dict) and "bot" in value


def test_what_cannot_be_told_is_undefined_with_its_reason_at_every_door(
    api: httpx2.Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gate.yaml").write_text(json.dumps(RULES))
    for name, case in POOR.items():
        a, b = file(tmp_path / f"a {name}.jsonl", case.before), file(tmp_path / f"b {name}.jsonl", case.after)
        ids = experiment(api, a), experiment(api, b)
        results = [[SimulationResult.from_row(row(said)) for said in side] for side in (case.before, case.after)]
        told = api.get(f"/experiments/{ids[1]}/comparison", params={"baseline_id": ids[0]}).json()
        for found in (compare(a, b).as_dict(), compare(*results).as_dict(), by_command(capsys, "compare", a, b)):
            assert plain(found) == plain(told), name
        by_id = {one["id"]: one for one in told["differences"]}
        if case.goal == "undefined":
            assert (by_id["goal"]["p"], by_id["goal"]["change"]["value"]) == (None, None), name
            assert by_id["goal"]["reason"], name
        assert by_id["goal"]["verdict"] == case.goal, name
        assert case.reason in by_id[case.measure]["change"]["reason"], name

        decided = api.post(f"/experiments/{ids[0]}/gate", json={"policy": RULES}).json()
        printed = by_command(capsys, "gate", a, "--policy", tmp_path / "gate.yaml")
        for found in (gate(a, RULES).as_dict(), gate(results[0], RULES).as_dict(), printed):
            assert plain(found) == plain(decided), name
        assert decided["verdict"] == ("INCONCLUSIVE" if case.goal == "undefined" or len(case.before) < 9 else "PASS")

        summary = api.get(f"/experiments/{ids[0]}/export", params={"format": "json"}).json()
        assert summary == by_command(capsys, "report", a), name
        rate = summary["goal_completion"]
        assert (rate["value"] is None) == bool(rate["reason"]) == (case.goal == "undefined"), name
