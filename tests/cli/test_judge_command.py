"""`personae judge` on a real result file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.running import Done, rows

Command = Callable[..., Done]


def label_all(folder: Path, name: str, rater: str, label: str = "YES") -> None:
    lines = [
        {"key": row["key"], "criterion": "goal", "rater": rater, "label": label} for row in rows(folder / "r.jsonl")
    ]
    (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_check_prints_agreement_and_writes_the_card(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    label_all(folder, "l.jsonl", "ann")
    done = command("judge", "check", "r.jsonl", "--labels", "l.jsonl", "--card", "card.json")
    assert done.code == 0, done.said
    assert "share of YES, corrected by people" in done.out
    (entry,) = json.loads((folder / "card.json").read_text())["criteria"]
    assert (entry["criterion"], entry["judge"]["model"], entry["n"]) == ("goal", "openai/judge", 2)


def test_check_as_json_has_no_nan(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    label_all(folder, "l.jsonl", "ann")
    done = command("judge", "check", "r.jsonl", "--labels", "l.jsonl", "--json")
    (found,) = json.loads(done.out, parse_constant=lambda name: 1 / 0)["criteria"]
    assert found["kappa"]["value"] is None
    assert found["kappa"]["reason"]


def test_check_of_labels_for_another_file_measures_nothing(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    (folder / "l.jsonl").write_text('{"key": "x", "criterion": "goal", "rater": "ann", "label": "NO"}\n')
    done = command("judge", "check", "r.jsonl", "--labels", "l.jsonl")
    assert done.code == 3
    assert "is not in the result file" in done.out


def test_merge_puts_two_peoples_labels_together(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    label_all(folder, "a.jsonl", "ann")
    label_all(folder, "b.jsonl", "bob")
    assert command("judge", "merge", "a.jsonl", "b.jsonl", "--out", "all.jsonl").code == 0
    assert {row["rater"] for row in rows(folder / "all.jsonl")} == {"ann", "bob"}
    assert command("judge", "merge", "a.jsonl", "--out", "all.jsonl").code == 2


def test_merge_refuses_one_name_for_two_people(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    label_all(folder, "a.jsonl", "ann")
    label_all(folder, "b.jsonl", "ann", "NO")
    done = command("judge", "merge", "a.jsonl", "b.jsonl", "--out", "all.jsonl")
    assert done.code == 2
    assert "ann says YES and NO of 'goal'" in done.err


def test_probe_asks_again_and_puts_the_flips_onto_the_card(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    done = command("judge", "probe", "r.jsonl", "--provider", "offline", "--kind", "consistency", "--card", "card.json")
    assert done.code == 0, done.said
    assert "spend estimate: 4 calls" in done.err
    assert "it is for trying and testing" in done.err
    assert "consistency: verdicts that flip" in done.out
    assert json.loads((folder / "card.json").read_text())["probes"]["probes"]["consistency"]["fresh_baseline"] is True


def test_a_probe_that_is_none_is_said(simulate: Command, command: Command) -> None:
    simulate("--quiet")
    done = command("judge", "probe", "r.jsonl", "--provider", "offline", "--kind", "ordr")
    assert done.code == 2
    assert "no probe is called 'ordr'; there is order" in done.err


def test_roles_are_told_and_put_onto_the_card(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    label_all(folder, "l.jsonl", "ann")
    command("judge", "check", "r.jsonl", "--labels", "l.jsonl", "--card", "card.json")
    done = command("judge", "roles", "r.jsonl", "--provider", "offline", "--card", "card.json")
    assert done.code == 0, done.said
    card = json.loads((folder / "card.json").read_text())
    assert card["roles"]["cases"] == 2
    assert card["criteria"]
    command("report", "r.jsonl", "--html", "r.html", "--judge-card", "card.json")
    assert "offline/offline tells who is speaking in" in (folder / "r.html").read_text()


def test_persona_score_of_several_evaluators(simulate: Command, command: Command, folder: Path) -> None:
    simulate("--quiet")
    one = ("--persona", "A pirate.", "--provider", "offline", "--judge-model", "a", "--judge-model", "b", "--json")
    done = command("judge", "persona-score", "r.jsonl", *one)
    assert done.code == 0, done.said
    found = json.loads(done.out)
    assert len(found["evaluations"]) == 4
    assert 1 <= found["persona_score"]["value"] <= 5


def test_persona_score_without_a_persona_says_so(simulate: Command, command: Command) -> None:
    simulate("--quiet")
    done = command("judge", "persona-score", "r.jsonl", "--provider", "offline")
    assert done.code == 2
    assert "give the persona (--persona)" in done.err


def test_several_judges_vote_and_all_are_named(simulate: Command, command: Command, folder: Path) -> None:
    done = simulate("--judges", "openai/one,two, three", "--metrics", "none")
    assert done.code == 0, done.said
    for row in rows(folder / "r.jsonl"):
        assert row["metadata"]["judge_model"] == "openai/one + openai/two + openai/three"
        assert [vote["judge"] for vote in row["goal"]["votes"]] == ["openai/one", "openai/two", "openai/three"]
        assert row["usage"]["judge"]["calls"] == 3
