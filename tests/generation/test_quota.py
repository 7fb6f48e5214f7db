"""Personas by quotas: dealt out by a schema, written by roles, checked by code and a critic, revised by part."""

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
from personae.generation._quota_schema import Schema, read_schema
from personae.generation.quota import Quota
from personae.llm.offline.engine import OfflineModel
from tests.llm.reach import Reach, reach

pytestmark = pytest.mark.anyio
SCHEMA = """\
about: customers of a mobile network
attributes:
  age: {18-29: 50%, 70-90: 50%}
  contract:
    about: how they pay
    shares: {prepaid: 50%, monthly: 50%}
levels: [low, middle, high]
parts:
  background: {write: Where they live., says: [age], words: 3-30}
  character: {write: How they are., rate: [patience, warmth], words: 3-30}
never:
  - {contract: prepaid, patience: high}
vary:
  - [patience, warmth]
"""


def schema(tmp_path: Path, text: str = SCHEMA) -> Schema:
    path = tmp_path / "schema.yaml"
    path.write_text(text, encoding="utf-8")
    return read_schema(path)


class Roles:
    """Answers each role, and says what went wrong before where it is told to."""

    def __init__(self, change: Callable[[str, int, dict[str, Any]], Any] = lambda part, time, data: data) -> None:
        self.change, self.asked = change, Counter[str]()
        self.tasks: list[tuple[str, str]] = []

    def __call__(self, request: ChatRequest) -> Reply:
        system, task = (str(message["content"]) for message in request.body["messages"][:2])
        part = next((name for name in ("background", "character") if f"is the part `{name}`" in system), "critic")
        self.asked[part] += 1
        self.tasks.append((part, task))
        if part == "critic":
            return self._said(part, {"issues": []})
        age = task.split("- age: ")[1].split("\n")[0]
        words = " ".join(map(str, range(self.asked[part] * 7, self.asked[part] * 7 + 9)))
        person = f"number {self.asked[part]} of {len(self.tasks)}, {words}"
        if part == "background":
            return self._said(part, {"name": f"Ada {self.asked[part]}", "text": f"Lives at {person}, aged {age}."})
        return self._said(part, {"text": f"Is kind, {person}.", "ratings": {"patience": "low", "warmth": "high"}})

    def _said(self, part: str, data: dict[str, Any]) -> Reply:
        changed = self.change(part, self.asked[part], data)
        return changed if isinstance(changed, Reply) else Reply(json.dumps(changed))


async def run(there: Reach, method: Quota, n: int = 1) -> tuple[list[Draft], Generating]:
    studio = Generating(there.model(), Budget(Ceilings()), concurrency=1)
    return [draft async for draft in studio.generate(method, n, 0)], studio


async def test_roles_write_in_turn_and_what_they_wrote_is_played(tmp_path: Path) -> None:
    roles = Roles()
    async with reach(roles) as there:
        (draft,), _ = await run(there, Quota(schema(tmp_path)))
    persona = draft.persona
    assert [part for part, _ in roles.tasks] == ["background", "character", "critic"]
    assert persona.name == "Ada 1"
    assert persona.description.startswith("Lives at number 1")
    assert "\n\nIs kind" in persona.description
    assert set(persona.attributes) == {"age", "contract"}
    assert persona.sections is not None
    assert persona.sections.attributes is not None
    assert persona.sections.attributes.by_path == {"character > patience": "low", "character > warmth": "high"}
    assert persona.provenance is not None
    assert persona.provenance.took == {}
    assert len(persona.provenance.prompts) == 4


async def test_what_a_role_and_the_critic_are_asked(tmp_path: Path) -> None:
    roles = Roles()
    async with reach(roles) as there:
        await run(there, Quota(schema(tmp_path), context="The network is called Hum."))
    assert roles.tasks[1][1] == snapshot("""\
The people of this set: customers of a mobile network

Background that they have in common:
The network is called Hum.

Fixed facts of this person:
- age: 27
- contract (how they pay): prepaid

What the other authors wrote so far:
{
 "background": "Lives at number 1 of 1, 7 8 9 10 11 12 13 14 15, aged 27."
}

Your part, `character`, must tell: How they are.

Length: 3 to 30 words.

Rate each of these by one of the words `low`, `middle`, `high`: patience, warmth

Number of this person among those with the same facts (another number is another life): fd9c30dffe4a-1.1\
""")
    assert roles.tasks[2][1] == snapshot("""\
The people of this set: customers of a mobile network

Fixed facts of this person:
- age: 27
- contract (how they pay): prepaid

What each part should tell:
- `background`: Where they live.
- `character`: How they are.

The draft:
{
 "background": {
  "text": "Lives at number 1 of 1, 7 8 9 10 11 12 13 14 15, aged 27."
 },
 "character": {
  "text": "Is kind, number 1 of 2, 7 8 9 10 11 12 13 14 15.",
  "ratings": {
   "patience": "low",
   "warmth": "high"
  }
 }
}\
""")


