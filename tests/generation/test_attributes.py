"""A taxonomy from questions that people asked: what answers depend on, mined by a model, merged without one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from typer.testing import CliRunner

from lab.fake_llm import Reply
from personae.cli import app
from personae.core.attribute import Mined
from personae.errors import InputError
from personae.experiments.budget import Budget, Ceilings
from personae.experiments.generating import Generating
from personae.generation.attributes import AttributesMethod, Pair, read_pairs
from personae.generation.taxonomy import Taxonomy, read_taxonomy
from personae.generation.taxonomy.merge import merge, parts_of
from tests.llm.reach import reach

pytestmark = pytest.mark.anyio
TWO = Taxonomy((("Work", "hours"), ("Money", "debts")))
PAIRS = (Pair(1, "Can I afford a car?", "It depends."), Pair(2, "What is 2 + 2?", "4"))


def reply(depends: str, *paths: Any) -> Reply:
    return Reply(json.dumps({"depends": depends, "paths": paths}))


async def mined(script: Any, n: int = 1) -> tuple[list[Mined], dict[str, str], str]:
    async with reach(script) as there:
        studio = Generating(there.model(), Budget(Ceilings()), concurrency=1)
        drafts = [draft async for draft in studio.generate(AttributesMethod(PAIRS, TWO), n, 0)]
        return [draft.made for draft in drafts], studio.failures, there.sent()["messages"][1]["content"]  # type: ignore[misc]


async def test_what_the_model_is_asked_and_what_is_kept() -> None:
    script = [reply("yes", "money > debts", "Pets > dog", "Work", "Work > earns 300", "Money>Debts", 7), reply("no")]
    found, _, asked = await mined(script, 2)
    assert [(one.depends, one.paths) for one in found] == [("yes", ("Money > debts", "Money > Debts")), ("no", ())]
    assert asked == snapshot("""\
Categories:
- Work
- Money

The question:

What is 2 + 2?

The answer that was given:

4\
""")


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (reply("maybe"), "`depends` must be"),
        (reply("yes"), "None of its `paths`"),
        (reply("partly", "Pets > dog"), "None of its `paths`"),
        (Reply("I cannot do that."), "no JSON object"),
        (Reply('{"depends": "yes", "paths"}'), "JSON is broken"),
    ],
)
async def test_an_answer_without_use_is_asked_for_again_and_then_a_failure(bad: Reply, says: str) -> None:
    found, _, again = await mined([bad, reply("yes", "Work > hours")])
    assert found[0].paths == ("Work > hours",)
    assert "The question" in again
    found, failures, _ = await mined(bad)
    assert found == []
    assert says in failures["1"]


async def test_no_more_can_be_mined_than_there_are() -> None:
    with pytest.raises(InputError, match="-n 2"):
        await mined(reply("no"), 3)


def test_paths_that_say_the_same_become_one() -> None:
    found = merge(
        ["Work > working hours"] * 3
        + [
            "work > Working Hours",
            "Work > hours of working",
            "Money > working hours",
            "Work > boss",
            "Pets",
            "a > 1b > c",
        ]
    )
    assert found.taxonomy.paths == (("Work", "working hours"), ("Work", "boss"), ("Money", "working hours"))
    assert found.times["Work", "working hours"] == 5
    assert found.joined == {("Work", "hours of working"): ("Work", "working hours")}
    assert found.left_out == ("Pets", "a > 1b > c")
    assert len(merge(["Work > working hours", "Work > hours at work"], threshold=0.99).taxonomy.paths) == 2
    assert merge(["Work > a thing", "Work > other", "Work > other"], least=2).taxonomy.paths == (("Work", "other"),)
    assert parts_of("work / hours", ["Work"]) == ("Work", "hours")


@pytest.mark.parametrize("texts", [["A > x", "A > y > z", "B > c > d > e"], ["A > x", "B > y"], ["A > x > y"]])
def test_a_taxonomy_is_written_so_that_it_can_be_read(texts: list[str], tmp_path: Path) -> None:
    path = tmp_path / "taxonomy.json"
    taxonomy = merge(texts).taxonomy
    path.write_text(json.dumps(taxonomy.as_tree()), encoding="utf-8")
    again = read_taxonomy(path)
    assert {part for path in again.paths for part in path} - {"other"} == {
        part for path in taxonomy.paths for part in path
    }
    assert len(again.paths) == len(taxonomy.paths)


def test_the_whole_way_offline_from_questions_to_deep_personas(tmp_path: Path) -> None:
    pairs, mined, taxonomy, out = (tmp_path / name for name in ("pairs.jsonl", "mined.jsonl", "t.yaml", "out.jsonl"))
    questions = ["How do I train my dog?", "Is my contract at work legal?", "What is 2 + 2?", "Who feeds my cats?"]
    pairs.write_text("".join(json.dumps({"question": one, "answer": "So."}) + "\n" for one in questions), "utf-8")
    offline = ["--provider", "offline", "--quiet"]
    for command in (
        ["generate", "attributes", "--pairs", str(pairs), "-n", "4", "--out", str(mined), *offline],
        ["taxonomy", "build", str(mined), "--out", str(taxonomy)],
        ["generate", "deep", "--taxonomy", str(taxonomy), "--attributes", "3", "-n", "2", "--out", str(out), *offline],
    ):
        ran = CliRunner().invoke(app(), command)
        assert ran.exit_code == 0, ran.output
    assert taxonomy.read_text(encoding="utf-8").count("- ") == 3
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [len(row["sections"]["attributes"]["by_path"]) for row in rows] == [3, 3]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"question": " "}', ":1: question: needs a text"),
        ("", "is empty"),
        ('{"question": "a"}\n{', ":2: is not JSON"),
    ],
)
def test_pairs_that_cannot_be_read_are_told_by_line(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(text + "\n" if text else "", encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_pairs(path)
