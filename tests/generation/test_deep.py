"""Deep personas: an anchor from tables, attributes near and far from it, values that fill up step by step."""

from __future__ import annotations

import json
import re
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
from personae.generation.anchors import Anchor, own_tables, read_tables
from personae.generation.deep import Deep
from personae.generation.taxonomy import Mix, Taxonomy, choose, own_taxonomy, read_taxonomy, written
from personae.llm.offline.engine import OfflineModel
from personae.stats.vectors import cosine, vector
from tests.llm.reach import Reach, reach

pytestmark = pytest.mark.anyio
SMALL = Taxonomy((*(("Work", "Days", f"task {number}") for number in range(5)), ("Home", "pets"), ("Home", "noise")))
LIFE = {
    "name": "Ada Ito",
    "attitude": "Calm.",
    "stories": ["I once lost my way in a wood, and it took me a whole long night to find out again, with no light."],
    "interests": ["maps"],
}
NARRATIVE = {"narrative": "Ada Ito is somebody. " * 15, "manner": "Short messages.", "traits": ["terse"]}


def reply(data: Any) -> Reply:
    return Reply(json.dumps(data))


def task_of(request: ChatRequest) -> str:
    return str(request.body["messages"][1]["content"])


def asked(request: ChatRequest) -> list[tuple[int, str]]:
    """Number and path of what a request asks for."""
    return [(int(number), path) for number, path in re.findall(r"^(\d+)\. (.+)$", task_of(request), re.MULTILINE)]


def person(values: Callable[[ChatRequest, int], Any], **changes: Any) -> Callable[[ChatRequest], Reply]:
    """Answers every step well, but the values as `values` does, which is told how often it was asked."""
    times = iter(range(1000))

    def script(request: ChatRequest) -> Reply:
        if "`stories`" in task_of(request):
            return reply(LIFE | changes)
        if "`narrative`" in task_of(request):
            return reply(NARRATIVE | changes)
        made = values(request, next(times))
        return made if isinstance(made, Reply) else reply(made)

    return script


def good(request: ChatRequest, _: int = 0) -> dict[str, Any]:
    return {"values": [{"number": number, "value": f"own {path}"} for number, path in asked(request)]}


async def made(there: Reach, n: int = 1, **settings: Any) -> tuple[list[Draft], dict[str, str]]:
    studio = Generating(there.model(), Budget(Ceilings()), concurrency=1)
    small: dict[str, Any] = {"attributes": 7, "taxonomy": SMALL}
    method = Deep(**small | settings)
    return [draft async for draft in studio.generate(method, n, 0)], studio.failures


async def test_a_persona_has_its_anchor_its_story_every_attribute_and_a_narrative() -> None:
    async with reach(person(good)) as there:
        (draft,), failures = await made(there)
        assert (there.calls, failures) == (4, {})
        tasks = [there.sent(number)["messages"][1]["content"] for number in range(4)]
    persona = draft.persona
    sections = persona.sections
    assert sections is not None
    assert sections.identity is not None
    assert sections.attributes is not None
    assert sections.story is not None
    assert {"age", "gender", "place", "occupation"} <= set(sections.identity.facts)
    assert sections.attributes.by_path == {written(path): f"own {written(path)}" for path in SMALL.paths}
    assert "lost my way" in sections.story.text
    assert (persona.name, persona.kind, persona.traits) == ("Ada Ito #1", "demographic", ("terse",))
    assert persona.description.startswith("Ada Ito is somebody.")
    assert persona.description.endswith("Short messages.")
    assert "own Work > Days > task 0" not in tasks[1]
    assert "Work > Days > task 0: own Work > Days > task 0" in tasks[2], "each batch knows what was decided before"
    assert all(str(fact) in task for task in tasks for fact in list(sections.identity.facts.values())[1:])
    assert draft.provenance.prompts.keys() == {
        f"generation/deep{part}" for part in ("", "_life", "_narrative", "_values")
    }
    assert tasks[2][tasks[2].index("Decide") : tasks[2].index(", in at most")] == snapshot("""\
Decide the following of this person. Each is given by its number and its path in a list of what can be said of people.

1. Home > pets
2. Home > noise

Answer with `values`: for each number, exactly once, what is true of this person\
""")


