"""A population: dealt out by a plan, each person one call, checked for how much there is, and for copies."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from lab.fake_llm import ChatRequest, Reply
from personae.errors import InputError, ProviderError
from personae.experiments.budget import Budget, Ceilings
from personae.experiments.generating import Generating
from personae.generation import Draft
from personae.generation._person import FACTORS
from personae.generation._plan_proposal import propose_plan, text_of_plan
from personae.generation.population import Population
from personae.generation.sampling import Plan
from personae.generation.sampling.fragments import read_population_plan
from personae.generation.sampling.slots import slots
from personae.llm.offline.engine import OfflineModel
from personae.llm.offline.steps.population import DescribePerson
from personae.sources import agent_of_persona, persona_of_agent
from tests.llm.reach import Reach, reach

pytestmark = pytest.mark.anyio
TOWN = "People of a small town who use the library's chat."
PLAN = "attributes:\n  age: {18-29: 50%, 70-90: 50%}\n  occupation: {baker: 50%, nurse: 50%}\n"
Change = Callable[[int, dict[str, Any]], Any]


def plan(tmp_path: Path, text: str = PLAN) -> Plan:
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return read_population_plan(path)


def people(change: Change = lambda time, data: data) -> tuple[Callable[[ChatRequest], Reply], list[str]]:
    """A script that answers with the offline engine's people, changed; and what it was asked."""
    asked: list[str] = []

    def answer(request: ChatRequest) -> Reply:
        asked.append(str(request.body["messages"][-1]["content"]))
        lists = (
            ("long_term_goals", 2), ("personality.traits", 4), ("preferences.interests", 3), ("preferences.likes", 4),
            ("preferences.dislikes", 4), ("beliefs", 5), ("skills", 3), ("behaviors.general", 4), ("other_facts", 4),
        )  # fmt: skip
        data = change(len(asked), DescribePerson((), lists, str(len(asked))).answer(0))
        return data if isinstance(data, Reply) else Reply(json.dumps(data))

    return answer, asked


async def run(there: Reach, method: Population, n: int = 1) -> tuple[list[Draft], Generating]:
    studio = Generating(there.model(), Budget(Ceilings()), concurrency=1)
    return [draft async for draft in studio.generate(method, n, 0)], studio


async def test_a_person_is_one_call_and_carries_what_an_agent_does(tmp_path: Path) -> None:
    script, asked = people()
    async with reach(script) as there:
        (draft,), _ = await run(there, Population(TOWN, plan(tmp_path)))
    persona = draft.persona
    assert len(asked) == 1
    agent = agent_of_persona(persona)
    spec = agent["persona"]
    assert spec["name"] == persona.name
    assert spec["age"] == persona.attributes["age"]
    assert spec["occupation"]["title"] == persona.attributes["occupation"], (
        "what was drawn stands before what was written"
    )
    level = str(persona.attributes["neuroticism"]).capitalize()
    assert spec["personality"]["big_five"]["neuroticism"].startswith(f"{level}. ")
    assert persona_of_agent(agent) == persona
    assert f"{spec['name']}, {spec['age']} years old" in persona.description


async def test_what_is_asked(tmp_path: Path) -> None:
    script, asked = people()
    async with reach(script) as there:
        await run(there, Population(TOWN, plan(tmp_path)))
    assert asked[0] == snapshot("""\
Fixed facts of this person:
- age: 23
- occupation: baker
- openness: medium
- conscientiousness: medium
- extraversion: medium
- agreeableness: medium
- neuroticism: medium

So many different texts are needed in each list:
- `long_term_goals`: 2 or more
- `personality.traits`: 4 or more
- `preferences.interests`: 3 or more
- `preferences.likes`: 4 or more
- `preferences.dislikes`: 4 or more
- `beliefs`: 5 or more
- `skills`: 3 or more
- `behaviors.general`: 4 or more
- `other_facts`: 4 or more

Number of this person among those with the same facts (another number is another life): 6e2ef51ab45c-1.1

The description of the population:

People of a small town who use the library's chat.\
""")


