"""Several judges: the majority decides, and who said otherwise is kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from lab.fake_llm import ChatRequest, Reply
from personae.core.persona import Scenario
from personae.core.rating import Criterion, Rating, Vote
from personae.rating.check import is_doubtful
from personae.rating.judge import Judge
from personae.rating.metrics.conversation_relevance import ConversationRelevance
from personae.rating.panel import Panel
from tests.llm.reach import Reach, reach
from tests.rating.test_transcript import turns

pytestmark = pytest.mark.anyio
TALK = turns("Cancel it.", "Done.")
SCENARIO = Scenario(goal="Cancel it.")
POLITE = Criterion(question="Was the bot polite?")


def answers(verdict: str, turn: str = "YES") -> Reply:
    criterion = {"id": "c1", "reasoning": f"It is {verdict}.", "quotes": [], "verdict": verdict}
    single = {"id": "conversation_relevance", "turn": 2, "verdict": turn, "reason": f"It is {turn}.", "quote": ""}
    return Reply(json.dumps({"criteria": [criterion], "turns": [single]}))


def panel(there: Reach, names: Sequence[str]) -> Panel:
    first, *others = (Judge(there.model(model=name), (POLITE,), (ConversationRelevance(),)) for name in names)
    return Panel(first.model, first.criteria, first.metrics, first.mode, tuple(others))


@dataclass(frozen=True)
class Case:
    """What each judge says (a dash: nothing that can be read), and what is decided."""

    said: tuple[str, ...]
    verdict: bool | None
    error: str = ""


CASES = [
    Case(("YES", "YES", "NO"), verdict=True),
    Case(("NO", "YES", "NO"), verdict=False),
    Case(("YES", "-", "YES"), verdict=True),
    Case(("-", "NO", "-"), verdict=False),
    Case(("YES", "NO"), None, "the judges are split: 1 YES, 1 NO"),
    Case(("YES", "NO", "-"), None, "the judges are split: 1 YES, 1 NO"),
    Case(("-", "-"), None, "not rated: openai/judge0 did not answer in the form asked for, twice"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(case.said))
async def test_the_majority_of_those_who_answer_decides(case: Case) -> None:
    def script(request: ChatRequest) -> Reply:
        said = case.said[int(request.model[-1])]
        return Reply("no json") if said == "-" else answers(said)

    async with reach(script) as there:
        ratings = await panel(there, [f"judge{n}" for n in range(len(case.said))]).rate(TALK, SCENARIO)
    (rating,) = ratings.criteria
    assert rating.verdict is case.verdict
    assert rating.error.startswith(case.error)
    assert [vote.verdict for vote in rating.votes] == [
        {"YES": True, "NO": False, "-": None}[said] for said in case.said
    ]
    if case.verdict is not None:
        assert rating.reasoning == f"It is {'YES' if case.verdict else 'NO'}."


async def test_a_metric_is_the_mean_and_shows_the_lowest() -> None:
    async with reach(lambda request: answers("YES", "NO" if request.model == "c" else "YES")) as there:
        ratings = await panel(there, "abc").rate(TALK, SCENARIO)
        assert there.calls == 3
    (score,) = ratings.scores
    assert (score.value, score.passed) == (0.6667, True)
    assert score.reason == "turn 2: It is NO."
    assert score.detail["judges"] == {"openai/a": 1.0, "openai/b": 1.0, "openai/c": 0.0}
    assert ratings.usage.calls == 3


async def test_a_model_may_sit_on_the_panel_twice() -> None:
    async with reach(lambda request: answers("YES")) as there:
        jury = panel(there, "aa")
        ratings = await jury.rate(TALK, SCENARIO)
    assert [vote.judge for vote in ratings.criteria[0].votes] == ["openai/a", "openai/a #2"]
    assert jury.name == "openai/a + openai/a"


def test_votes_are_kept_in_the_row_and_shown_where_they_part() -> None:
    rating = Rating("polite", True, "So.", votes=(Vote("a", True), Vote("b", False), Vote("c", None, "away")))
    assert Rating.from_dict(rating.as_dict()) == rating
    assert rating.parting_votes == "[a: YES, b: NO, c: no answer]"
    assert is_doubtful(rating)
    united = replace(rating, votes=(Vote("a", True), Vote("b", True)))
    assert united.parting_votes == ""
    assert not is_doubtful(united)


def test_a_rating_of_one_judge_is_written_as_before() -> None:
    assert Rating("polite", True, "So.").as_dict() == {"criterion": "polite", "verdict": True, "reasoning": "So."}