async def test_values_that_are_missing_doubled_or_off_the_topic_are_asked_for_again() -> None:
    def sloppy(request: ChatRequest, time: int) -> Any:
        rows = good(request)["values"]
        if time:
            return {"values": rows}
        bad = [{"number": 1, "value": "again"}, {"number": 99, "value": "off"}, {"number": 2, "value": "N/A."}, "x", {}]
        return {"values": [rows[0], *bad, {"number": 3, "value": "long " * 100}]}

    async with reach(person(sloppy)) as there:
        (draft,), _ = await made(there)
        again = there.sent(2)["messages"][1]["content"]
    assert draft.persona.sections is not None
    assert draft.persona.sections.attributes is not None
    assert len(draft.persona.sections.attributes.by_path) == 7
    assert draft.persona.sections.attributes.by_path["Work > Days > task 0"] == "own Work > Days > task 0"
    assert re.findall(r"^\d+\. (.+)$", again, re.MULTILINE) == [
        f"Work > Days > task {number}" for number in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (lambda _, __: Reply('{"values": [{"number": 1, "va}'), "JSON is broken"),
        (lambda _, __: Reply("I'm sorry, I can't help with that."), "holds no JSON object"),
        (lambda _, __: {"values": [{"number": 1, "value": "unknown"}]}, "None of its values can be used"),
        (lambda _, __: {"rows": []}, "the list `values`"),
        (lambda request, _: {"values": good(request)["values"][:1]}, "3 of 7 attributes got no value"),
    ],
    ids=["broken JSON", "a refusal", "no values", "another form", "always too few"],
)
async def test_a_person_without_usable_values_is_a_failure_and_no_persona(values: Any, says: str) -> None:
    async with reach(person(values)) as there:
        drafts, failures = await made(there)
    assert drafts == []
    assert says in failures["1"]


async def test_an_answer_that_says_the_same_of_everything_is_refused() -> None:
    wide = Taxonomy(tuple(("Work", f"task {number}") for number in range(10)))
    lazy = lambda request, _: {"values": [{"number": number, "value": "Yes"} for number, _ in asked(request)]}  # noqa: E731
    async with reach(person(lazy)) as there:
        _, failures = await made(there, attributes=10, taxonomy=wide)
    assert "says 'Yes' of most" in failures["1"]


@pytest.mark.parametrize("changes", [{"stories": ["Short."]}, {"name": " "}, {"narrative": "Too short."}])
async def test_a_life_or_a_narrative_that_is_none_is_refused(changes: dict[str, Any]) -> None:
    async with reach(person(good, **changes)) as there:
        drafts, failures = await made(there)
    assert (drafts, len(failures)) == ([], 1)


async def test_the_offline_engine_makes_different_people_with_hundreds_of_attributes() -> None:
    studio = Generating(OfflineModel(3), Budget(Ceilings()))
    personas = [draft.persona async for draft in studio.generate(Deep(), 6, 3)]
    assert len({persona.description for persona in personas}) == len(personas) == 6
    assert len({persona.name for persona in personas}) == 6
    assert all(len(persona.sections.attributes.by_path) == 200 for persona in personas)  # type: ignore[union-attr]
    again = Generating(OfflineModel(3), Budget(Ceilings()))
    few = {draft.key: draft.persona.description async for draft in again.generate(Deep(), 2, 3)}
    assert few.items() <= {persona.provenance.key: persona.description for persona in personas}.items()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("settings", "says"),
    [({"mix": "5:3"}, "NEAR:MIDDLE:FAR"), ({"mix": "0:0:0"}, "no mix"), ({"attributes": 8}, "holds 7"),
     ({"attributes": 0}, "1 or more")],
)  # fmt: skip
async def test_settings_that_cannot_be_are_refused_before_any_call(settings: dict[str, Any], says: str) -> None:
    async with reach(person(good)) as there:
        with pytest.raises(InputError, match=says):
            await made(there, **settings)
        assert there.calls == 0


