"""The judge held against people: numbers of the run and not of the sample, and clear words where there are none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from personae.core.conversation import Conversation, Turn
from personae.core.persona import Persona, Scenario
from personae.core.rating import Quote, Rating
from personae.core.result import SimulationResult
from personae.core.validity import Finding, Validity
from personae.errors import InputError
from personae.rating.card import JudgeCard
from personae.rating.check import check
from personae.rating.label_queue import draw
from personae.rating.labels import Answer, Label, append_label, merge, read_labels

METADATA: dict[str, Any] = {
    "judge_model": "lab/judge",
    "judge_mode": "fast",
    "criteria": {"polite": "h1"},
    "provenance": {"prompts": {"rating/judge": "p1", "rating/task": "p2", "rating/reasoning_fast": "p3"}},
}


def conversation(number: int, verdict: bool | None, *, quote_found: bool = True, **metadata: Any) -> SimulationResult:
    error = "" if verdict is not None else "not rated: the judge was away"
    quotes = () if verdict is None else (Quote(2, "Yes.", quote_found),)
    return SimulationResult(
        f"k{number}",
        Persona(name=f"persona {number}", description="x"),
        Scenario(goal="Cancel it."),
        1,
        Conversation((Turn("user", "Cancel."), Turn("assistant", "Yes.")), "goal_met"),
        ratings=(Rating("polite", verdict, "So it is.", quotes, error),),
        metadata=METADATA | metadata,
    )


def label(number: int, answer: Answer, rater: str = "ann", criterion: str = "polite") -> Label:
    return Label(key=f"k{number}", criterion=criterion, rater=rater, label=answer)


def run(yes: int, no: int) -> list[SimulationResult]:
    return [conversation(number, number < yes) for number in range(yes + no)]


def test_the_corrected_rate_is_that_of_the_run_whatever_the_sample() -> None:
    """90 YES, 10 NO; ten of each labelled. People call half of the judge's NO a YES."""
    labels = [label(n, "YES") for n in range(10)] + [label(90 + n, "YES" if n < 5 else "NO") for n in range(10)]
    (found,) = check(run(90, 10), labels).criteria
    assert found.judge_rate.value == pytest.approx(0.9)
    assert found.corrected.value == pytest.approx(0.95)
    assert found.sensitivity.value == pytest.approx(90 / 95)
    assert found.specificity.value == 1.0
    assert (found.table.both, found.table.people_only, found.table.neither, found.rated) == (10, 5, 5, 100)
    assert len(found.disagreements) == 5


def test_disagreements_bring_what_the_judge_said_and_pointed_at() -> None:
    (found,) = check(run(1, 1), [label(0, "NO"), label(1, "NO")]).criteria
    (one,) = found.disagreements
    assert (one.key, one.rating.reasoning, one.rating.quotes[0].text) == ("k0", "So it is.", "Yes.")
    assert [said.label for said in one.labels] == ["NO"]


def test_doubtful_verdicts_are_weighted_apart_where_both_kinds_have_labels() -> None:
    """20 firm YES that people share, 80 doubtful ones that they do not; five of each labelled."""
    results = [conversation(n, verdict=True, quote_found=n < 20) for n in range(100)]
    labels = [label(n, "YES") for n in range(5)] + [label(20 + n, "NO") for n in range(5)]
    (found,) = check(results, labels).criteria
    assert found.corrected.value == pytest.approx(0.2)


def test_each_version_of_the_judge_is_checked_by_itself() -> None:
    results = [*run(2, 2), conversation(9, verdict=True, judge_model="lab/other")]
    found = check(results, [label(0, "YES"), label(9, "NO")]).criteria
    assert {one.version.model: one.table.n for one in found} == {"lab/judge": 1, "lab/other": 1}


def test_two_people_have_an_agreement_of_their_own() -> None:
    labels = [label(n, "YES", who) for n in range(4) for who in ("ann", "bob")]
    labels += [label(4, "NO"), label(4, "NO", "bob"), label(5, "YES"), label(5, "NO", "bob")]
    (found,) = check(run(5, 5), labels).criteria
    (pair,) = found.pairs
    assert (pair.raters, pair.both, pair.same) == (("ann", "bob"), 6, 5)
    assert pair.kappa.value == pytest.approx(4 / 7)
    assert (found.split, found.table.n) == (1, 5)


@dataclass(frozen=True)
class Poor:
    """Labels that tell little, and the words for it."""

    labels: Sequence[Label]
    words: str


