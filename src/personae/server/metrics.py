"""What a server counts about itself, for Prometheus.

Each application has its own registry. Whoever runs conversations tells `Metrics` what happens to them:

    with metrics.following(experiment.progress): ...             a run is under way
    metrics.conversation_finished(result, providers=...)         a conversation is recorded, whatever its end
    metrics.model_calls("judge", "anthropic", usage)             calls outside of a conversation, such as a re-rating
    metrics.failed(error)                                        something failed that is no conversation's end
    with metrics.listening(): ...                                somebody follows a run by server-sent events

What the database knows (experiments by status, tasks that wait) is read when the metrics are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from personae import __version__
from personae.core.result import SimulationResult
from personae.core.usage import Usage

UNKNOWN = "unknown"
_LATENCY_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class Running(Protocol):
    """What is asked of a run: how many of its conversations are under way."""

    @property
    def running(self) -> int: ...


class Metrics:
    """The counts of one application."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        Gauge("personae_info", "Always 1; the version is a label.", ["version"], registry=registry).labels(
            __version__
        ).set(1)
        self._runs: list[Running] = []
        self._running = Gauge("personae_conversations_running", "Conversations under way here.", registry=registry)
        self._finished = Counter(
            "personae_conversations", "Conversations that ended here, by why.", ["termination"], registry=registry
        )
        self._calls = Counter("personae_model_calls", "Calls of models.", ["role", "provider"], registry=registry)
        self._unpriced = Counter(
            "personae_model_calls_unpriced",
            "Calls whose price is not known: they are not in the spend.",
            ["role", "provider"],
            registry=registry,
        )
        self._tokens = Counter(
            "personae_model_tokens",
            "Tokens; `cached` is a part of `input`, `reasoning` a part of `output`.",
            ["role", "provider", "kind"],
            registry=registry,
        )
        self._spend = Counter("personae_spend_usd", "US dollars spent.", ["role", "provider"], registry=registry)
        self._errors = Counter("personae_errors", "Failures, by the error's class.", ["error"], registry=registry)
        self._requests = Counter(
            "personae_http_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._latency = Histogram(
            "personae_http_request_seconds",
            "Time until the answer was sent whole; streams are left out.",
            ["method", "route"],
            buckets=_LATENCY_S,
            registry=registry,
        )
        self._listeners = Gauge("personae_sse_listeners", "Open streams of events.", registry=registry)
        self._experiments = Gauge(
            "personae_experiments", "Experiments in the database, by status.", ["status"], registry=registry
        )
        self._pending = Gauge("personae_tasks_pending", "Tasks in the database that wait to run.", registry=registry)
        self._database_up = Gauge("personae_database_up", "Whether the database answered just now.", registry=registry)
        self._pool = Gauge(
            "personae_database_connections", "Connections to the database, by state.", ["state"], registry=registry
        )

    @contextmanager
    def following(self, run: Running) -> Iterator[None]:
        """A run is under way for as long as the block lasts: its running conversations are counted."""
        self._runs.append(run)
        try:
            yield
        finally:
            self._runs.remove(run)

    def conversation_finished(self, result: SimulationResult, providers: Mapping[str, str] | None = None) -> None:
        """One conversation ended and is recorded. Counts its end, its calls, its tokens and its spend.

        `providers` names who answers for each role (`simulator`, `bot`, `judge`): `anthropic`, `custom_api` ...
        """
        self._finished.labels(result.conversation.termination).inc()
        for role, usage in result.usage.items():
            self.model_calls(role, (providers or {}).get(role, UNKNOWN), usage)

    def model_calls(self, role: str, provider: str, usage: Usage) -> None:
        """Calls were made for `role`, which took `usage` together."""
        if not usage.calls:
            return
        self._calls.labels(role, provider).inc(usage.calls)
        self._spend.labels(role, provider).inc(max(0.0, usage.priced_usd))
        if usage.unpriced_calls:
            self._unpriced.labels(role, provider).inc(usage.unpriced_calls)
        for kind, tokens in (
            ("input", usage.input_tokens),
            ("cached", usage.cached_tokens),
            ("output", usage.output_tokens),
            ("reasoning", usage.reasoning_tokens),
        ):
            if tokens > 0:
                self._tokens.labels(role, provider, kind).inc(tokens)

    def failed(self, error: BaseException) -> None:
        """A request, a run or a rating failed by `error`."""
        self._errors.labels(type(error).__name__).inc()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Somebody follows a stream of events for as long as the block lasts."""
        self._listeners.inc()
        try:
            yield
        finally:
            self._listeners.dec()

    def answered(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """A request was answered. `route` is the template, so that ids make no series; no `seconds` for a stream."""
        self._requests.labels(method, route, status).inc()
        if seconds is not None:
            self._latency.labels(method, route).observe(seconds)

    def exposition(self, experiments: Mapping[str, int] | None, pending: int, pool: Mapping[str, int]) -> bytes:
        """Everything as Prometheus reads it. `experiments` is None where the database did not answer."""
        self._running.set(sum(run.running for run in self._runs))
        self._database_up.set(experiments is not None)
        self._experiments.clear()
        if experiments is not None:
            for status, count in experiments.items():
                self._experiments.labels(status).set(count)
            self._pending.set(pending)
        for state, count in pool.items():
            self._pool.labels(state).set(count)
        return generate_latest(self.registry)
