"""Health, readiness, metrics and the request log, as those who run the server see them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, text

from personae.core.conversation import Conversation
from personae.core.persona import Persona, Scenario
from personae.core.result import SimulationResult
from personae.core.usage import Usage
from personae.errors import ConfigurationError
from personae.experiments.progress import Progress
from personae.server import logs
from personae.server.metrics import Metrics
from tests.server.running import Server, running


def plain(server: Server) -> httpx2.Client:
    return httpx2.Client(base_url=server.url, trust_env=False, timeout=30)


def samples(answer: str) -> dict[tuple[str, ...], float]:
    """By name and the labels' values, in the order of the labels' names."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer)
        for sample in family.samples
    }


@contextmanager
def logged(log_format: str) -> Iterator[io.StringIO]:
    """What the server logs meanwhile."""
    root, ours = logging.getLogger(), logging.getLogger("personae")
    before = list(root.handlers), root.level, ours.level
    stream = io.StringIO()
    logs.configure(log_format, stream)
    try:
        yield stream
    finally:
        root.handlers[:], root.level, ours.level = before
        root.setLevel(before[1])
        ours.setLevel(before[2])


def test_a_server_lives_and_is_ready(server: Server) -> None:
    with plain(server) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/readyz").json() == {"status": "ready"}


def test_a_server_is_not_ready_while_the_database_is_at_another_revision(server: Server, database_url: str) -> None:
    with plain(server) as client:
        execute(server, "UPDATE alembic_version SET version_num = 'of_old'")
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"]["database"].startswith("is at revision of_old")


def test_a_server_is_not_ready_while_its_writer_is_stuck(tmp_path: object) -> None:
    with running(f"sqlite:///{tmp_path}/personae.db") as server, plain(server) as client:
        tell = server.services.troubles.of("writer")
        tell("disk full at /secret/place")
        stuck = client.get("/readyz")
        tell("")
        assert (stuck.status_code, list(stuck.json()["problems"])) == (503, ["writer"])
        assert "secret" not in stuck.text
        assert client.get("/readyz").status_code == 200


def test_metrics_tell_of_requests_by_route_and_not_by_path(api: httpx2.Client, server: Server) -> None:
    api.get("/personas/1")
    api.get("/personas/2")
    with plain(server) as client:
        client.get("/no/such/page")
        found = samples(client.get("/metrics").text)
    route = "/api/v0/projects/{project_id}/personas/{persona_id}"
    assert found["personae_http_requests_total", "GET", route, "404"] == 2
    assert found["personae_http_request_seconds_count", "GET", route] == 2
    assert found["personae_http_requests_total", "GET", "unknown", "404"] == 1
    assert found["personae_database_up",] == 1
    assert found["personae_database_connections", "most"] >= 8


def test_metrics_tell_of_conversations_calls_tokens_and_spend() -> None:
    metrics = Metrics()
    usage = {
        "simulator": Usage(3, input_tokens=100, output_tokens=20, priced_usd=0.25),
        "bot": Usage(2, input_tokens=50, output_tokens=5, reasoning_tokens=4, unpriced_calls=2),
        "judge": Usage(),
    }
    result = SimulationResult(
        "k", Persona(name="a", description="b"), Scenario(goal="g"), 1, Conversation((), "goal_met"), usage=usage
    )
    metrics.conversation_finished(result, {"simulator": "anthropic"})
    metrics.failed(ConfigurationError("no"))
    with metrics.listening(), metrics.following(Progress(running=1)):
        found = samples(metrics.exposition({"running": 4}, 2, {"idle": 1}).decode())
    assert found["personae_conversations_running",] == 1
    assert found["personae_conversations_total", "goal_met"] == 1
    assert found["personae_model_calls_total", "anthropic", "simulator"] == 3
    assert found["personae_model_tokens_total", "reasoning", "unknown", "bot"] == 4
    assert found["personae_model_calls_unpriced_total", "unknown", "bot"] == 2
    assert found["personae_spend_usd_total", "anthropic", "simulator"] == 0.25
    assert found["personae_errors_total", "ConfigurationError"] == 1
    assert found["personae_sse_listeners",] == 1
    assert found["personae_experiments", "running"] == 4
    assert found["personae_tasks_pending",] == 2
    assert ("personae_model_calls_total", "unknown", "judge") not in found


def test_two_servers_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.failed(ConfigurationError("no"))
    assert ("personae_errors_total", "ConfigurationError") not in samples(other.exposition({}, 0, {}).decode())


@pytest.mark.parametrize(
    ("token", "sent", "status"), [("", "", 403), ("abc", "", 403), ("abc", "Bearer x", 403), ("abc", "Bearer abc", 200)]
)
def test_metrics_of_a_server_that_others_reach_want_a_token(
    token: str, sent: str, status: int, tmp_path: object
) -> None:
    with running(f"sqlite:///{tmp_path}/p.db", host="0.0.0.0", metrics_token=token) as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        with httpx2.Client(base_url=url, trust_env=False) as client:
            headers = {"Authorization": sent} if sent else {}
            assert client.get("/metrics", headers=headers).status_code == status


def test_a_request_is_one_line_of_json_without_path_and_query(tmp_path: object) -> None:
    with logged("json") as stream, running(f"sqlite:///{tmp_path}/p.db") as server, server.client() as api:
        answer = api.get("/personas/77?search=hidden", headers={"X-Request-Id": "abc-1"})
        own = api.get("/personas").headers["X-Request-Id"]
        unsafe = api.get("/personas", headers={"X-Request-Id": "a b"}).headers["X-Request-Id"]
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    line = next(line for line in lines if line.get("request_id") == "abc-1")
    assert answer.headers["X-Request-Id"] == "abc-1"
    assert line["route"] == "/api/v0/projects/{project_id}/personas/{persona_id}"
    assert (line["method"], line["status"], line["level"]) == ("GET", 404, "info")
    assert line["actor"].startswith("key first key (pk_")
    assert server.key not in stream.getvalue()
    assert line["ms"] >= 0
    assert "hidden" not in stream.getvalue()
    assert len(own) == 32
    assert unsafe != "a b"


def test_a_defect_is_logged_whole_and_told_to_nobody(tmp_path: object) -> None:
    with logged("json") as stream, running(f"sqlite:///{tmp_path}/p.db") as server, server.client() as api:
        server.services.now = broken
        answer = api.post("/personas", json={"name": "Ann", "description": "x"})
        metrics = httpx2.get(f"{server.url}/metrics", trust_env=False)
    lines = [json.loads(text) for text in stream.getvalue().splitlines()]
    line = next(line for line in lines if line["message"] == "request failed")
    assert answer.status_code == 500
    assert "the clock is gone" not in answer.text
    assert "the clock is gone" in line["exception"]
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert samples(metrics.text)["personae_errors_total", "LookupError"] >= 1


def test_a_line_of_text_cannot_be_broken_by_what_is_logged() -> None:
    with logged("text") as stream:
        logging.getLogger("personae.x").info("said %s", "a\nb", extra={"who": "c\u2028d"})
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("personae.x: said a\\nb who=c\\u2028d\n")


def test_an_unknown_log_format_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="must be text or json"):
        logs.configure("xml")


def broken() -> NoReturn:
    raise LookupError("the clock is gone")


def execute(server: Server, statement: str) -> None:
    """On the server's database, from outside of the server."""
    url = server.services.database.url
    engine = create_engine(url.set(drivername=url.drivername.replace("+aiosqlite", "")))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