@pytest.mark.parametrize(
    ("part", "wrong", "told"),
    [
        ("background", {"text": "Lives somewhere in a town."}, "it must say that age is"),
        ("background", {"text": "Ada is 3 years old and lives here."}, "and the person's age is"),
        ("background", {"text": "Here."}, "it has 1 words, and must have 3 to 30"),
        ("background", {"text": "- one of age\n- two of age"}, "it must be one paragraph"),
        ("background", {"text": "Lives in {{city}} for years."}, "it must not hold a placeholder"),
        ("background", {"text": "I cannot help with writing people."}, "it must describe the person"),
        ("character", {"ratings": {"patience": "low", "warmth": "low"}}, "can be low: let some differ"),
    ],
)
async def test_code_finds_what_is_wrong_and_its_author_mends_it(
    tmp_path: Path, part: str, wrong: dict[str, Any], told: str
) -> None:
    roles = Roles(lambda who, time, data: data | wrong if (who, time) == (part, 1) else data)
    async with reach(roles) as there:
        (draft,), _ = await run(there, Quota(schema(tmp_path)))
    assert roles.asked == {"background": 1, "character": 1, "critic": 1} | {part: 2}, "the other part is left alone"
    assert told in roles.tasks[2][1]
    assert draft.provenance.took == {"revisions": 1}


async def test_a_rule_on_ratings_holds_for_those_whom_it_names(tmp_path: Path) -> None:
    def patient(part: str, time: int, data: dict[str, Any]) -> dict[str, Any]:
        return data | {"ratings": {"patience": "high", "warmth": "low"}} if part == "character" and time <= 2 else data

    roles = Roles(patient)
    async with reach(roles) as there:
        drafts, _ = await run(there, Quota(schema(tmp_path)), 2)
    by_contract = {draft.persona.attributes["contract"]: draft.provenance.took for draft in drafts}
    assert by_contract["monthly"] == {}
    assert by_contract["prepaid"]["revisions"] >= 1


async def test_the_critics_issue_goes_to_the_part_it_names(tmp_path: Path) -> None:
    issue = {"issues": [{"part": "background", "problem": "Nobody can live there."}]}
    roles = Roles(lambda part, time, data: issue if (part, time) == ("critic", 1) else data)
    async with reach(roles) as there:
        (draft,), _ = await run(there, Quota(schema(tmp_path)))
    assert roles.asked == {"background": 2, "character": 1, "critic": 2}
    assert "- Nobody can live there." in roles.tasks[3][1]
    assert draft.provenance.took == {"revisions": 1}


async def test_a_critic_that_is_never_content_is_heard_to_a_limit(tmp_path: Path) -> None:
    issue = {"issues": [{"part": "character", "problem": "More."}]}
    roles = Roles(lambda part, _, data: issue if part == "critic" else data)
    async with reach(roles) as there:
        drafts, studio = await run(there, Quota(schema(tmp_path), revisions=2))
    assert roles.asked == {"background": 1, "character": 3, "critic": 3}
    assert drafts[0].provenance.took == {"revisions": 2, "objections": 1}
    assert not studio.failures


async def test_what_breaks_a_rule_to_the_end_is_not_kept(tmp_path: Path) -> None:
    roles = Roles(lambda part, _, data: data | {"text": "Here."} if part == "background" else data)
    async with reach(roles) as there:
        drafts, studio = await run(there, Quota(schema(tmp_path), revisions=1, tries=2))
    assert drafts == []
    assert next(iter(studio.failures.values())) == (
        "2 drafts were thrown away, the last because of its part 'background': it has 1 words, and must have 3 to 30"
    )


