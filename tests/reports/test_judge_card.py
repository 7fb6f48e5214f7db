"""Reports with a judge card: its numbers beside the rates, and a warning once the judge is another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from personae.core.result import SimulationResult
from personae.rating.card import JudgeCard
from personae.rating.check import check
from personae.rating.labels import Label
from personae.reports import ReportSource
from personae.reports.html import HtmlReport
from personae.reports.json import JsonReport
from personae.reports.terminal import TerminalReport
from tests.rating.test_check import run


def results(**metadata: Any) -> list[SimulationResult]:
    return [replace(result, metadata={**result.metadata, **metadata}) for result in run(30, 10)]


def card() -> JudgeCard:
    """Nine of ten YES and all of ten NO are what people say."""
    labels = [
        Label(key=f"k{n}", criterion="polite", rater="ann", label="YES" if n < 9 else "NO")
        for n in [*range(10), *range(30, 40)]
    ]
    return JudgeCard("2026-01-31", "r.jsonl", tuple(one.checked for one in check(run(30, 10), labels).criteria))


def source(*, with_card: bool = True, **metadata: Any) -> ReportSource:
    made = ReportSource.from_results(results(**metadata))
    return replace(made, card=card()) if with_card else made


def as_text(made: ReportSource, folder: Path) -> str:
    TerminalReport(width=400).write(made, folder / "r.txt")
    return (folder / "r.txt").read_text()


def test_the_cards_numbers_stand_beside_the_rate(tmp_path: Path) -> None:
    words = "checked on 20 conversations by 1 person: kappa"
    assert words in as_text(source(), tmp_path)
    assert words in HtmlReport().render(source())
    (note,) = json.loads(JsonReport().render(source()))["judge_card"]
    assert note["corrected_rate"]["value"] == pytest.approx(0.75 * 0.9)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"judge_model": "lab/new"}, "the judge was lab/judge, now it is lab/new"),
        ({"criteria": {"polite": "h2"}}, "text has changed"),
        ({"provenance": {"prompts": {"rating/task": "p9"}}}, "the prompt rating/task has changed"),
    ],
)
def test_what_was_not_checked_is_warned_of(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    made = source(**changed)
    for text in (as_text(made, tmp_path), HtmlReport().render(made)):
        assert "was checked as another than he is now" in text
        assert words in text
    (note,) = json.loads(JsonReport().render(made))["judge_card"]
    assert note["corrected_rate"]["value"] is None
    assert words in "; ".join(note["changes"])


def test_a_criterion_that_the_card_does_not_know_is_said(tmp_path: Path) -> None:
    made = replace(source(), card=JudgeCard("2026-01-31"))
    assert "polite: never checked against people" in as_text(made, tmp_path)


def test_of_several_checked_judges_the_one_who_rated_counts(tmp_path: Path) -> None:
    (one,) = card().criteria
    other = replace(one, version=replace(one.version, model="lab/old"))
    made = replace(source(), card=replace(card(), criteria=(other, one)))
    assert "no longer holds" not in as_text(made, tmp_path)


def test_on_a_phone_a_question_is_a_line_of_words_and_no_column_of_letters(page: Page, tmp_path: Path) -> None:
    HtmlReport().write(source(), tmp_path / "r.html")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto((tmp_path / "r.html").as_uri())
    question = page.get_by_role("region", name="The judge, checked").get_by_role("rowheader").bounding_box()
    assert question is not None
    assert question["height"] < question["width"]


def test_without_a_card_reports_are_as_before(tmp_path: Path) -> None:
    made = source(with_card=False)
    assert "checked" not in as_text(made, tmp_path)
    assert "The judge, checked" not in HtmlReport().render(made)
    assert "judge_card" not in json.loads(JsonReport().render(made))
