"""A run of fifty conversations that is killed again and again, and goes on until all are done."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from pathlib import Path

import orjson

from lab.fake_llm import ChatRequest, FakeLLM, FakeLLMProcess, Reply
from personae.core.seed import digest
from tests.running import ended, lines, personae, personas_file, rows, started, until

CONVERSATIONS, CONCURRENCY, SEED = 50, 8, 20


def arguments(fake: FakeLLMProcess, folder: Path, *more: object) -> list[object]:
    url = fake.url + "/v1"
    models = ["--bot", url, "--bot-model", "bot-1", "--base-url", url, "--simulator-model", "sim", "--judge-model", "j"]
    limits = ["--concurrency", CONCURRENCY, "--metrics", "none", "--price", "1/2"]
    return ["simulate", *models, *limits, "--personas", personas_file(folder, CONVERSATIONS), "--quiet", *more]


def test_after_kills_at_random_moments_every_conversation_stands_there_once(tmp_path: Path) -> None:
    whole_run, out = tmp_path / "whole.jsonl", tmp_path / "results.jsonl"
    draw = random.Random(SEED)
    kills = 0
    with FakeLLM.in_process(None, "--end-after", "3", "--latency-ms", "10", "--jitter-ms", "10") as fake:
        done = personae(*arguments(fake, tmp_path, "--out", whole_run), cwd=tmp_path)
        assert done.code == 0, done.err
        calls = fake.ledger.calls()
        fake.reset()
        for share in (0.1, 0.3, 0.5, 0.7):
            least = int(calls * (share + draw.uniform(0, 0.1)))
            with started(*arguments(fake, tmp_path, "--out", out), cwd=tmp_path) as process:
                until(lambda least=least: fake.ledger.calls() >= least, f"{least} calls were made")  # type: ignore[misc]
                assert process.poll() is None, ended(process).err
                process.kill()
            kills += 1
        done = personae(*arguments(fake, tmp_path, "--out", out, "--resume"), cwd=tmp_path)
        made = fake.ledger.calls()
    assert done.code == 0, done.err
    found = [row["key"] for row in rows(out)]
    assert len(found) == CONVERSATIONS
    assert set(found) == {row["key"] for row in rows(whole_run)}
    assert calls <= made <= calls + kills * CONCURRENCY
    assert sorted(path.name for path in tmp_path.iterdir()) == ["personas.jsonl", "results.jsonl", "whole.jsonl"]


def test_the_meter_of_a_run_that_was_killed_goes_on_where_it_stood(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    with FakeLLM.in_process(None, "--end-after", "3", "--latency-ms", "15") as fake:
        with started(*arguments(fake, tmp_path, "--out", out), cwd=tmp_path) as process:
            until(lambda: lines(out) >= 10, "ten conversations were done")
            process.kill()
        recorded = sum(sum(usage["calls"] for usage in row["usage"].values()) for row in rows(whole(out)))
        personae(*arguments(fake, tmp_path, "--out", out, "--max-calls", recorded), cwd=tmp_path)
    assert {row["stop_reason"] for row in rows(out)} == {"goal_reached", "budget_exceeded"}
    assert len(rows(out)) == CONVERSATIONS


def whole(out: Path) -> Path:
    """The file without a half-written last line."""
    copy = shutil.copy(out, out.with_suffix(".copy"))
    data = Path(copy).read_bytes()
    Path(copy).write_bytes(data[: data.rfind(b"\n") + 1])
    return Path(copy)


def test_queries_that_were_paid_for_before_a_kill_are_not_asked_for_again(tmp_path: Path) -> None:
    n, at_once, out = 40, 4, tmp_path / "queries.jsonl"
    (tmp_path / "shop.md").write_text("Lumen & Oak sells lamps by mail.")
    topic = {"topic": "Lamps", "example_types": [dict.fromkeys(("example_type", "example_background"), "Buyer")]}
    topic["example_types"][0]["example_query"] = "Where is my lamp?"  # type: ignore[index]
    (tmp_path / "topics.yaml").write_text(json.dumps([topic]))
    with FakeLLM.in_thread(_fresh_query, latency_ms=20) as fake:
        asked = [
            "generate", "queries", "--context", "shop.md", "--topics", "topics.yaml", "-n", n, "--quiet", "--out", out,
            "--base-url", f"{fake.url}/v1", "--model", "m", "--price", "1/2", "--concurrency", at_once,
        ]  # fmt: skip
        with started(*asked, cwd=tmp_path) as process:
            until(lambda: lines(out) >= n // 4, "some queries were made")
            process.kill()
        assert lines(out) < n, "it was killed midway"
        answered = {entry.get("asked") for entry in rows(whole(out.with_name(f"{out.name}.part")))}
        done = personae(*asked, cwd=tmp_path)
        bodies = Counter(json.dumps(request.body["messages"]) for request in fake.requests)
    assert done.code == 0, done.err
    assert len({row["query"] for row in rows(out)}) == len(rows(out)) == n
    assert len(bodies) == n
    again = [body for body, count in bodies.items() if count > 1]
    assert len(again) <= at_once, "only calls that were under way when it was killed"
    assert all(digest(orjson.dumps(json.loads(body)).decode()) not in answered for body in again)


def _fresh_query(request: ChatRequest) -> Reply:
    """Another query for every variation that is asked for."""
    words = " ".join(f"{digest(request.body['messages'][-1]['content'], str(place))[:6]}" for place in range(12))
    user = {"user_type": f"Buyer {words[:6]}", "user_background": "Waits.", "query": f"{words}?"}
    return Reply(json.dumps(user | {"expected_outcome": "An answer."}))
