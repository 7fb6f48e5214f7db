"""Identity: social identity, personality and values by questionnaire, life context; each alone and together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from lab.fake_llm import ChatRequest, Reply
from personae.errors import InputError
from personae.experiments.budget import Budget, Ceilings
from personae.experiments.generating import Generating
from personae.generation import Draft
from personae.generation._respondents import read_respondents
from personae.generation.identity import Identity
from personae.generation.questionnaires import questionnaire
from personae.generation.sampling.plan_file import read_plan
from personae.llm.offline.engine import OfflineModel
from tests.llm.reach import Reach, reach

pytestmark = pytest.mark.anyio
DAY = "I get up at six and feed the cat. " + "Then I do one thing after the other. " * 5
LIFE = {
    "name": "Ada Lum", "likes": list("abcde"), "dislikes": list("fghij"), "weekday": DAY, "weekend": f"Late. {DAY}",
}  # fmt: skip
PORTRAIT = {"name": "Ada Lum", "personality": "Ada says little.", "values": "Ada wants to be left alone."}
Change = Callable[[str, int, Any], Any]


def ticked(task: str) -> dict[str, Any]:
    """Answers as the tendencies in the task would have them."""
    traits, values = questionnaire("big_five"), questionnaire("values")
    levels = {
        name: next(one for one in ("low", "middle", "high") if f"- {name} {one}:" in task) for name in traits.scales
    }
    leading = next(name for name, scale in values.scales.items() if f"above all they {scale.high}" in task)
    at = {"low": (1, 2), "middle": (2, 4), "high": (4, 5)}
    of_traits = [
        {"item": item.number, "answer": 6 - given if item.is_reversed else given}
        for item in traits.items
        for given in (at[levels[item.scale]][item.number % 2],)
    ]
    of_values = [
        {"item": item.number, "answer": 6 if item.scale == leading else 1 + item.number % 5} for item in values.items
    ]
    return {"traits": of_traits, "values": of_values}


def person(
    change: Change = lambda what, time, data: data,
) -> tuple[Callable[[ChatRequest], Reply], list[tuple[str, str]]]:
    """A script that answers every step, changed; and what was asked."""
    asked: list[tuple[str, str]] = []

    def answer(request: ChatRequest) -> Reply:
        first = "\n".join(str(message["content"]) for message in request.body["messages"][:2])
        last = str(request.body["messages"][-1]["content"])
        what = "life" if "daily life" in first else "answers" if "tick the boxes" in first else "portrait"
        asked.append((what, last))
        data = {"life": LIFE, "portrait": PORTRAIT}.get(what) or ticked(first)
        changed = change(what, sum(one == what for one, _ in asked), json.loads(json.dumps(data)))
        return changed if isinstance(changed, Reply) else Reply(json.dumps(changed))

    return answer, asked


async def run(there: Reach, method: Identity, n: int = 1) -> tuple[list[Draft], Generating]:
    studio = Generating(there.model(), Budget(Ceilings()), concurrency=1)
    return [draft async for draft in studio.generate(method, n, 0)], studio


async def test_all_three_parts_together() -> None:
    script, asked = person()
    async with reach(script) as there:
        (draft,), _ = await run(there, Identity())
    persona, sections = draft.persona, draft.persona.sections
    assert [what for what, _ in asked] == ["life", "answers", "portrait"]
    assert sections is not None
    assert sections.identity is not None
    assert sections.traits is not None
    assert sections.values is not None
    assert sections.story is not None
    assert sections.identity.facts["name"] == persona.name == "Ada Lum"
    assert sections.identity.provenance is not None
    assert sections.identity.provenance.model == "", "facts are drawn, by no model"
    assert (sections.traits.instrument, sections.traits.low, sections.traits.high) == ("Mini-IPIP", 1, 5)
    parts = persona.description.split("\n\n")
    assert parts[0].startswith("About Ada Lum: age: ")
    assert parts[1:3] == ["Ada says little.", "Ada wants to be left alone."]
    assert parts[3].startswith("Likes: a; b; c; d; e.\nDislikes: f; g; h; i; j.\nA weekday")


@pytest.mark.parametrize(
    ("parts", "asked_for", "sections"),
    [
        ("S", [], {"identity"}),
        ("P", ["answers", "portrait"], {"traits", "values"}),
        ("C", ["life"], {"attributes", "story"}),
        ("ps", ["answers", "portrait"], {"identity", "traits", "values"}),
        ("SC", ["life"], {"identity", "attributes", "story"}),
    ],
)
async def test_each_part_alone_and_with_another(parts: str, asked_for: list[str], sections: set[str]) -> None:
    script, asked = person()
    async with reach(script) as there:
        (draft,), _ = await run(there, Identity(parts))
    assert [what for what, _ in asked] == asked_for
    assert set((draft.persona.sections or draft.persona).as_dict()) == sections
    assert bool(draft.provenance.prompts) == bool(asked_for)


async def test_a_life_that_is_nearly_anothers_is_told_anew() -> None:
    def change(what: str, time: int, data: Any) -> Any:
        fresh = {"weekday": str(LIFE["weekday"]).upper(), "weekend": " ".join(f"walk{place}" for place in range(80))}
        return data | fresh if (what, time) == ("life", 3) else data

    script, asked = person(change)
    async with reach(script) as there:
        drafts, studio = await run(there, Identity("C"), 3)
    assert [what for what, _ in asked] == ["life"] * 6
    assert [draft.provenance.took for draft in drafts] == [{}, {"rejects": 1}]
    assert list(studio.failures.values()) == ["3 lives were nearly somebody else's who is there already"]


async def test_the_portrait_is_made_of_scores_alone() -> None:
    script, asked = person()
    async with reach(script) as there:
        await run(there, Identity())
    traits, _, values = asked[2][1].partition("\n\nResults on values, the most important ones first:\n")
    assert traits == snapshot("""\