BROKEN = [
    Reply("{'no': json"),
    Reply("I'm sorry, but I can't help with that."),
    Reply(json.dumps({"text": " ", "ratings": {"patience": "low", "warmth": "high"}})),
    Reply(json.dumps({"text": "Is kind to all."})),
    Reply(json.dumps({"text": "Is kind to all.", "ratings": {"patience": "low"}})),
    Reply(json.dumps({"text": "Is kind to all.", "ratings": {"patience": "low", "warmth": "very"}})),
    Reply(json.dumps([1])),
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
async def test_an_answer_without_use_is_asked_for_again(tmp_path: Path, broken: Reply) -> None:
    roles = Roles(lambda part, time, data: broken if (part, time) == ("character", 1) else data)
    async with reach(roles) as there:
        drafts, _ = await run(there, Quota(schema(tmp_path)))
    assert len(drafts) == 1
    assert roles.asked["character"] == 2


async def test_a_model_that_refuses_every_time_costs_one_piece_each(tmp_path: Path) -> None:
    async with reach(lambda _: Reply("I'm sorry, but I can't help with that.")) as there:
        drafts, studio = await run(there, Quota(schema(tmp_path)), 3)
    assert drafts == []
    assert len(studio.failures) == 3


async def test_one_that_reads_like_another_is_written_anew(tmp_path: Path) -> None:
    def same(part: str, time: int, data: dict[str, Any]) -> dict[str, Any]:
        if part == "background" and time <= 2:
            return data | {"text": f"Lives in the same old house by the river as ever, {data['text'].split(', ')[-1]}"}
        return data | {"text": "Is the same person as the other one."} if part == "character" and time <= 2 else data

    text = SCHEMA.replace("{18-29: 50%, 70-90: 50%}", "{18-18: 100%}")
    roles = Roles(same)
    async with reach(roles) as there:
        drafts, studio = await run(there, Quota(schema(tmp_path, text)), 2)
    assert len(drafts) == 2
    assert not studio.failures
    assert [draft.provenance.took for draft in drafts] == [{}, {"rejects": 1}]
    assert roles.asked["background"] == 3


async def test_names_are_unique(tmp_path: Path) -> None:
    roles = Roles(lambda part, _, data: data | {"name": "Ada"} if part == "background" else data)
    async with reach(roles) as there:
        drafts, _ = await run(there, Quota(schema(tmp_path)), 3)
    assert len({draft.persona.name for draft in drafts}) == 3


async def test_the_whole_way_offline_reaches_every_quota_and_a_larger_number_only_adds(tmp_path: Path) -> None:
    method = Quota(schema(tmp_path))
    studio = Generating(OfflineModel(), Budget(Ceilings()))
    first = [draft async for draft in studio.generate(method, 10, 1)]
    drafts = [draft async for draft in studio.generate(method, 40, 1)]
    assert (len(first), len(drafts)) == (10, 40)
    assert {draft.key for draft in first} <= {draft.key for draft in drafts}
    told = method.report(drafts)
    assert told.lines[0] == "quotas: 4 of 4 shares are met"
    assert [(row["value"], row["count"]) for row in told.data["quotas"]] == [
        ("18-29", 20), ("70-90", 20), ("prepaid", 20), ("monthly", 20),
    ]  # fmt: skip
    prepaid = [draft for draft in drafts if draft.persona.attributes["contract"] == "prepaid"]
    lines = method.report(prepaid).lines
    assert {"  contract prepaid: 20, wanted 10 (50 %)", "  contract monthly: 0, wanted 10 (50 %)"} <= set(lines)


async def test_the_parts_that_come_with_personae(tmp_path: Path) -> None:
    plain = schema(tmp_path, "attributes: {age: {18-29: 50%, 70-90: 50%}}")
    assert [part.name for part in plain.parts] == ["background", "character", "situation", "voice"]
    studio = Generating(OfflineModel(), Budget(Ceilings()))
    assert len([draft async for draft in studio.generate(Quota(plain), 4, 1)]) == 4


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("70-90: 50%", "70-90: 40%", ":3: attributes.age: the shares add up to 90 %"),
        ("says: [age]", "says: [agee]", ":9: parts.background.says: 'agee' is no attribute"),
        ("words: 3-30}\n  ch", "words: few}\n  ch", "parts.background.words: must be a range such as 30-120"),
        ("write: Where they live.", "write: ''", "parts.background.write: is missing"),
        ("rate: [patience, warmth]", "rate: [patience, age]", "is rated twice, or an attribute too"),
        ("patience: high", "patience: highest", "'highest' is not one of its values: low, middle, high"),
        ("  - [patience, warmth]", "  - [patience]", "vary: must list two ratings or more"),
        ("levels: [low, middle, high]", "levels: [low]", "levels: must be two different words or more"),
        ("levels:", "level:", "is not known here"),
        ("never:\n", "never:\n  - {age: 18-29, contract: [prepaid, monthly]}\n", "the quotas contradict each other"),
    ],
)
def test_a_schema_that_cannot_be_is_refused_at_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in SCHEMA
    with pytest.raises(InputError) as raised:
        schema(tmp_path, SCHEMA.replace(old, new, 1))
    assert says in str(raised.value)


@pytest.mark.parametrize("settings", [{"tries": 0}, {"revisions": -1}])
async def test_settings_that_cannot_be_are_said_before_any_call(tmp_path: Path, settings: dict[str, Any]) -> None:
    async with reach() as there:
        with pytest.raises(InputError, match="must be"):
            await run(there, Quota(schema(tmp_path), **settings))
        assert there.calls == 0
