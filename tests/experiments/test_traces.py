"""A conversation as a trace: by the real SDK in memory, and by the real exporter to a collector on loopback."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from lab.fake_llm import FakeLLM
from personae import simulate
from personae.errors import ConfigurationError
from personae.experiments import traces
from personae.sdk import Client
from tests.running import SIGINT, ended, environment, personae, personas, personas_file, started


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What is traced meanwhile."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with traces.traced_by(provider.get_tracer("test")):
        yield exporter
    provider.shutdown()


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if span.name.startswith(name)]


def told(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def inside_of(span: ReadableSpan, spans: InMemorySpanExporter) -> list[ReadableSpan]:
    assert span.context is not None
    own = span.context.span_id
    return [one for one in spans.get_finished_spans() if one.parent is not None and one.parent.span_id == own]


def trace_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.trace_id)


def test_a_conversation_is_a_trace_whose_spans_are_its_calls_and_replies(spans: InMemorySpanExporter) -> None:
    with FakeLLM.in_thread(end_after=2) as fake:
        results = simulate(
            lambda prompt: "Within 30 days.", personas(2), base_url=f"{fake.url}/v1", simulator_model="sim"
        )
    conversations = named(spans, "conversation")
    by_key = {told(span)["personae.key"]: span for span in conversations}
    assert len(by_key) == 2
    assert all(span.parent is None for span in conversations)
    for result in results:
        span = by_key[result.key]
        inside = [
            one for one in spans.get_finished_spans() if one.parent and one.parent.span_id == span.context.span_id
        ]
        roles = Counter(told(one)["personae.role"] for one in inside)
        assert roles["bot"] == result.turns
        assert roles["simulator"] == result.usage["simulator"].calls
        assert roles["judge"] == result.usage["judge"].calls
        assert {trace_of(one) for one in inside} == {trace_of(span)}
        assert told(span)["personae.termination"] == result.conversation.termination
        assert told(span)["gen_ai.usage.input_tokens"] == result.total_usage.input_tokens


def test_a_call_tells_its_model_tokens_and_time(spans: InMemorySpanExporter) -> None:
    with FakeLLM.in_thread(end_after=2) as fake:
        simulate(lambda prompt: "Yes.", personas(1), base_url=f"{fake.url}/v1", simulator_model="sim")
    call = told(named(spans, "chat sim")[0])
    assert call["gen_ai.request.model"] == "sim"
    assert call["gen_ai.usage.output_tokens"] > 0
    assert call["personae.latency_ms"] > 0


def test_what_was_said_is_in_no_span(spans: InMemorySpanExporter) -> None:
    with FakeLLM.in_thread(end_after=2) as fake:
        results = simulate(
            lambda prompt: "A secret reply.", personas(1), base_url=f"{fake.url}/v1", simulator_model="s"
        )
    whole = "".join(span.to_json() for span in spans.get_finished_spans())
    assert "A secret reply." not in whole
    assert all(turn["content"] not in whole for turn in results[0].transcript)


def test_a_bot_that_fails_fails_its_span_and_its_trace_without_its_words(spans: InMemorySpanExporter) -> None:
    def broken(prompt: str) -> str:
        raise ValueError("private words")

    simulate(broken, personas(1), provider="offline")
    reply, conversation = named(spans, "bot reply")[-1], named(spans, "conversation")[0]
    assert (reply.status.status_code, told(reply)["error.type"]) == (StatusCode.ERROR, "BotError")
    assert (conversation.status.status_code, told(conversation)["error.type"]) == (StatusCode.ERROR, "bot_error")
    assert "private words" not in reply.to_json() + conversation.to_json()


def test_without_a_wish_nothing_of_opentelemetry_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom personae import Persona, simulate\nimport personae.cli._simulate\n"
        "simulate(lambda prompt: 'Yes.', [Persona(name='a', description='b', goal='c')], provider='offline')\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), cwd=tmp_path)
    assert done.stdout.strip().splitlines()[-1:] == ["[]"], done.stderr


@contextmanager
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """An OTLP collector on loopback, and what it was sent."""
    received: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Not into the test's output."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()


def test_the_command_sends_its_traces_to_a_real_collector(tmp_path: Path) -> None:
    personas_file(tmp_path)
    with collector() as (url, received):
        done = personae(
            "simulate", "--bot", "mock", "--personas", "personas.jsonl", "--provider", "offline", "--quiet",
            cwd=tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_EXPORTER_OTLP_COMPRESSION="none",
        )  # fmt: skip
    assert done.code == 0, done.said
    spans = [
        span for one in received for part in one.resource_spans for scope in part.scope_spans for span in scope.spans
    ]
    services = {
        attribute.value.string_value
        for one in received
        for part in one.resource_spans
        for attribute in part.resource.attributes
        if attribute.key == "service.name"
    }
    names = Counter(span.name for span in spans)
    assert names["conversation"] == 2
    assert names["bot reply"] >= 2
    assert services == {"personae"}


def test_the_server_traces_its_experiments(tmp_path: Path) -> None:
    with (
        collector() as (url, received),
        started("serve", "--port", 0, "--data-folder", "data", cwd=tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=url) as server,
    ):
        assert server.stdout is not None
        address = server.stdout.readline().split()[3]
        with Client(address) as client:
            ann = client.personas.create("Ann", "In a hurry.")
            group = client.persona_groups.create("All", [ann.id])
            columns = [{"name": "persona_goal", "column_type": "persona_goal"}]
            rows = [{"persona_goal": "Cancel the order."}]
            bot = client.llm_configs.create("bot", provider="mock", mock={"replies": ["Done."]})
            run = client.experiments.create(
                "one",
                run=True,
                persona_group_id=group.id,
                collection_id=client.collections.create("c", columns=columns, rows=rows, collection_type="PERSONA").id,
                criterion_set_id=client.criterion_sets.create("s", ["Is it polite?"]).id,
                llm_config_id=bot.id,
            )
            client.experiments.wait(run.id)
        done = ended(server, SIGINT)
    names = Counter(
        span.name
        for one in received
        for part in one.resource_spans
        for scope in part.scope_spans
        for span in scope.spans
    )
    assert done.code in (0, 130), done.said
    assert (names["conversation"], names["bot reply"] > 0) == (1, True)


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_the_environment_says_whether_traces_are_wanted(variables: dict[str, str], *, wanted: bool) -> None:
    assert traces.are_wanted(variables) is wanted


def test_traces_without_opentelemetry_are_refused_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'personae\[otel\]'"), traces.exported("x", wanted=True):
        pass
