"""`personae fidelity`: from two files to how far simulated users talk like real ones."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from personae.audits import read_dialogues
from personae.audits.fingerprint import UserTurnFingerprint
from personae.cli._fidelity import run
from personae.errors import InputError
from tests.running import personae

POLITE = ("Hello, could you please help me? I would like to return my order.", "Thank you so much, that is very kind.",
          "Great, thanks for explaining that to me, have a nice day!")  # fmt: skip
HELLO = '[{"role": "user", "content": "Hi."}]'
TERSE = ("return order", "why", "are you sure? that's not right", "forget it, this is ridiculous", "ok")


def spoken(texts: tuple[str, ...], count: int, seed: int) -> list[tuple[str, ...]]:
    draw = random.Random(seed)
    return [tuple(draw.choices(texts, k=draw.randint(2, 5))) for _ in range(count)]


def test_two_draws_of_one_kind_cannot_be_told_apart() -> None:
    found = UserTurnFingerprint().study(spoken(TERSE, 60, 1), spoken(TERSE, 60, 2))
    assert found.discriminator.low is not None
    assert found.discriminator.low <= 0.5 <= (found.discriminator.high or 0)
    assert found.agreement["overall"].value == pytest.approx(1.0, abs=0.1)
    assert (found.coverage.value or 0) > 0.6


def test_polite_and_terse_users_are_told_apart_and_cover_each_other_badly() -> None:
    found = UserTurnFingerprint().study(spoken(POLITE, 60, 1), spoken(TERSE, 60, 2))
    assert (found.discriminator.value or 0) > 0.95
    assert (found.likeness.value or 1) < 0.1
    assert (found.coverage.value or 0) < 0.3
    assert (found.agreement["overall"].value or 1) < 0.7


def test_the_same_seed_finds_the_same() -> None:
    both = [UserTurnFingerprint(seed=3).study(spoken(POLITE, 20, 1), spoken(TERSE, 20, 2)) for _ in range(2)]
    assert both[0] == both[1]


def test_of_large_files_a_sample_is_drawn_and_said() -> None:
    found = UserTurnFingerprint(most=30, resamples=2).study(spoken(TERSE, 90, 1), spoken(TERSE, 40, 2))
    assert (found.simulated, found.human, found.sampled, found.discriminator.n) == (90, 40, 30, 60)


@pytest.mark.parametrize(
    ("own", "real", "agreement", "coverage", "discriminator"),
    [
        (0, 3, "there is no simulated conversation", "there is no simulated conversation", "of one there are 0"),
        (3, 0, "there is no real conversation", "it needs two real conversations, and there are 0", "there are 0"),
        (1, 1, "one conversation has no interval", "it needs two real conversations, and there is 1", "there are 1"),
        (30, 9, "", "", "it needs 10 conversations of each kind, and of one there are 9"),
    ],
)
def test_what_cannot_be_said_of_so_few_is_undefined_with_the_reason(
    own: int, real: int, agreement: str, coverage: str, discriminator: str
) -> None:
    found = UserTurnFingerprint(resamples=5).study(spoken(TERSE, own, 1), spoken(TERSE, real, 2))
    assert agreement in found.agreement["overall"].reason
    assert coverage in found.coverage.reason
    assert discriminator in found.discriminator.reason
    assert found.discriminator.value is None
    json.dumps(found.as_dict(), allow_nan=False)


def test_real_conversations_that_are_all_the_same_give_no_scale() -> None:
    found = UserTurnFingerprint(resamples=5).study([("hello there",)], [("hi",), ("hi",)])
    assert found.coverage.reason == "the real conversations are all the same, so there is no distance to go by"


def test_silent_conversations_are_left_out_and_counted() -> None:
    found = UserTurnFingerprint(resamples=5).study([(), ("hi",)], [("hi",), ()])
    assert (found.simulated, found.human, found.left_out) == (1, 1, {"simulated": 1, "human": 1})


FORMS: list[Any] = [
    [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello!"}],
    {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi."}]},
    {"conversation": [{"role": "user", "content": [{"type": "text", "text": "Hi."}, {"type": "image_url"}]}]},
    {
        "transcript": [
            {"role": "user", "content": "Given.", "metadata": {"opening": True}},
            {"role": "user", "content": "Hi."},
        ]
    },
    {"turns": [{"role": "user", "content": None}, {"role": "user", "content": "Hi."}], "extra": 1},
]


@pytest.mark.parametrize("row", FORMS, ids=lambda row: str(row)[:30])
def test_logs_come_in_the_usual_forms(row: Any, tmp_path: Path) -> None:
    file = tmp_path / "logs.jsonl"
    file.write_text(json.dumps(row) + "\n")
    assert read_dialogues(file).all == (("Hi.",),)


def test_of_a_row_that_was_written_again_the_last_counts_and_a_half_written_line_does_not(tmp_path: Path) -> None:
    rows = [{"key": "a", "transcript": [{"role": "user", "content": text}]} for text in ("one", "two")]
    file = tmp_path / "r.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)) + '\n{"key": "b", "transc')
    assert read_dialogues(file).all == (("two",),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{\n", "logs.jsonl:1: is not JSON"),
        ('{"text": "hi"}\n', "logs.jsonl:1: is no conversation: it must be a list of messages"),
        ('[{"role": "user", "content": "a"}]\n["hi"]\n', "logs.jsonl:2: message 1 must be an object with 'role'"),
        ('[{"role": "user", "content": 3}]\n', "logs.jsonl:1: message 1: 'content' must be text or a list of parts"),
    ],
)
def test_what_is_no_log_is_refused_with_its_line(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "logs.jsonl"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_dialogues(file)
    assert told in str(caught.value)


def written(path: Path, dialogues: list[tuple[str, ...]]) -> Path:
    rows = [{"messages": [{"role": "user", "content": text} for text in one]} for one in dialogues]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_command_prints_a_summary_and_json(tmp_path: Path) -> None:
    own, real = (
        written(tmp_path / "s.jsonl", spoken(POLITE, 20, 1)),
        written(tmp_path / "h.jsonl", spoken(TERSE, 20, 2)),
    )
    shown = personae("fidelity", own, "--human", real, cwd=tmp_path)
    assert shown.code == 0
    assert "20 simulated conversations and 20 of real users" in shown.out
    assert "the two can be told apart; they agree least in" in shown.out
    assert "simulated personas: measures behavior under synthetic users" in shown.out
    data = json.loads(personae("fidelity", own, "--human", real, "--json", cwd=tmp_path).out)
    assert len(data["features"]) == 19
    assert data["discriminator_auc"]["value"] > 0.9
    assert data["agreement"].keys() >= {"overall", "communication style"}


def test_with_nothing_to_compare_the_command_says_so_and_ends_with_3(tmp_path: Path) -> None:
    own, real = written(tmp_path / "s.jsonl", [()]), written(tmp_path / "h.jsonl", [("hi",)])
    done = personae("fidelity", own, "--human", real, cwd=tmp_path)
    assert done.code == 3
    assert "there is no simulated conversation in which the user says anything" in done.out


@pytest.mark.parametrize(
    ("simulated", "real", "which"), [("", "[]", "simulated"), ("", "", "simulated"), (HELLO, "", "real")]
)
def test_where_there_is_nothing_to_compare_the_command_says_so_and_ends_with_3(
    simulated: str, real: str, which: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, text in (("s.jsonl", simulated), ("h.jsonl", real)):
        (tmp_path / name).write_text(text)
    with pytest.raises(SystemExit) as end:
        run(tmp_path / "s.jsonl", tmp_path / "h.jsonl", seed=0, json=True)
    assert end.value.code == 3
    data = json.loads(capfd.readouterr().out)
    assert data["features"] == []
    assert data["agreement"]["overall"] == {
        "value": None,
        "low": None,
        "high": None,
        "n": 0,
        "clusters": 0,
        "level": 0.95,
        "reason": f"there is no {which} conversation in which the user says anything",
    }