def without(path: str, value: Any = None) -> Change:
    def change(time: int, data: dict[str, Any]) -> dict[str, Any]:
        if time > 1:
            return data
        place = data
        *above, last = path.split(".")
        for part in above:
            place = place[part]
        place[last] = value
        return data

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda time, data: Reply("{broken") if time == 1 else data, "holds no JSON object"),
        (lambda time, data: Reply("I'm sorry, I can't do that.") if time == 1 else data, "holds no JSON object"),
        (lambda time, data: [] if time == 1 else data, "must be a JSON object"),
        (without("name", " "), "`name` must be a text that is not blank"),
        (without("beliefs", ["One."]), "`beliefs` must have 5 different texts or more, not 1"),
        (without("skills", ["A.", "a. ", " A."]), "`skills` must have 3 different texts or more, not 1"),
        (without("preferences.likes", "tea"), "`preferences.likes` must be a list of texts"),
        (without("personality.big_five", {}), "`personality.big_five` must tell of openness"),
        (without("occupation", {"title": "baker"}), "`occupation` must have `title` and `description`"),
        (without("style", "As an AI, I have no style."), "it must describe the person"),
        (without("health", "Well, {{name}}."), "no text may hold a placeholder"),
    ],
)
async def test_what_is_missing_is_asked_for_again_with_all_of_it_named(
    tmp_path: Path, change: Change, told: str
) -> None:
    script, asked = people(change)
    async with reach(script) as there:
        drafts, _ = await run(there, Population(TOWN, plan(tmp_path)))
    assert len(drafts) == 1
    assert len(asked) == 2
    assert told in asked[1]


async def test_a_copy_is_asked_for_again_and_given_up_after_some_tries(tmp_path: Path) -> None:
    one_age = "attributes: {age: {30-30: 100%}}"
    first: dict[str, Any] = {}
    script, asked = people(lambda time, data: first.setdefault("it", data) if time < 3 else data)
    async with reach(script) as there:
        drafts, _ = await run(there, Population(TOWN, plan(tmp_path, one_age)), 2)
    assert [draft.provenance.took for draft in drafts] == [{}, {"rejects": 1}]
    assert asked[1] != asked[2], "another number, another life"
    script, _ = people(lambda time, data: first["it"])
    async with reach(script) as there:
        drafts, studio = await run(there, Population(TOWN, plan(tmp_path, one_age), tries=2), 2)
    assert len(drafts) == 1
    assert next(iter(studio.failures.values())) == "2 answers were too much like somebody who is there already"


async def test_the_whole_way_offline_reaches_every_share_of_plan_and_personality(tmp_path: Path) -> None:
    method = Population(TOWN, plan(tmp_path))
    studio = Generating(OfflineModel(), Budget(Ceilings()))
    drafts = [draft async for draft in studio.generate(method, 40, 1)]
    assert len({draft.persona.name for draft in drafts}) == 40
    assert method.report(drafts).lines[0] == "quotas: 19 of 19 shares are met"
    for factor in FACTORS:
        assert Counter(draft.persona.attributes[factor] for draft in drafts) == {"low": 10, "medium": 20, "high": 10}


PARTS = """fragments:
  picky: {share: 20%, add: picky.fragment.json}
  wary: {share: 30%, add: {beliefs: [All bills lie.], style: Terse.}}
never:
  - {age: 70-90, picky: yes}
"""


async def test_a_share_of_the_people_get_a_fragment_and_its_words_stand_before_what_is_written(tmp_path: Path) -> None:
    fragment = {"type": "Fragment", "persona": {"behaviors": {"general": ["Sends food back."]}}}
    (tmp_path / "picky.fragment.json").write_text(json.dumps(fragment), encoding="utf-8")
    method = Population(TOWN, plan(tmp_path, PLAN + PARTS))
    studio = Generating(OfflineModel(), Budget(Ceilings()))
    made = [draft async for draft in studio.generate(method, 30, 1)]
    assert method.report(made).lines[0] == "quotas: 23 of 23 shares are met"
    found = [draft.persona for draft in made]
    specs: list[tuple[Any, Any]] = [(one.attributes, agent_of_persona(one)["persona"]) for one in found]
    picky = [facts for facts, spec in specs if "Sends food back." in spec["behaviors"]["general"]]
    assert [facts for facts, _ in specs if facts["picky"] == "yes"] == picky
    assert (len(picky), [facts["age"] for facts in picky if facts["age"] >= 70]) == (6, [])
    wary = [spec for facts, spec in specs if facts["wary"] == "yes"]
    assert [(spec["style"], spec["beliefs"][-1], len(spec["beliefs"])) for spec in wary] == [
        ("Terse.", "All bills lie.", 6)
    ] * 9
    assert all("wary" not in spec for _, spec in specs), "it is no part of the agent, but what it says is"