POOR = {
    "none": Poor([], "there are no labels"),
    "unknown": Poor([label(77, "YES")], "1 labelled conversation is not in the result file, such as k77"),
    "unasked": Poor([label(0, "YES", criterion="kind")], "1 label is about 'kind', which the judge was not asked"),
    "unrated": Poor([label(4, "YES")], "polite: 1 labelled conversation has no rating of the judge"),
    "one rater": Poor([label(0, "YES")], "polite: all labels are of ann, so nobody knows how far people agree"),
    "all the same": Poor([label(0, "YES"), label(2, "YES")], "people labelled all 2 YES, so specificity is undefined"),
    "unsure": Poor([label(0, "unsure")], "polite: nobody was sure of 1"),
}


@pytest.mark.parametrize("case", POOR.values(), ids=POOR.keys())
def test_what_labels_cannot_tell_is_said(case: Poor) -> None:
    found = check([*run(2, 2), conversation(4, None)], case.labels)
    assert any(case.words in problem for problem in found.problems), found.problems
    json.dumps(found.as_dict(), allow_nan=False)


def test_a_card_comes_back_as_it_was_written(tmp_path: Path) -> None:
    (found,) = check(run(3, 3), [label(n, "YES" if n < 3 else "NO") for n in range(6)]).criteria
    card = JudgeCard("2026-01-31", "r.jsonl", (found.checked,))
    card.write(tmp_path / "card.json")
    assert JudgeCard.read(tmp_path / "card.json") == card


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"judge_model": "lab/new"}, ["the judge was lab/judge, now it is lab/new"]),
        ({"judge_mode": "detailed"}, ["the judge's mode was fast, now it is detailed"]),
        ({"criteria": {"polite": "h2"}}, ["the criterion's text has changed"]),
        ({"provenance": {"prompts": {"rating/judge": "p9"}}}, ["the prompt rating/judge has changed"]),
        ({"provenance": {}, "criteria": {}}, []),
    ],
)
def test_what_was_checked_and_what_is_now_are_told_apart(changed: dict[str, Any], words: list[str]) -> None:
    (before,) = check(run(1, 1), [label(0, "YES")]).criteria
    (after,) = check([conversation(0, verdict=True, **changed)], [label(0, "YES")]).criteria
    assert list(before.version.differences(after.version)) == words


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '{"kind": "other"}', '{"kind": "personae judge card"}'])
def test_what_is_no_card_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(InputError, match=r"card\.json: is no card of `personae judge check`"):
        JudgeCard.read(tmp_path / "card.json")


def test_labels_are_appended_and_the_later_answer_stands(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    for answer in ("YES", "NO"):
        append_label(path, label(1, answer))
    append_label(path, label(2, "unsure", "bób"))
    assert [(one.key, one.rater, one.label) for one in read_labels(path)] == [
        ("k1", "ann", "NO"),
        ("k2", "bób", "unsure"),
    ]


def test_a_line_that_was_cut_off_is_left_out_and_nothing_is_glued_to_it(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    append_label(path, label(1, "YES"))
    with path.open("a") as file:
        file.write('{"key": "k2", "crit')
    assert [one.key for one in read_labels(path)] == ["k1"]
    append_label(path, label(3, "NO"))
    with pytest.raises(InputError, match=r"labels\.jsonl:2: is not JSON"):
        read_labels(path)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"key": "a", "criterion": "b", "rater": "c", "label": "maybe"}', "labels.jsonl:1: label: is no label"),
        ('{"key": "a", "criterion": "b", "label": "YES"}', "labels.jsonl:1: rater: is no label"),
        ("[]\n", "labels.jsonl:1: is no label"),
    ],
)
def test_a_line_that_is_no_label_is_said_with_its_place(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(line)
    with pytest.raises(InputError) as caught:
        read_labels(path)
    assert words in str(caught.value)


def test_two_files_are_put_together_and_contradictions_of_one_rater_found() -> None:
    first, second = [label(1, "YES"), label(2, "NO")], [label(2, "YES"), label(1, "YES", "bob")]
    labels, conflicts = merge([first, second])
    assert len(labels) == 3
    assert [(one.label, other.label) for one, other in conflicts] == [("NO", "YES")]


def test_what_was_no_fair_test_is_in_no_check_and_in_no_queue() -> None:
    finding = Finding("role_leak", 1, "As an AI", "it speaks as an assistant", "invalid")
    unfair = replace(conversation(9, verdict=True), validity=Validity("invalid", "simulator", (finding,)))
    found = check([*run(2, 2), unfair], [label(0, "YES"), label(9, "NO")])
    assert (found.criteria[0].rated, found.criteria[0].table.n) == (4, 1)
    assert "1 labelled conversation was no fair test of the bot, and left out here as in every rate" in found.problems
    assert {item.key for item in draw([*run(2, 2), unfair], n=9, seed=0)} == {"k0", "k1", "k2", "k3"}