Results on personality:
Extraversion is very low (1.5 on a scale from 1 to 5): they keep to themselves and say little.
Agreeableness is very low (1.5 on a scale from 1 to 5): they look after their own affairs and say what they think.
Conscientiousness is very low (1.5 on a scale from 1 to 5): they let things lie and decide as they go.
Neuroticism is very low (1.5 on a scale from 1 to 5): they stay calm, and forget trouble soon.
Openness is very low (1.5 on a scale from 1 to 5): they like what is plain, practical and known.\
""")
    assert values.startswith(
        "Self-direction is very high (6 on a scale from 1 to 6): they want to decide for themselves."
    )


def first(of: str, wrong: Any) -> Change:
    return lambda what, time, data: (wrong(data) if callable(wrong) else wrong) if (what, time) == (of, 1) else data


def turned(of: str, ends: int) -> Callable[[Any], Any]:
    """Every answer as its opposite."""
    return lambda data: data | {of: [row | {"answer": ends - row["answer"]} for row in data[of]]}


def ticks(number: int, answer: int) -> Callable[[Any], Any]:
    def change(data: Any) -> Any:
        data["values"][number - 1]["answer"] = answer
        return data

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (first("life", Reply("{oh")), "holds no JSON object"),
        (first("answers", Reply("I'm sorry, I can't assist with that.")), "holds no JSON object"),
        (first("life", LIFE | {"likes": ["a", "b"]}), "`likes` must have 5 different texts, not 2"),
        (first("life", LIFE | {"likes": ["a", "A", "a ", "b", "c"]}), "`likes` must have 5 different texts, not 3"),
        (first("life", LIFE | {"weekday": "I work."}), "`weekday` is too short"),
        (first("life", LIFE | {"weekend": DAY}), "must be two different days"),
        (first("life", LIFE | {"weekend": f"As an AI I have none. {DAY}"}), "must be about the person"),
        (
            first("answers", lambda data: data | {"traits": data["traits"][:-2]}),
            "items 19, 20 of Mini-IPIP have no answer",
        ),
        (first("answers", lambda data: data | {"traits": data["traits"] + data["traits"][:1]}), "is answered twice"),
        (first("answers", ticks(3, 9)), "answers to 3 of values, in twenty statements are not from 1 to 6"),
        (
            first("answers", lambda data: data | {"values": [row | {"answer": 4} for row in data["values"]]}),
            "are the same",
        ),
        (first("answers", turned("traits", 6)), "answer its items as such a person would"),
        (first("answers", turned("values", 7)), "must be among the three values that matter most"),
        (first("portrait", PORTRAIT | {"values": ""}), "`values` must be a text that is not blank"),
        (first("portrait", PORTRAIT | {"values": "Wants {{this}}."}), "no placeholder"),
    ],
)
async def test_answers_that_cannot_be_this_persons_are_asked_for_again(change: Change, told: str) -> None:
    script, asked = person(change)
    async with reach(script) as there:
        drafts, _ = await run(there, Identity())
    assert len(drafts) == 1
    assert len(asked) == 4
    assert any(told in text for _, text in asked), [text for _, text in asked]


async def test_the_whole_way_offline_is_spread_over_traits_and_values() -> None:
    studio = Generating(OfflineModel(), Budget(Ceilings()))
    drafts = [draft async for draft in studio.generate(Identity(), 30, 1)]
    assert len(drafts) == 30
    assert not studio.failures
    for trait in questionnaire("big_five").scales:
        assert Counter(draft.persona.attributes[trait] for draft in drafts) == {"low": 10, "middle": 10, "high": 10}
    assert set(Counter(draft.persona.attributes["leading value"] for draft in drafts).values()) == {3}


def test_scores_turn_reversed_items_round_and_keep_halves() -> None:
    traits = questionnaire("big_five")
    answers = dict.fromkeys(range(1, 21), 3) | {1: 5, 6: 1, 11: 4, 16: 2}
    assert traits.scores(answers) == {
        "extraversion": 4.5, "agreeableness": 3, "conscientiousness": 3, "neuroticism": 3, "openness": 3,
    }  # fmt: skip
    assert [traits.level(score) for score in (1, 1.75, 2, 3, 4, 4.25, 5)] == [0, 0, 1, 2, 3, 4, 4]
    assert next(traits.sentences({"extraversion": 4.5})) == (
        "Extraversion is very high (4.5 on a scale from 1 to 5): they seek company and talk readily."
    )
    assert {len([item for item in of.items if item.scale == scale]) for of in (traits,) for scale in of.scales} == {4}
    values = questionnaire("values")
    assert Counter(item.scale for item in values.items) == dict.fromkeys(values.scales, 2)


def respondent(**changes: Any) -> dict[str, Any]:
    return {
        "id": "r1", "name": "Ada", "social": {"age": 34, "work": "nurse"},
        "traits": {str(number): 1 + number % 5 for number in range(1, 21)},
        "values": {str(number): 1 + number % 6 for number in range(1, 21)},
        "likes": ["tea"], "dislikes": ["noise"], "weekday": "I work.", "weekend": "I rest.",
    } | changes  # fmt: skip


def respondents(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "people.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


async def test_real_answers_make_personas_of_which_a_model_sees_the_scores_alone(tmp_path: Path) -> None:
    file = respondents(tmp_path, respondent(), respondent(id="r2", name="Bo"))
    script, asked = person()
    async with reach(script) as there:
        drafts, _ = await run(there, Identity(respondents=read_respondents(file)), 5)
    assert [(draft.key, draft.persona.name, draft.persona.kind) for draft in drafts] == [
        ("r1", "Ada", "individualized"), ("r2", "Bo", "individualized"),
    ]  # fmt: skip
    assert [what for what, _ in asked] == ["portrait", "portrait"]
    assert not [text for _, text in asked if "nurse" in text or "I work" in text or "Ada" in text]
    assert "A weekday, in their own words: I work." in drafts[0].persona.description


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (respondent(age=3), ":1: age: is not known here"),
        (respondent(traits={"1": 3}), ":1: traits: items 2, 3"),
        (respondent(traits={"x": 3}), "must hold whole numbers by item, not 'x': 3"),
        (respondent(likes="tea"), "likes: must be a list of texts"),
        (respondent(id="a/b"), "must not hold a slash"),
        ([1], "must be an object"),
        ({"id": "r1", "social": {"age": 3}}, "traits: is missing: part P needs it"),
    ],
)
async def test_respondents_that_cannot_be_taken_are_refused_at_their_line(tmp_path: Path, row: Any, says: str) -> None:
    async with reach() as there:
        with pytest.raises(InputError) as raised:
            await run(there, Identity(respondents=read_respondents(respondents(tmp_path, row))))
        assert there.calls == 0
    assert says in str(raised.value)
    assert "people.jsonl" in str(raised.value)


@pytest.mark.parametrize("parts", ["", "X", "SS", "S,P"])
async def test_parts_that_there_are_not_are_refused(parts: str) -> None:
    async with reach() as there:
        with pytest.raises(InputError, match="must be S, P, C or several"):
            await run(there, Identity(parts))


async def test_a_plan_of_ones_own_for_social_identity(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("attributes: {age: {18-18: 100%}}")
    async with reach() as there:
        (draft,), _ = await run(there, Identity("S", social=read_plan(path)))
    assert draft.persona.attributes == {"age": 18}
    path.write_text("attributes: {openness: {a: 100%}}")
    async with reach() as there:
        with pytest.raises(InputError, match="openness cannot be in the plan"):
            await run(there, Identity("SP", social=read_plan(path)))
