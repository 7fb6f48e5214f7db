"""Result files of the command line in the server."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx2
import pytest


def row(number: int, **changes: Any) -> dict[str, Any]:
    """A row of a result file: of the first ones half speak as Ann, half as Ben."""
    failed = changes.get("termination") == "bot_error"
    ratings = [
        {"criterion": "polite", "verdict": True, "quotes": [{"turn": 2, "text": "Hi", "found": True}]},
        {"criterion": "names a date", "verdict": None, "error": "the judge did not answer"},
    ]  # fmt: skip
    return {
        "key": f"{number:016x}",
        "persona": {"name": ("Ann", "Ben")[number % 2], "profile": "Terse. \u2028 🙂", "traits": ["terse"]},
        "scenario": {"goal": f"Cancel order {number // 2}.", "expected_outcome": "Done.", "fields": {"order id": 7}},
        "epoch": 1,
        "transcript": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello", "usage": {"calls": 1, "input_tokens": 5, "cost_usd": 0.25}},
            {"role": "assistant", "content": "Hi", "latency_ms": 12.5},
        ],
        "turns": 1,
        "termination": "goal_met",
        "explanation": "All said.",
        "goal": {"criterion": "Done.", "verdict": True, "reasoning": "It is."},
        "ratings": [] if failed else ratings,
        "metrics": [],
        "error": "the bot is away" if failed else None,
        "usage": {"simulator": {"calls": 1, "input_tokens": 5, "output_tokens": 2, "cost_usd": 0.25}},
        "metadata": {"simulated": True, "bot": "shop", "judge_model": "j/1", "max_turns": 4, "big": 2**70},
        "of another version": [1, None],
    } | changes  # fmt: skip


ROWS = [*(row(number) for number in range(4)), row(4, termination="bot_error", goal=None)]


def text(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows).encode()


def sent(api: httpx2.Client, data: bytes, file: str = "nightly.jsonl", **form: str) -> httpx2.Response:
    return api.post("/experiments/import", files={"file": (file, data)}, data=form)


def test_a_result_file_becomes_a_finished_experiment(api: httpx2.Client) -> None:
    answer = sent(api, text(ROWS))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    counts = {name: made[name] for name in ("planned", "finished", "failed", "rated", "spent_usd")}
    assert counts == {"planned": 5, "finished": 5, "failed": 1, "rated": 0, "spent_usd": 1.25}
    assert (made["name"], made["status"], made["evaluation_mode"]) == ("nightly", "finished", "MULTI_TURN")
    assert made["description"] == "imported from nightly.jsonl: bot shop"
    assert [one["name"] for one in made["personas"]] == ["Ann", "Ben"]
    assert made["disclaimer"] == "simulated personas: measures behavior under synthetic users, not real traffic"
    found = api.get("/responses", params={"experiment_id": made["id"]}).json()
    assert found["count"] == 5
    first = found["items"][0]
    assert first["persona"]["name"] == "Ann"
    assert first["prompt"]["template_variables"]["input_values"]["order id"] == 7
    assert [(one["rating"], one["criterion"]["criterion_str"], one["rater"]) for one in first["ratings"]] == [
        ("YES", "polite", "j/1")
    ]
    assert [one["error"] for one in first["unrated"]] == ["the judge did not answer"]
    assert [message["role"] for message in first["messages"]] == ["system", "user", "assistant"]


def test_the_same_persona_and_question_are_the_same_in_two_imports(api: httpx2.Client) -> None:
    one, other = (sent(api, text(ROWS), file=f"{name}.jsonl").json() for name in ("one", "other"))
    assert one["personas"] == other["personas"]
    assert [c["id"] for c in one["criterion_set"]["criteria"]] == [c["id"] for c in other["criterion_set"]["criteria"]]
    parameters = {"experiment_a_id": one["id"], "experiment_b_id": other["id"]}
    compared = api.get("/responses/comparison/samples", params=parameters).json()
    assert len({sample["template_variables_id"] for sample in compared}) == 3


def test_what_was_imported_cannot_be_run(api: httpx2.Client) -> None:
    path = f"/experiments/{sent(api, text(ROWS)).json()['id']}"
    for route in ("resume", "retry-failed"):
        answer = api.post(f"{path}/{route}", json={})
        assert (answer.status_code, "was imported" in answer.text) == (409, True), answer.text


def test_a_name_is_given_by_the_file_or_the_caller_and_is_taken_once(api: httpx2.Client) -> None:
    packed = gzip.compress(text(ROWS))
    assert sent(api, packed, "a/b/nightly.jsonl.gz").json()["name"] == "nightly"
    assert sent(api, packed, "nightly.jsonl.gz").status_code == 409
    assert sent(api, packed, "nightly.jsonl.gz", name="Other").json()["name"] == "Other"


BROKEN: list[tuple[bytes, int | None, str | None, str]] = [
    (b"", None, None, "holds no results"),
    (b"[1]\n", 1, None, "is no row of a result file: not a JSON object"),
    (b'{"key": "a"\n', 1, None, "is not JSON"),
    (text([ROWS[0], row(1, epoch="x")]), 2, "epoch", "is no row of a result file: Input should be a valid integer"),
    (text([row(1, key="x" * 41)]), 1, "key", "is no row"),
    (text([row(1, termination="bored")]), 1, "termination", "is no row"),
    (text([row(1, scenario={})]), 1, None, "is no row"),
    (text([row(1, validity={"verdict": "invalid", "fault": "moon"})]), 1, "validity.fault", "is no row"),
    (text([row(1, validity={"verdict": "valid", "fault": "bot"})]), 1, "validity", "is no row"),
    (text([row(1, usage={"bot": {"input_tokens": 2**40}})]), 1, "usage.bot.input_tokens", "is no row"),
    (gzip.compress(text(ROWS))[:-9], None, None, "cannot be unpacked"),
]


def test_a_broken_file_is_refused_with_the_place_and_nothing_is_kept(api: httpx2.Client) -> None:
    for data, line, field, said in BROKEN:
        name = "broken.jsonl.gz" if data[:1] == b"\x1f" else "broken.jsonl"
        answer = sent(api, data, name)
        assert answer.status_code == 400, answer.text
        first = answer.json()["errors"][0]
        assert (first["line"], first["field"]) == (line, field)
        assert first["problem"].startswith(said)
        assert answer.json()["detail"].startswith(name)
    assert api.get("/experiments").json()["count"] == 0


@pytest.mark.parametrize("text_", ["NUL \0 in it", "half \ud83d of a pair"])
def test_any_text_of_a_bot_is_taken(api: httpx2.Client, text_: str) -> None:
    said = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": text_}]
    rating = {"criterion": text_, "verdict": True, "reasoning": text_}
    data = json.dumps(row(1, transcript=said, ratings=[rating])).encode()
    answer = sent(api, data)
    assert answer.status_code == 201, answer.text
    assert api.get("/responses", params={"experiment_id": answer.json()["id"]}).status_code == 200