async def test_the_writer_is_told_what_the_fragment_will_add(tmp_path: Path) -> None:
    script, asked = people()
    everybody = PLAN + "fragments: {wary: {share: 1, add: {beliefs: [All bills lie.]}}}"
    async with reach(script) as there:
        await run(there, Population(TOWN, plan(tmp_path, everybody)))
    assert "- this holds of them too, and is added to what you write: Beliefs: All bills lie.\n" in asked[0]
    assert "wary" not in asked[0]


@pytest.mark.parametrize(
    ("fragments", "says"),
    [
        ("{wary: {share: 20, add: {beliefs: [x]}}}", "more than 0, and 100 % at most"),
        ("{wary: {share: 20%}}", "what to `add`"),
        ("{wary: {share: 20%, add: ../secret.json}}", "in the plan's folder or below"),
        ("{wary: {share: 20%, add: none.json}}", "there is no file 'none.json' beside the plan"),
        ("{age: {share: 20%, add: {beliefs: [x]}}}", "has the name of an attribute"),
        ("{wary: {share: 20%, add: {age: 30}}}", "says 'age', which is dealt out"),
        ("{wary: {share: 20%, add: {personality: {big_five: {openness: Low.}}}}}", "openness', which is dealt out"),
        (
            "{wary: {share: 20%, add: {style: Terse.}}, mild: {share: 10%, add: {style: Long.}}}",
            "cannot go with wary: 'style' is 'Terse.' there and 'Long.' here",
        ),
    ],
)
async def test_a_fragment_that_cannot_be_dealt_out_is_refused_before_any_call(
    tmp_path: Path, fragments: str, says: str
) -> None:
    async with reach() as there:
        with pytest.raises(InputError, match=says) as raised:
            await run(there, Population(TOWN, plan(tmp_path, f"{PLAN}fragments: {fragments}")))
        assert (raised.value.line, there.calls) == (4, 0)


async def test_settings_that_cannot_be_are_said_before_any_call(tmp_path: Path) -> None:
    async with reach() as there:
        with pytest.raises(InputError, match="1 try or more"):
            await run(there, Population(TOWN, plan(tmp_path), tries=0))
        assert there.calls == 0


def attribute(name: str, **shares: float) -> dict[str, Any]:
    values = [{"value": value, "share": share} for value, share in shares.items()]
    return {"name": name, "about": "in short", "values": values}


GOOD = {
    "attributes": [attribute("age", young=33.3, old=66.7), attribute("work", school=30, job=70)],
    "never": [{"values": [{"attribute": "age", "value": "old"}, {"attribute": "work", "value": "school"}]}],
}
WRONG = [
    ("no JSON", "holds no JSON"),
    ({"attributes": [attribute("age", young=100)]}, "2 to 12 `attributes`"),
    ({"attributes": [attribute("age", young=50, old=20), attribute("work", job=100)]}, "add up to 70, not 100"),
    ({"attributes": [attribute("age", young=100), attribute("age", old=100)]}, "'age' stands there twice"),
    ({"attributes": [attribute("age", young=-5, old=105), attribute("work", job=100)]}, "a `share` from 0 to 100"),
    (GOOD | {"never": [{"values": [{"attribute": "age", "value": "ancient"}]}]}, "'age' 'ancient', which is no value"),
    (GOOD | {"never": [{"values": [{"attribute": "age", "value": "old"}]}]}, "two attributes or more"),
    (
        {
            "attributes": [attribute("age", young=20, old=80), attribute("work", school=30, job=70)],
            "never": GOOD["never"],
        },
        "It contradicts itself: the quotas contradict each other",
    ),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG, ids=range(len(WRONG)))
async def test_a_proposed_plan_that_cannot_be_is_asked_for_again(tmp_path: Path, wrong: Any, told: str) -> None:
    said = wrong if isinstance(wrong, str) else json.dumps(wrong)
    async with reach([Reply(said), Reply(json.dumps(GOOD))]) as there:
        found = await propose_plan(there.model(), TOWN)
        assert told in there.sent()["messages"][-1]["content"]
    again = plan(tmp_path, text_of_plan(found, "a guess"))
    assert [slot.cell for slot in slots(again, 30, 0)] == [slot.cell for slot in slots(found, 30, 0)]
    assert (again.names, again.never, again.attributes[0].about) == (found.names, found.never, "in short")


async def test_a_model_that_proposes_nonsense_twice_is_an_error() -> None:
    async with reach(lambda _: Reply("{}")) as there:
        with pytest.raises(ProviderError, match="twice: It must be a JSON object with 2 to 12"):
            await propose_plan(there.model(), TOWN)
