"""Personas from logs: chosen by density, without personal data, and nothing is said that no turn shows."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from typer.testing import CliRunner

from lab.fake_llm import Reply
from personae.cli import app
from personae.errors import InputError
from personae.experiments.budget import Budget, Ceilings
from personae.experiments.generating import Generating
from personae.generation import Draft
from personae.generation.conversations import Conversations, log_file
from personae.llm.offline.engine import OfflineModel
from personae.sources import read_personas, read_scenarios
from personae.sources.logs import read_logs
from tests.llm.reach import Reach, reach

pytestmark = pytest.mark.anyio
FIRST = "Hi, my name is Anna Kowalska and the blender I bought on 3 May is broken!!"
SECOND = "Write to anna@kowalska.example or call +49 170 1234567. I want my money back, Anna says."
TALK = [("system", "Be nice."), ("user", FIRST), ("assistant", "Sorry, Anna."), ("user", SECOND)]


def conversation(turns: Sequence[tuple[str, str]], **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": text} for role, text in turns], **more}


def log(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def row(text: str, quote: str, turn: int = 1, **more: Any) -> dict[str, Any]:
    return {"about": "purchase", "text": text, "turn": turn, "quote": quote, **more}


def goal(text: str, quote: str, turn: int = 2, **more: Any) -> dict[str, Any]:
    given = {"goal": text, "expected_outcome": "It refunds.", "known_info": "bought on 3 May"}
    return {**given, "turn": turn, "quote": quote, **more}


GOOD = {
    "objective": [row("They bought a blender", "blender i bought on 3 May")],
    "subjective": [
        row("They are upset.", "is broken!!", about="neuroticism", level="high"),
        row("Uses two exclamation marks", "broken", about="language", level=""),
        row("Says at once what they want.", "I want my money back", 2, about="behaviour", level="high"),
    ],
    "goals": [goal("Get the money back for the blender", "I want my money back")],
}


def reply(data: Any) -> Reply:
    return Reply(json.dumps(data))


async def made(there: Reach, path: Path, n: int = 1, **settings: Any) -> tuple[list[Draft], dict[str, str]]:
    studio = Generating(there.model(), Budget(Ceilings()), concurrency=1)
    method = Conversations(log_file(path), **settings)
    return [draft async for draft in studio.generate(method, n, 0)], studio.failures


async def test_a_user_becomes_a_persona_and_no_personal_data_leaves_the_machine(tmp_path: Path) -> None:
    path = log(tmp_path / "log.jsonl", conversation(TALK, id="call +49 170 1234567"))
    async with reach(reply(GOOD)) as there:
        (draft,), _ = await made(there, path)
        body = there.sent()
    assert body["messages"][1]["content"].partition("\n\n")[2] == snapshot("""\
[User, message 1]
Hi, my name is [NAME_1] and the blender I bought on 3 May is broken!!

[Assistant]
Sorry, [NAME_2].

[User, message 2]
Write to [EMAIL_1] or call [PHONE_1]. I want my money back, [NAME_2] says.\
""")
    everything = json.dumps(body) + json.dumps(draft.as_dict())
    assert not [word for word in ("Anna", "Kowalska", "kowalska.example", "1234567") if word in everything]
    assert draft.provenance.source == snapshot(
        "log.jsonl:1 (conversation call [PHONE_1]); removed: 3 name, 1 email, 1 phone"
    )
    persona = draft.persona
    assert (persona.name, persona.kind, persona.attributes) == (
        "user of line 1",
        "individualized",
        {"language": "English"},
    )
    assert persona.description == snapshot("""\
They bought a blender.

