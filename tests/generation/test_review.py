"""Review: flags first, decisions of several people in files that merge, what is accepted is used, and refined upon."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.fake_llm import Reply, Script
from personae.cli import app
from personae.core.query import Example, Query, Topic
from personae.errors import Conflict, InputError, ProviderError
from personae.generation.authoring.refine import Refinement, refine
from personae.generation.authoring.topics import write_topics
from personae.generation.quality.flags import flags
from personae.generation.review import (
    Decision,
    append_decisions,
    beside,
    merged,
    queue,
    read_decisions,
    reasons,
    reviewed,
)
from personae.sources import read_queries
from personae.sources._topics import text_of_topics
from tests.llm.reach import reach
from tests.running import personae, rows
from tests.terminal import terminal

GOOD = "I was charged 12 euros twice yesterday because the terminal froze, can you check my card?"
QUERIES = [
    Query(
        topic="Fees",
        user_type="Saver",
        user_background="Mia counts every cent.",
        query=GOOD,
        expected_outcome="Checks.",
    ),
    Query(topic="Fees", query=GOOD.replace("froze", "crashed")),
    Query(topic="Lost card", query="What is the annual fee?"),
    Query(
        topic="Lost card", query="My wallet and card were stolen in Porto last night, so I need a new card by Friday."
    ),
    Query(topic="Limits", query="Since I fly on Monday I want my limit raised to 4000 before the hotel is booked."),
]


def example(query: str) -> Example:
    return Example(example_type="One", example_background="Somebody.", example_query=query)


TOPICS = (
    Topic(topic="Fees", example_types=(example("Why do I pay an annual fee, and what is this charge?"),)),
    Topic(topic="Lost card", example_types=(example("Somebody has stolen my wallet and the card."),)),
    Topic(topic="Limits", example_types=(example("Please raise my limit for a trip."),)),
)
KEYS = [query.key for query in QUERIES]


def said(number: int, verdict: Any, by: str = "ann", **more: str) -> Decision:
    return Decision(key=KEYS[number], by=by, verdict=verdict, **more)


def test_what_should_be_looked_at_first_is_flagged_with_its_reason() -> None:
    found = flags(QUERIES, TOPICS)
    assert {key: [flag.reason for flag in mine] for key, mine in found.items()} == {
        KEYS[1]: ["near-duplicate"],
        KEYS[2]: ["off-topic", "generic"],
    }
    assert found[KEYS[1]][0].other == KEYS[0]
    order = [one.query.key for one in queue(reviewed(QUERIES, []), found)]
    assert order == [KEYS[2], KEYS[1], KEYS[0], KEYS[3], KEYS[4]]


def test_other_languages_are_not_called_generic() -> None:
    assert flags([Query(topic="T", query="Wie hoch ist die jährliche Gebühr für meine Karte bei Ihnen?")]) == {}


def test_the_last_decision_of_each_person_stands_and_two_who_differ_dispute_it() -> None:
    decisions = [
        said(0, "reject", reason="generic"),
        said(0, "accept", query="Why 12 euros?"),
        said(1, "reject", reason="near-duplicate"),
        said(1, "reject", "bob", reason="generic"),
        said(2, "accept"),
        said(2, "reject", "bob", reason="off-topic"),
    ]
    found = reviewed(QUERIES, decisions)
    assert [one.state for one in found] == ["accepted", "rejected", "disputed", "open", "open"]
    assert (found[0].final.query, found[0].final.expected_outcome) == ("Why 12 euros?", "Checks.")
    assert reasons(found) == {"near-duplicate": 1}
    assert [one.query.key for one in queue(found, {})] == [KEYS[2], KEYS[3], KEYS[4]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "queries.jsonl"
    path.write_text("".join(json.dumps(query.as_dict()) + "\n" for query in QUERIES), encoding="utf-8")
    return path


def test_two_people_decide_in_files_of_their_own_and_merge_them(file: Path, tmp_path: Path) -> None:
    own, other = beside(file), tmp_path / "bob.jsonl"
    append_decisions(own, [said(0, "accept"), said(2, "accept")])
    append_decisions(other, [said(2, "reject", "bob", reason="off-topic"), said(3, "accept", "bob")])
    other.write_bytes(other.read_bytes() + b'{"key": "half')
    done = personae("review", file, "--merge", other, "--json", cwd=tmp_path)
    assert done.code == 0, done.said
    assert json.loads(done.out)["states"] == {"accepted": 2, "rejected": 0, "disputed": 1, "open": 2}
    assert len(read_decisions(own)) == 4
    assert merged(read_decisions(own), [read_decisions(other)]) == [], "what is in already is not taken again"
    with pytest.raises(InputError, match="'ann' decided query"):
        merged(read_decisions(own), [[said(0, "reject")]])
    other.write_text('{"key": "x", "by": "bob", "verdict": "maybe"}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"bob\.jsonl:1: verdict: is no decision"):
        read_decisions(other)


def test_what_is_accepted_runs_against_the_bot_in_one_turn_or_as_an_opening(file: Path, tmp_path: Path) -> None:
    append_decisions(beside(file), [said(0, "accept"), said(3, "accept")])
    assert personae("review", file, "--accepted", "a.jsonl", cwd=tmp_path).code == 0
    out = tmp_path / "r.jsonl"
    done = personae(
        "simulate", "--bot", "mock", "--provider", "offline", "--scenarios", "a.jsonl", "--max-turns", 1, "-q",
        "--out", out, cwd=tmp_path,
    )  # fmt: skip
    assert done.code == 0, done.said
    found = rows(out)
    assert [row["transcript"][0]["content"] for row in found] == [QUERIES[0].query, QUERIES[3].query]
    assert [turn["role"] for turn in found[0]["transcript"]] == ["user", "assistant"]
    assert (found[0]["goal_achieved"] is None, found[1]["goal_achieved"] is None) == (False, True)


def test_each_key_decides_one_query_flagged_ones_first(file: Path, tmp_path: Path) -> None:
    topics = tmp_path / "topics.yaml"
    topics.write_text(text_of_topics(TOPICS), encoding="utf-8")
    with terminal("review", file, "--by", "ann", "--topics", topics, cwd=tmp_path) as screen:
        assert "off-topic: its words are rather those of" in screen.until("q quit")
        screen.press("r")
        screen.until("your own words")
        screen.press("2\n")
        assert "near-duplicate" in screen.until("q quit")
        screen.press("s")
        assert "the terminal froze" in screen.until("q quit")
        screen.press("r")
        screen.until("your own words")
        screen.press("the same again\n")
        screen.until("q quit")
        screen.press("a")
        screen.until("q quit")
        screen.press("e")
        screen.until("as it should be")
        screen.press("Card stolen in Porto, new one by Friday?\n")
        screen.until("good answer does")
        screen.press("\n")
        screen.until("5 of 5")
        screen.press("q")
        screen.until("2 accepted, 2 rejected, 0 disputed, 1 open")
    decisions = {one.key: one for one in read_decisions(beside(file))}
    assert [decisions[KEYS[number]].reason for number in (2, 1)] == ["off-topic", "the same again"]
    assert decisions[KEYS[0]].verdict == "accept"
    assert decisions[KEYS[3]].query == "Card stolen in Porto, new one by Friday?"
    assert KEYS[4] not in decisions


REVIEWED = reviewed(QUERIES, [said(2, "reject", reason="generic"), said(0, "accept")])
CHANGE = {
    "why": "More detail.", "removed": ["Limits"], "guidance": "Name an amount.",
    "changed": [{"replaces": "Lost card", "topic": "Stolen card",
                 "example_types": [example("It was stolen in Porto.").as_dict(), {"example_type": "half"}]},
                {"replaces": "", "topic": "App", "example_types": [example("It crashes.").as_dict()]}],
}  # fmt: skip


async def refined(script: Script) -> tuple[Refinement, dict[str, Any]]:
    async with reach(script) as there:
        change = await refine(there.model(), "A bank.", TOPICS, "", REVIEWED)
        return change, there.sent()


@pytest.mark.anyio
async def test_what_was_rejected_changes_topics_and_guidance() -> None:
    change, sent = await refined(Reply(json.dumps(CHANGE)))
    assert [topic.topic for topic in change.topics] == ["Fees", "Stolen card", "App"]
    assert change.topics[0] == TOPICS[0]
    assert len(change.topics[1].example_types) == 1, "an example that is not complete is left out"
    assert change.guidance == "Name an amount."
    task = sent["messages"][1]["content"]
    assert "- generic: 1" in task
    assert "- [Lost card] What is the annual fee? (generic)" in task
    assert "The guidance as it is" not in task
    with pytest.raises(InputError, match="nothing to learn from"):
        async with reach() as there:
            await refine(there.model(), "A bank.", TOPICS, "", reviewed(QUERIES, []))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"removed": ["fees", "limits", "lost card"], "changed": []}, "No topic would be left"),
        ({"changed": [{**CHANGE["changed"][0], "replaces": "Nothing"}]}, "is no topic"),  # type: ignore[dict-item]
        ({"changed": [{**CHANGE["changed"][0], "topic": "Fees"}]}, "would be called 'fees'"),  # type: ignore[dict-item]
        ({"changed": [{"topic": "X", "example_types": []}]}, "complete examples"),
        ({"changed": "none"}, "the list `changed`"),
    ],
)
async def test_a_change_that_cannot_be_is_sent_back_once(change: dict[str, Any], says: str) -> None:
    _, sent = await refined([Reply(json.dumps(CHANGE | change)), Reply(json.dumps(CHANGE))])
    assert says in sent["messages"][-1]["content"]


@pytest.mark.anyio
async def test_topics_are_as_many_as_asked_for_each_once_or_it_is_an_error() -> None:
    def reply(*names: str) -> Reply:
        topics = [{"topic": name, "example_types": [example("Why?").as_dict()]} for name in names]
        return Reply(json.dumps({"topics": topics}))

    async with reach([reply("Fees", "fees", ""), reply("Fees", "Limits")]) as there:
        assert [topic.topic for topic in await write_topics(there.model(), "A bank.", 2)] == ["Fees", "Limits"]
        assert "Topics that are there already: Fees" in there.sent()["messages"][1]["content"]
    async with reach(reply("Fees")) as there:
        with pytest.raises(ProviderError, match="twice for 3 topics and gave 1"):
            await write_topics(there.model(), "A bank.", 3)
    with pytest.raises(InputError, match="company profile is empty"):
        await write_topics(there.model(), " ", 3)


def test_the_whole_loop_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("company.md").write_text(
        "# A bank\n\n## Card\n\nIt costs 30 euros a year.\n\n## App\n\nIt is free.\n", "utf-8"
    )
    offline = ("--provider", "offline", "--context", "company.md")

    def command(*arguments: object) -> str:
        app()(["generate", *map(str, arguments)], standalone_mode=False)
        return capsys.readouterr().out

    command("topics", *offline, "-n", 4)
    with pytest.raises(Conflict, match="people may have edited it"):
        command("topics", *offline)
    command("queries", *offline, "--topics", "topics.yaml", "-n", 24, "--seed", 7, "-q")
    command("queries", *offline, "--naive", "-n", 24, "--out", "naive.jsonl", "-q")
    drafted = read_queries("queries.jsonl")
    append_decisions(
        Path("queries.review.jsonl"),
        [Decision(key=one.key, by="ann", verdict="reject", reason="generic") for one in drafted[:3]]
        + [Decision(key=one.key, by="ann", verdict="accept") for one in drafted[3:]],
    )
    told = command("refine", "queries.jsonl", *offline, "--topics", "topics.yaml")
    assert "+Say when and where it happened" in told
    assert "+++ topics.next.yaml" in told
    new = ("--topics", "topics.next.yaml", "--guidance", "guidance.next.md")
    command("queries", *offline, *new, "-n", 24, "--out", "next.jsonl", "-q")
    assert "88% of 24" in command("compare", "queries.jsonl", "next.jsonl")
    found = json.loads(command("compare", "naive.jsonl", "queries.jsonl", "--json"))
    assert {one["name"]: one["better"] for one in found["measures"]} == {
        "difference": "second", "distinct words": "second", "distinct pairs": "second", "near-copies": "second",
        "specificity": "second", "length": None,
    }  # fmt: skip
