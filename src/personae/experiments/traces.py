"""Traces: where they are wanted, a conversation is a trace, and the calls of its models and its bot are spans.

Nothing here costs anything where they are not: no part of OpenTelemetry is imported, and a run is what it was. They are
wanted where OTEL_EXPORTER_OTLP_ENDPOINT (or its kin for traces) is set, or a deployment says so. All else, such as
headers and sampling, is told by OpenTelemetry's own variables.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from personae import __version__
from personae.errors import ConfigurationError
from personae.experiments.run import Experiment

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_TRACER: ContextVar[Tracer | None] = ContextVar("personae_tracer", default=None)


def are_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment says where traces go."""
    is_off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not is_off and any(environment.get(name) for name in _ENDPOINTS)


@contextmanager
def exported(service: str, *, wanted: bool) -> Iterator[None]:
    """Runs inside are traced if `wanted`, and what is left is sent at the end. Raises ConfigurationError."""
    if not wanted:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"traces need {error.name!r}, which is not installed: pip install 'personae[otel]', or unset OTEL_..."
        ) from error
    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", service)})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        with traced_by(provider.get_tracer("personae", __version__)):
            yield
    finally:
        provider.shutdown()


@contextmanager
def traced_by(tracer: Tracer) -> Iterator[None]:
    """Runs that are built inside make spans of `tracer`."""
    token = _TRACER.set(tracer)
    try:
        yield
    finally:
        _TRACER.reset(token)


def traced(experiment: Experiment) -> Experiment:
    """`experiment`, making spans where somebody wants them."""
    tracer = _TRACER.get()
    if tracer is None:
        return experiment
    from personae.experiments.spans import observed  # imports OpenTelemetry

    return observed(experiment, tracer)
