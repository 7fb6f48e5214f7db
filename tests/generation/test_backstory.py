"""Stories told in an interview: contradictions are asked about again, the story is surveyed and bound to people."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from typer.testing import CliRunner

from lab.fake_llm import ChatRequest, Reply
from personae.cli import app
from personae.errors import InputError
from personae.experiments.budget import Budget, Ceilings
from personae.experiments.generating import Generating
from personae.generation import Draft
from personae.generation._matching import Member, bind, read_population
from personae.generation.backstory import Backstory
from personae.generation.interview import (
    NOT_TOLD,
    SurveyQuestion,
    own_questions,
    own_survey,
    read_questions,
    read_survey,
)
from personae.llm.offline.engine import OfflineModel
from tests.llm.reach import Reach, reach

pytestmark = pytest.mark.anyio
LONG = " It was as it was, and we made the best of it from one day to the next." * 3
FIRST, SECOND, AGAIN = (f"I have {number} sons.{LONG}" for number in ("two", "three", "two grown"))
TWO = ("Where were you born?", "Who are your children?")
ASKED = (SurveyQuestion("age", "How old?", ("young", "old")), SurveyQuestion("area", "Where?", ("town", "land", "sea")))
OBJECTION = {"earlier": "I have two sons", "now": "i have THREE sons", "problem": "Two sons became three."}


def reply(data: Any) -> Reply:
    return Reply(json.dumps(data))


def kind(request: ChatRequest) -> str:
    system = str(request.body["messages"][0]["content"])
    return "critic" if "You check an interview" in system else "survey" if "fill in a survey" in system else "teller"


def plays(
    tellings: list[Any], objections: list[Any] | None = None, survey: Callable[[int], Any] | None = None
) -> Callable[[ChatRequest], Reply]:
    """Answers by who is asked, each list in turn; the last entry goes on for ever."""
    times = {"teller": 0, "critic": 0, "survey": 0}

    def script(request: ChatRequest) -> Reply:
        who = kind(request)
        times[who] += 1
        if who == "survey":
            return reply({"answers": (survey or old_in_town)(times[who])})
        own = tellings if who == "teller" else objections or [[]]
        one = own[min(times[who], len(own)) - 1]
        if isinstance(one, Reply):
            return one
        return reply({"reply": one} if who == "teller" else {"objections": one})

    return script


def old_in_town(_: int) -> Any:
    return [{"trait": "Age", "answer": "OLD."}, {"trait": "area", "answer": "town"}]


async def told(there: Reach, **settings: Any) -> tuple[list[Draft], dict[str, str]]:
    studio = Generating(there.model(), Budget(Ceilings()), concurrency=1)
    given: dict[str, Any] = {"questions": TWO, "survey": ASKED, "repeats": 2}
    return [draft async for draft in studio.generate(Backstory(**given | settings), 1, 0)], studio.failures


async def test_a_contradiction_is_found_and_the_question_is_answered_again() -> None:
    async with reach(plays([FIRST, SECOND, AGAIN], [[OBJECTION], []])) as there:
        (draft,), _ = await told(there)
        sent = [there.sent(number)["messages"] for number in range(there.calls)]
    assert len(sent) == 3 + 2 + 2
    persona = draft.persona
    assert AGAIN in persona.description
    assert SECOND not in persona.description
    assert persona.sections is not None
    assert persona.sections.story is not None
    assert persona.sections.story.text.startswith(f"{TWO[0]}\n\n{FIRST}")
    assert "Two sons became three" not in persona.sections.story.text
    again = sent[3]
    assert [message["role"] for message in again] == ["system", "user", "assistant", "user"]
    assert json.loads(again[2]["content"]) == {"reply": FIRST}
    assert again[3]["content"] == snapshot("""\
Who are your children?