They are upset. Uses two exclamation marks. Says at once what they want.\
""")
    assert (persona.goal, persona.success_criteria) == ("Get the money back for the blender", "It refunds.")
    assert persona.sections is not None
    assert persona.sections.as_dict() == snapshot(
        {
            "identity": {"statements": [{"text": "They bought a blender", "turns": [1]}]},
            "traits": {
                "scores": {"neuroticism": "high"},
                "statements": [{"text": "They are upset.", "turns": [1]}],
            },
            "behaviour": {"statements": [{"text": "Says at once what they want.", "turns": [2]}]},
            "language": {"statements": [{"text": "Uses two exclamation marks", "turns": [1]}]},
            "goals": {
                "goals": [
                    {
                        "goal": "Get the money back for the blender",
                        "expected_outcome": "It refunds.",
                        "known_info": "bought on 3 May",
                        "turns": [2],
                    }
                ]
            },
        }
    )


async def test_what_no_turn_shows_is_left_out_and_a_wrong_turn_is_put_right(tmp_path: Path) -> None:
    path = log(tmp_path / "log.jsonl", conversation(TALK))
    rows = [
        row("They bought a blender", "blender I bought", 9),
        row("They bought a blender", "blender"),
        row("They are a nurse", "as a nurse"),
        row("It apologises", "Sorry"),
        row(" ", "blender"),
        row("[NAME_1] uses {{braces}}", "blender"),
        "a text",
    ]
    async with reach(reply(GOOD | {"objective": rows})) as there:
        (draft,), _ = await made(there, path)
    identity = draft.persona.sections.identity  # type: ignore[union-attr]
    assert identity is not None
    assert [(one.text, one.turns) for one in identity.statements] == [
        ("They bought a blender", (1,)),
        ("somebody uses { {braces}}", (1,)),
    ]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (reply(GOOD | {"goals": []}), "at least one goal"),
        (reply(GOOD | {"objective": [row(f"x{number}", "nowhere") for number in range(5)]}), "holds these quotes"),
        (reply({"objective": [], "subjective": []}), "the list `goals`"),
        (Reply("I cannot describe private persons."), "no JSON object"),
        (Reply('{"objective": ['), "no JSON object"),
        (Reply('{"objective": [}'), "JSON is broken"),
    ],
    ids=["no goal", "made up", "a list too few", "a refusal", "cut off", "broken JSON"],
)
async def test_an_answer_without_use_is_asked_for_again_and_then_a_failure(
    bad: Reply, says: str, tmp_path: Path
) -> None:
    path = log(tmp_path / "log.jsonl", conversation(TALK))
    async with reach([bad, reply(GOOD)]) as there:
        assert len((await made(there, path))[0]) == 1
        assert says in there.sent()["messages"][-1]["content"]
    async with reach(bad) as there:
        drafts, failures = await made(there, path)
    assert drafts == []
    assert says in failures["1"]


POLISH = "Dzień dobry, moje zamówienie nie jest jeszcze u mnie, czy może pan mi pomóc? Dziękuję bardzo."


@pytest.mark.parametrize(
    ("rows", "n", "says"),
    [
        ((), 1, "is empty"),
        ((conversation([("agent", "Hi"), ("shopper", "Help")]),), 1, r"roles: 'agent', 'shopper'.*--user-role"),
        (
            (conversation(TALK), conversation([("user", " ")])),
            2,
            "1 of its 2 conversations.*in 1 the user says too little",
        ),
        ((conversation([("user", POLISH)]),), 1, "0 of its 1.*1 in Polish.*--language any"),
        ((conversation([("user", "注文はどこですか。お願いします")]),), 1, "1 in Japanese"),
        (([{"role": "user", "content": "a"}], {"text": "b"}), 1, ":2: is no conversation"),
        (([{"content": "a"}],), 1, ":1: message 1 must be"),
    ],
    ids=["empty", "no users", "too few", "Polish", "Japanese", "no conversation", "no role"],
)
async def test_logs_that_cannot_be_used_are_told_before_any_call(
    rows: Sequence[Any], n: int, says: str, tmp_path: Path
) -> None:
    path = log(tmp_path / "log.jsonl", *rows)
    async with reach(reply(GOOD)) as there:
        with pytest.raises(InputError, match=says):
            await made(there, path, n)
        assert there.calls == 0


async def test_who_says_so_may_send_other_languages_and_name_the_users(tmp_path: Path) -> None:
    path = log(tmp_path / "log.jsonl", conversation([("shopper", POLISH)]))
    about = row("Writes politely.", "Dziękuję", about="language", level="")
    answer = {"objective": [], "subjective": [about], "goals": [goal("Find the order", "zamówienie", 1)]}
    async with reach(reply(answer)) as there:
        (draft,), _ = await made(there, path, language="any", user_role="Shopper")
    assert draft.persona.attributes == {"language": "Polish"}
    with pytest.raises(InputError, match="users must be one of any, common, rare"):
        async with reach(reply(answer)) as there:
            await made(there, path, users="odd")


FORMS = {
    "messages.jsonl": json.dumps(conversation([("user", "a"), ("assistant", "b")])),
    "bare.jsonl": json.dumps(
        [{"role": "user", "content": [{"type": "text", "text": "a"}]}, {"role": "bot", "content": "b"}]
    ),
    "sharegpt.jsonl": json.dumps({"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}),
    "calls.jsonl": json.dumps(
        {
            "request": {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}]},
            "response": {"choices": [{"message": {"role": "assistant", "content": "b"}}]},
        }
    ),
    "single.jsonl": '{"conversation_id": 1, "role": "user", "content": "a"}\n'
    '{"conversation_id": 1, "role": "assistant", "content": "b"}',
    "table.csv": 'session_id,Role,content\n1,customer,a\n1,bot,"b"\n',
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_log_gives_the_same_turns(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(FORMS[name] + "\n", encoding="utf-8")
    (logged,) = read_logs(path)
    assert [(turn.is_user, turn.text) for turn in logged.turns] == [(True, "a"), (False, "b")]


def test_rows_of_a_table_are_grouped_and_told_by_line(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('id,role,text\n1,user,"a, ""b""\nc"\n1,bot,d\n\n2,user,e\n', encoding="utf-8")
    assert [(one.line, one.id, one.said) for one in read_logs(path)] == [(2, "1", ('a, "b"\nc',)), (6, "2", ("e",))]
    for text, says in (
        ("id,role,text\n1,user,a\n2,user,b\n1,user,c\n", ":4: conversation '1' of line 2 goes on here"),
        ("id,role\n1,user\n", ":1: has no column for the text"),
        ("id,role,text\n1,user\n", ":2: has 2 cells"),
        ('id,role,text\n1,user,"a\n', ":2: a double quote"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=says):
            list(read_logs(path))


def test_a_large_log_is_read_as_a_stream(tmp_path: Path) -> None:
    for name, head, line in (
        ("log.jsonl", "", json.dumps(conversation([("user", "word " * 4000)])) + "\n"),
        ("log.csv", "id,role,text\n", '{},user,"' + "word " * 4000 + '"\n'),
    ):
        path = tmp_path / name
        path.write_text(head + "".join(line.replace("{},", f"{number},") for number in range(400)), encoding="utf-8")
        tracemalloc.start()
        assert sum(1 for _ in read_logs(path)) == 400
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2_000_000 < path.stat().st_size / 3


async def test_others_have_their_turn_while_a_log_is_read(tmp_path: Path) -> None:
    asked = (conversation([("user", f"Where is order {number}?")]) for number in range(2000))
    path, turns = log(tmp_path / "log.jsonl", *asked), 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with reach() as there:
        running = asyncio.create_task(others())
        with pytest.raises(InputError, match="2,000 of its 2,000 conversations can be used"):
            await made(there, path, 3_000)
        running.cancel()
    assert turns > 10, "a turn for each piece of the log, or nobody else is answered"


async def test_rare_users_can_be_chosen(tmp_path: Path) -> None:
    many = [conversation([("user", f"Where is my order {number}? I need my parcel today.")]) for number in range(60)]
    few = [conversation([("user", text)]) for text in ("My harp needs new strings, please help.", "Is the bank open?")]
    path = log(tmp_path / "log.jsonl", *many, *few)
    times = {}
    for users in ("common", "rare"):
        method = Conversations(log_file(path), users=users)
        times[users] = 0
        for seed in range(8):
            studio = Generating(OfflineModel(), Budget(Ceilings()))
            chosen = {draft.key async for draft in studio.generate(method, 3, seed)}
            times[users] += len(chosen & {"61", "62"})
    assert times["common"] == 0
    assert times["rare"] >= 5, "all alike would draw one of the two in 24"


def test_the_whole_way_offline_from_a_log_to_scenarios(tmp_path: Path) -> None:
    path = log(tmp_path / "log.jsonl", *(conversation([*TALK, ("user", f"My order is {one}.")]) for one in range(9)))
    people, few, rows, clean = (tmp_path / name for name in ("p.jsonl", "few.jsonl", "s.jsonl", "clean.jsonl"))
    output = ""
    for command in (
        ["logs", "redact", str(path), "--out", str(clean)],
        ["generate", "conversations", "--logs", str(path), "-n", "9", "--provider", "offline", "--out", str(people)],
        ["personas", "sample", str(people), "-n", "4", "--users", "rare", "--out", str(few)],
        ["personas", "scenarios", str(few), "--out", str(rows)],
    ):
        ran = CliRunner().invoke(app(), command)
        assert ran.exit_code == 0, (command, ran.output)
        output += ran.output
    assert "email: 9" in output
    assert "line 1: anna@kowalska.example -> [EMAIL_1]" in output
    assert len(read_personas(few, goal_required=False)) == 4
    scenarios = read_scenarios(rows)
    assert {scenario.persona.name for scenario in scenarios if scenario.persona} <= {
        f"user of line {one}" for one in range(1, 10)
    }
    assert all(scenario.expected_outcome for scenario in scenarios)
    for file in (people, few, rows, clean):
        assert "Kowalska" not in file.read_text("utf-8"), file