def test_attributes_come_from_near_middle_and_far_as_the_mix_says() -> None:
    taxonomy = own_taxonomy()
    nurse = vector("nurse in a hospital health patients shifts nights doctor care")
    for mix, total in ((Mix(5, 3, 2), 200), (Mix(1, 1, 1), 90), (Mix(4, 4, 2), 100)):
        bands = choose(taxonomy, nurse, total, mix, 1)
        counts = Counter(bands.values())
        assert (counts["near"], counts["middle"], counts["far"]) == mix.counts(total)
        assert list(bands) == [path for path in taxonomy.paths if path in bands], "in the taxonomy's order"
    likeness = {
        band: [cosine(nurse, vector(" ".join(path))) for path in bands if bands[path] == band]
        for band in ("near", "far")
    }
    assert min(likeness["near"]) >= max(likeness["far"])
    assert choose(taxonomy, nurse, 50, Mix(1, 0, 0), 1) != choose(taxonomy, nurse, 50, Mix(1, 0, 0), 2)
    assert len(choose(taxonomy, nurse, len(taxonomy.paths), Mix(5, 3, 2), 1)) == len(taxonomy.paths)
    assert Mix(5, 3, 2).counts(7) == (4, 2, 1)


def test_the_taxonomy_that_comes_with_it_is_broad() -> None:
    paths = own_taxonomy().paths
    assert len(paths) > 300
    assert len({path[0] for path in paths}) >= 12
    assert all(len(path) == 3 for path in paths)
    assert len({path[-1] for path in paths}) > 0.97 * len(paths)


def test_anchors_follow_their_tables_and_fit_themselves() -> None:
    anchors: list[Anchor] = [own_tables().draw(seed) for seed in range(2000)]
    genders = Counter(anchor.facts["gender"] for anchor in anchors)
    assert genders["woman"] / 2000 == pytest.approx(0.49, abs=0.04)
    assert min(int(anchor.facts["age"]) for anchor in anchors) >= 18
    assert all(int(anchor.facts["age"]) <= 29 for anchor in anchors if anchor.facts["occupation"] == "student")
    assert all(int(anchor.facts["age"]) >= 58 for anchor in anchors if "retired" in str(anchor.facts["occupation"]))
    assert len({anchor.lines for anchor in anchors}) > 1990


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gender: [woman]", "needs a table 'age'"),
        ("age: [18-29]\nwork:\n  - {is: x, weigth: 2}", ":3: work: 'weigth' is not known"),
        ("age: [old]", "'old' is no range"),
        ("age: [{is: 18-29, weight: -1}]", "'weight' must be"),
        ("age: [{is: 18-29, weight: 0}]", "weight above 0"),
        ("age: []", "list of entries"),
        ("- age", "mapping of tables"),
        ("age: [18-29]\nage: [30-40]", "stands twice"),
    ],
)
def test_tables_that_cannot_be_read_are_told_by_line(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "tables.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_tables(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Work: [a, b, a]", ":1: Work > a: stands at line 1 already"),
        ("Work:\n  - a > b", ":2: 'a > b' is no part"),
        ("Work:\n  - x: y", "must be an attribute's name"),
        ("[a]", "mapping of categories"),
        ("Work:", "holds no attributes"),
        ("a: {b: {c: {d: {e: {f: [g]}}}}}", "6 levels"),
    ],
)
def test_a_taxonomy_that_cannot_be_read_is_told_by_line(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "taxonomy.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(says) if ">" in says else says):
        read_taxonomy(path)
