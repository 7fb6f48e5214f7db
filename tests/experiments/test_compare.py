"""`personae compare` through its command: what differs between two result files."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from personae import compare
from personae.errors import Conflict, InputError
from personae.experiments import at_once
from personae.experiments.pairing import checksums, first_difference
from tests.experiments.runs import METADATA, Said, file
from tests.running import personae

NAMES = [f"P{number:02}" for number in range(20)]


def of_goals(*goals: bool) -> list[Said]:
    return [Said(persona=NAMES[place], goal=goal, criteria={"polite": True}) for place, goal in enumerate(goals)]


def test_it_pairs_by_content_and_says_what_got_worse(tmp_path: Path) -> None:
    before = file(tmp_path / "a.jsonl", of_goals(*[True] * 20), bot="old")
    worse = [replace(said, reply="No.") if not said.goal else said for said in of_goals(*[False] * 9, *[True] * 11)]
    after = file(tmp_path / "b.jsonl", reversed(worse), bot="new")
    found = compare(before, after)
    assert (found.pairs, found.counts, found.unpaired) == (20, {"worse": 9, "better": 0, "same": 11}, ())
    assert found.goal is not None
    assert found.goal.verdict(0.95) == "worse"
    assert found.goal.p == pytest.approx(2 * 0.5**9 - 0.5**9)
    assert found.goal.change.value == pytest.approx(-0.45)
    assert {pair.first_turn for pair in found.of("worse")} == {2}
    assert {pair.before_key for pair in found.of("worse")}.isdisjoint(pair.after_key for pair in found.of("worse"))


def test_criteria_are_corrected_for_how_many_they_are(tmp_path: Path) -> None:
    names = [f"criterion {number}" for number in range(10)]
    good = [Said(persona=name, criteria=dict.fromkeys(names, True)) for name in NAMES]
    bad = [replace(said, criteria={**said.criteria, names[0]: place >= 6}) for place, said in enumerate(good)]
    before, after = file(tmp_path / "a.jsonl", good), file(tmp_path / "b.jsonl", bad)
    by_id = {one.id: one for one in compare(before, after).differences}
    one = by_id["criterion:criterion 0"]
    assert one.p is not None
    assert one.adjusted_p == pytest.approx(min(1, one.p * 10))
    assert one.p < 0.05 < (one.adjusted_p or 0)
    assert one.verdict(0.95) == "no difference shown"


def test_scores_are_compared_pair_by_pair(tmp_path: Path) -> None:
    low = [Said(persona=name, scores={"turn_consistency": place / 40}) for place, name in enumerate(NAMES)]
    high = [replace(said, scores={"turn_consistency": place / 40 + 0.1}) for place, said in enumerate(low)]
    found = compare(file(tmp_path / "a.jsonl", low), file(tmp_path / "b.jsonl", high))
    one = found.differences[-1]
    assert one.change.value == pytest.approx(0.1)
    assert one.verdict(0.95) == "better"
    assert "permutation" in one.method


def test_what_has_no_other_half_is_listed_and_in_no_number(tmp_path: Path) -> None:
    before = of_goals(True, True, True, True)
    after = [before[0], replace(before[1], termination="bot_error"), replace(before[2], goal=None, criteria={})]
    found = compare(file(tmp_path / "a.jsonl", before), file(tmp_path / "b.jsonl", after))
    assert found.pairs == 1
    reasons = {(one.persona, one.side, one.reason) for one in found.unpaired}
    assert reasons == {("P01", "after", "bot_error"), ("P02", "after", "not_judged"), ("P03", "before", "only here")}


def test_in_another_manner_it_is_another_conversation(tmp_path: Path) -> None:
    a = file(tmp_path / "a.jsonl", of_goals(True))
    b = file(tmp_path / "b.jsonl", of_goals(True), metadata={"behaviours": {"vague": 0.5}})
    assert compare(a, b).pairs == 0


def test_a_rating_that_one_side_lacks_is_counted(tmp_path: Path) -> None:
    before = of_goals(True, True)
    after = [before[0], replace(before[1], criteria={"polite": None})]
    by_id = {one.id: one for one in compare(file(tmp_path / "a", before), file(tmp_path / "b", after)).differences}
    assert (by_id["criterion:polite"].unanswered, by_id["criterion:polite"].change.n) == (1, 1)
    assert by_id["goal"].change.n == 2


@dataclass(frozen=True)
class Nothing:
    before: tuple[Said, ...]
    after: tuple[Said, ...]
    reason: str


NOTHING = {
    "no conversation": Nothing((), (), "no pair"),
    "all errors": Nothing((Said(termination="bot_error"),), (Said(termination="bot_error"),), "no pair"),
    "other personas": Nothing((Said(persona="Ada"),), (Said(persona="Bo"),), "no pair"),
}


@pytest.mark.parametrize("case", NOTHING.values(), ids=NOTHING.keys())
def test_where_there_is_no_pair_the_difference_is_undefined(case: Nothing, tmp_path: Path) -> None:
    a, b = file(tmp_path / "a.jsonl", case.before), file(tmp_path / "b.jsonl", case.after)
    done = personae("compare", a, b, cwd=tmp_path)
    assert done.code == 0
    assert case.reason in done.out
    data = json.loads(personae("compare", a, b, "--json", cwd=tmp_path).out)
    assert data["pairs"] == 0
    for one in data["differences"]:
        assert (one["verdict"], one["p"], one["change"]["value"]) == ("undefined", None, None)
        assert one["reason"]


def test_one_pair_has_a_change_and_no_verdict(tmp_path: Path) -> None:
    a, b = file(tmp_path / "a", [Said(scores={"m": 0.5})]), file(tmp_path / "b", [Said(goal=False, scores={"m": 0.9})])
    goal, score = compare(a, b).differences
    assert (goal.change.value, goal.verdict(0.95)) == (-1, "no difference shown")
    assert score.change.value == pytest.approx(0.4)
    assert score.change.low is None
    assert score.change.reason == "one observation has no interval"


@dataclass(frozen=True)
class Other:
    metadata: dict[str, Any]
    says: str


OTHERS = {
    "judge": Other({"judge_model": "offline/other", "rating_version": "r2"}, "judge model: offline/offline against"),
    "length": Other({"max_turns": 16}, "max turns: 8 against 16"),
    "criteria": Other(
        {"criteria": {"polite": "c2"}, "rating_version": "r2"}, "criterion polite: not recorded against c2"
    ),
    "rating": Other({"rating_version": "r2"}, "rating version: r1 against r2"),
    "prompt": Other(
        {"provenance": {"prompts": {"simulation/simulator": "s2", "rating/judge": "j1"}}},
        "prompt simulation/simulator: s1 against s2",
    ),
}


@pytest.mark.parametrize("case", OTHERS.values(), ids=OTHERS.keys())
def test_what_is_not_comparable_is_refused_and_force_marks_it(case: Other, tmp_path: Path) -> None:
    a = file(tmp_path / "a.jsonl", of_goals(True, False))
    b = file(tmp_path / "b.jsonl", of_goals(True, True), metadata=case.metadata)
    with pytest.raises(Conflict, match="cannot be compared") as refused:
        compare(a, b)
    assert case.says in str(refused.value)
    forced = compare(a, b, force=True)
    assert forced.is_forced
    assert forced.as_dict()["forced"] is True
    assert METADATA["max_turns"] == 8


def test_other_questions_are_refused_where_nothing_else_is_recorded(tmp_path: Path) -> None:
    a = file(tmp_path / "a.jsonl", of_goals(True))
    b = file(tmp_path / "b.jsonl", [Said(persona=NAMES[0], criteria={"short": True})])
    with pytest.raises(Conflict, match="questions: criterion:polite against criterion:short"):
        compare(a, b)


def test_a_file_of_two_runs_is_refused_with_its_line(tmp_path: Path) -> None:
    twice = file(tmp_path / "a.jsonl", of_goals(True))
    other = file(tmp_path / "b.jsonl", of_goals(True), bot="second")
    twice.write_text(twice.read_text() + other.read_text())
    with pytest.raises(InputError, match=r"a\.jsonl:2: .*more than one run"):
        compare(twice, other)


def test_repeats_of_one_persona_and_scenario_turn_together(tmp_path: Path) -> None:
    """Ten repeats that all got worse are one observation, not ten."""
    before = [Said(epoch=epoch) for epoch in range(1, 11)]
    after = [replace(said, goal=False) for said in before]
    found = compare(file(tmp_path / "a", before), file(tmp_path / "b", after))
    assert found.goal is not None
    assert found.goal.p == 1
    assert found.repeats == 10


def test_the_page_shows_both_conversations_and_where_they_part(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    a = file(tmp_path / "a.jsonl", of_goals(True), bot=hostile)
    b = file(tmp_path / "b.jsonl", [replace(of_goals(False)[0], reply=hostile)], bot="new")
    done = personae("compare", a, b, "--html", "c.html", cwd=tmp_path)
    page = (tmp_path / "c.html").read_text(encoding="utf-8")
    assert done.code == 0
    assert "they part here" in page
    assert "Done." in page
    assert hostile not in page
    assert "not real traffic" in page
    assert "http://" not in page
    assert "https://" not in page


def test_the_terminal_says_it_in_one_sentence(tmp_path: Path) -> None:
    a = file(tmp_path / "a.jsonl", of_goals(*[True] * 20))
    b = file(tmp_path / "b.jsonl", of_goals(*[False] * 12, *[True] * 8))
    done = personae("compare", a, b, cwd=tmp_path)
    assert "goal completion is worse: 100% to 40%, -60 points" in done.out
    assert "20 pairs: 0 better, 12 worse, 8 the same; 0 unpaired" in done.out
    assert "not real traffic" in done.out


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    done = personae("compare", "a.jsonl", "b.jsonl", cwd=tmp_path)
    assert (done.code, "there is no such file" in done.err) == (2, True)


def test_a_long_file_is_read_beside_the_other_and_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [Said(persona=f"P{n}", criteria={"polite": n > 2}, scores={"m": n / 9}) for n in range(9)]
    other = [replace(one, goal=False, criteria={"kind": True, **one.criteria}) for one in said[1:]]
    before, after = (file(tmp_path / f"{name}.jsonl", one) for name, one in (("before", said), ("after", other)))
    short = compare(before, after, force=True)
    monkeypatch.setattr(at_once, "_LONG", 0)
    assert compare(before, after, force=True) == short
    after.write_text(after.read_text() + "{}\n")
    with pytest.raises(InputError, match=r"after\.jsonl:9: is no row of a result file"):
        compare(before, after)


def test_the_first_difference_is_a_turn() -> None:
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert first_difference(checksums(talk), checksums(talk)) is None
    assert first_difference(checksums(talk), checksums(talk[:1])) == 2
    other = [talk[0], {"role": "assistant", "content": "c"}]
    assert first_difference(checksums(talk), checksums([{"role": "system", "content": "x"}, *other])) == 2