(You answered this before, and it did not fit what you had said earlier:
- Two sons became three.
Answer it again, in full, so that it fits. Do not mention that you were asked again.)\
""")
    critic = sent[2][1]["content"]
    assert critic.index(FIRST.strip()) < critic.index("The latest answer:") < critic.index(SECOND.strip())


async def test_a_critic_who_is_never_content_gives_the_story_up() -> None:
    async with reach(plays([FIRST, SECOND], [[OBJECTION]])) as there:
        drafts, failures = await told(there, retries=1)
        assert there.calls == 1 + 2 * 2
    assert drafts == []
    assert failures == {"1": "question 2 was answered 2 times, and the critic still objects: Two sons became three."}


@pytest.mark.parametrize(
    "objection",
    [OBJECTION | {"earlier": "I have nine sons"}, OBJECTION | {"now": ""}, OBJECTION | {"problem": " "}, "no", {}],
    ids=["the earlier place is made up", "nothing is quoted", "nothing is said", "a text", "an empty object"],
)
async def test_an_objection_that_nothing_shows_does_not_count(objection: Any) -> None:
    async with reach(plays([FIRST, SECOND], [[objection]])) as there:
        (draft,), _ = await told(there)
    assert SECOND in draft.persona.description


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (plays(["Yes."]), "`reply` is too short"),
        (plays([Reply("I'm sorry, as a language model I have no life.")]), "no JSON object"),
        (plays([FIRST, Reply('{"reply": "I have}')]), "JSON is broken"),
        (plays([FIRST], [Reply('{"fine": true}')]), "the list `objections`"),
        (
            plays([FIRST], survey=lambda _: [{"trait": "age", "answer": "old"}]),
            "'area' must be one of: town, land, sea",
        ),
        (plays([FIRST], survey=lambda _: [{"trait": "age", "answer": "99"}]), "'age' must be one of"),
    ],
    ids=["too short", "a refusal", "broken JSON", "a critic off the topic", "fewer answers", "another answer"],
)
async def test_answers_without_use_are_a_failure_and_no_persona(script: Any, says: str) -> None:
    async with reach(script) as there:
        drafts, failures = await told(there)
    assert drafts == []
    assert says in failures["1"]


async def test_the_survey_gives_shares_over_its_repeats_each_with_the_answers_in_another_order() -> None:
    def answers(time: int) -> Any:
        area = ("town", "town", "land", NOT_TOLD)[time - 1]
        return [{"trait": "area", "answer": area}, {"trait": "age", "answer": NOT_TOLD}]

    async with reach(plays([FIRST], survey=answers)) as there:
        (draft,), _ = await told(there, repeats=4)
        surveys = [there.sent(number)["messages"][1]["content"] for number in range(there.calls)][-4:]
    identity = draft.persona.sections.identity  # type: ignore[union-attr]
    assert identity is not None
    assert identity.shares == {"age": {NOT_TOLD: 1.0}, "area": {"land": 0.25, NOT_TOLD: 0.25, "town": 0.5}}
    assert draft.persona.attributes == {"area": "town"}
    assert len({tuple(re.findall(r"^- (.+)$", text, re.MULTILINE)) for text in surveys}) > 1


async def test_the_offline_engine_tells_whole_lives() -> None:
    studio = Generating(OfflineModel(1), Budget(Ceilings()))
    personas = [draft.persona async for draft in studio.generate(Backstory(), 4, 1)]
    assert len({persona.description for persona in personas}) == 4
    assert all(len(persona.description) > 3000 for persona in personas)
    assert all(set(persona.sections.identity.shares) == {one.trait for one in own_survey()} for persona in personas)  # type: ignore[union-attr]
    assert len(own_questions()) == 9


PEOPLE = (
    Member(2, {"age": "old", "area": "land"}),
    Member(3, {"age": "old"}),
    Member(4, {"age": "young", "area": "sea"}),
)
STORIES = (
    {"age": {"old": 1.0}, "area": {"land": 0.8, "town": 0.2}},
    {"age": {"old": 0.6, "young": 0.4}, "area": {"land": 1.0}},
)


def test_stories_are_bound_so_that_the_sum_of_fits_is_greatest() -> None:
    found = bind(PEOPLE, STORIES)
    assert [(one.member, one.story) for one in found.pairs] == [(0, 1), (1, 0)], "0.6 + 1.0 beats 0.8 + 0.6"
    assert found.mean_fit == pytest.approx(0.8)
    assert found.alone == 1
    assert found.distances["age"] == pytest.approx(1 / 3)
    greedy = bind(PEOPLE, STORIES, "greedy")
    assert [(one.member, one.story) for one in greedy.pairs] == [(0, 0), (1, 0)]
    assert bind(PEOPLE[2:], STORIES).mean_fit is None


def test_the_command_matches_stories_to_a_population(tmp_path: Path) -> None:
    stories, people, out = tmp_path / "stories.jsonl", tmp_path / "people.csv", tmp_path / "matched.jsonl"
    make = ["generate", "backstory", "-n", "6", "--provider", "offline", "--quiet", "--out", str(stories)]
    assert CliRunner().invoke(app(), make).exit_code == 0
    shares = [json.loads(line)["sections"]["identity"]["shares"] for line in stories.read_text("utf-8").splitlines()]
    ages = [max(one["age"], key=one["age"].get) for one in shares]
    people.write_text("age,other\n" + "".join(f"{age},x\n" for age in ages[:4]), encoding="utf-8")
    match = ["personas", "match", str(stories), "--population", str(people), "--traits", "age", "--out", str(out)]
    ran = CliRunner().invoke(app(), match)
    assert ran.exit_code == 0, ran.output
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["attributes"]["stands for line"] for row in rows] == [2, 3, 4, 5]
    assert [row["attributes"]["age"] for row in rows] == ages[:4]
    assert len({row["name"] for row in rows}) == 4
    assert "age: 0.000" in ran.output
    for content, says in (("age\nblue\n", "'blue' is no answer"), ("height\n1\n", "has no such column")):
        people.write_text(content, encoding="utf-8")
        assert says in str(CliRunner().invoke(app(), match).exception)


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (read_population, "", "holds no people"),
        (read_population, "a,b\n1\n", ":2: has 1 cells"),
        (read_questions, "a: b", "list of questions"),
        (read_questions, "- a\n- [b]", "2: must be a question"),
        (read_survey, "- {trait: a, question: b}", "exactly options, question, trait"),
        (read_survey, "- {trait: a, question: b, options: [c, C]}", "two or more different"),
        (read_survey, "- &x {trait: a, question: b, options: [c, d]}\n- *x", "2: trait: 'a' is asked for already"),
    ],
)
def test_files_that_cannot_be_read_are_told_by_line(read: Any, text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read(path)
