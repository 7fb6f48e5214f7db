"""Generations of a server that is killed, cancelled, or at its ceiling: they go on, and no answer is paid for twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest

from lab.fake_llm import ChatRequest, Delay, FakeLLM, Reply, Step, Usage
from personae.core.seed import digest
from personae.server.generations.work import PIECES_AT_ONCE
from tests.running import until
from tests.server.processes import serving

N, QUICK = 60, 20
TOPICS = """
- topic: Lamps
  example_types:
    - {example_type: Buyer, example_background: Waits., example_query: Where is my lamp?}
"""
LATE = pytest.mark.slow  # the other database's turn: what differs is in tests/store
SQLITE = pytest.mark.parametrize("database_url", ["sqlite", pytest.param("postgresql", marks=LATE)], indirect=True)
POSTGRESQL = pytest.mark.parametrize("database_url", [pytest.param("sqlite", marks=LATE), "postgresql"], indirect=True)


def another_query(request: ChatRequest) -> Reply:
    """Another one for every variation that is asked for."""
    words = " ".join(digest(str(request.body["messages"][-1]["content"]), str(place))[:6] for place in range(12))
    user = {"user_type": f"Buyer {words[:6]}", "user_background": "Waits.", "query": f"{words}?"}
    return Reply(json.dumps(user | {"expected_outcome": "An answer."}), usage=Usage(1000, 100))


def slow_after(quick: int) -> Callable[[ChatRequest], Step]:
    """So many answers at once, and the others so slowly that a run is caught in the middle for sure."""
    number = count(1)
    return lambda request: another_query(request) if next(number) <= quick else Delay(4000, another_query(request))


def wanted(**more: Any) -> dict[str, Any]:
    options = {"context": "Lumen & Oak sells lamps by mail.", "topics": TOPICS}
    return {"method": "queries", "n": N, "seed": 7, "options": options, "budget_usd": None} | more


def asked_again(fake: FakeLLM) -> int:
    """How many questions were asked more than once."""
    bodies = Counter(json.dumps(request.body["messages"]) for request in fake.requests)
    assert len(bodies) == N
    return sum(count > 1 for count in bodies.values())


@pytest.mark.slow  # what a dead owner holds is free after some time; that the launcher waits for it is in test_faults
@SQLITE
def test_a_killed_server_goes_on_with_a_generation_where_it_was(database_url: str, tmp_path: Path) -> None:
    with FakeLLM.in_thread(slow_after(QUICK)) as fake:
        with serving(database_url, fake, tmp_path) as server:
            id_ = server.call("POST", "/generations", **wanted())["id"]
            until(lambda: server.call("GET", f"/generations/{id_}")["made"] >= QUICK // 2, "some are made")
            server.process.kill()
        fake.play(another_query)
        with serving(database_url, fake, tmp_path) as server:
            until(
                lambda: server.call("GET", f"/generations/{id_}")["status"] == "finished", "the other process ends it"
            )
            one = server.call("GET", f"/generations/{id_}")
            keys = [row["record"]["provenance"]["key"] for row in drafts(server, id_)]
        again = asked_again(fake)
    assert (one["made"], one["failed"], len(keys), len(set(keys))) == (N, 0, N, N)
    assert again <= PIECES_AT_ONCE, "only calls that were under way when it was killed"


def drafts(server: Any, id_: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.call("GET", f"/generations/{id_}/drafts?limit=200")["items"]
    return found


@POSTGRESQL
def test_what_is_cancelled_or_meets_its_ceiling_keeps_what_is_made_and_goes_on(api: httpx2.Client) -> None:
    with FakeLLM.in_thread() as fake:
        config = {
            "name": "writer", "llm_model_name": "m", "llm_base_url": f"{fake.url}/v1", "api_key": "sk-x",
            "input_price_per_mtok": 1000.0, "output_price_per_mtok": 0.0,
        }  # fmt: skip
        writer = api.post("/llm_configs", json=config).raise_for_status().json()["id"]
        for ceiling in (10.0 * N, N / 3):  # a call costs a dollar
            fake.reset()
            fake.play(slow_after(QUICK if ceiling > N else N))
            body = wanted(llm_config_id=writer, budget_usd=ceiling)
            id_ = api.post("/generations", json=body).raise_for_status().json()["id"]
            if ceiling > N:
                until(partial(is_made, api, id_, QUICK // 2), "some are made")
                assert api.post(f"/generations/{id_}/cancel").status_code == 200
            until(partial(is_over, api, id_), "it is over")
            midway = now(api, id_)
            assert 0 < midway["made"] == midway["usage"]["calls"] < N, "what was worked at is finished"
            assert midway["usage"]["cost_usd"] <= ceiling
            if ceiling > N:
                assert (midway["status"], midway["problem"]) == ("cancelled", None)
            else:
                assert "of the budget of $20" in midway["problem"]
            fake.play(another_query)
            api.post(f"/generations/{id_}/resume", json={"budget_usd": 10.0 * N}).raise_for_status()
            until(partial(is_over, api, id_), "it goes on to the end")
            done = now(api, id_)
            assert (done["status"], done["made"], done["problem"], done["usage"]["calls"]) == ("finished", N, None, N)
            assert asked_again(fake) == 0


def now(api: httpx2.Client, id_: int) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/generations/{id_}").json()
    return found


def is_made(api: httpx2.Client, id_: int, least: int) -> bool:
    return int(now(api, id_)["made"]) >= least


def is_over(api: httpx2.Client, id_: int) -> bool:
    return now(api, id_)["status"] not in ("queued", "running")
