"""What a trace of a conversation shows: models, tokens, money, time and how things ended. Never what was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from personae.bots import Bot, BotReply, Session
from personae.core.conversation import ERRORS, Turn
from personae.core.model import Capabilities, Model, Reply, Request
from personae.core.result import SimulationResult, Spec
from personae.core.usage import Usage
from personae.experiments.run import Experiment
from personae.rating.panel import Panel


@dataclass(slots=True)
class TracedModel:
    """A model whose every call is a span."""

    model: Model
    tracer: Tracer

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def capabilities(self) -> Capabilities:
        return self.model.capabilities

    def estimate_usd(self, input_tokens: int, output_tokens: int) -> float | None:
        return self.model.estimate_usd(input_tokens, output_tokens)

    async def complete(self, request: Request) -> Reply:
        """The names of attributes are OpenTelemetry's own for generative AI, where it has one."""
        provider, _, model = self.model.name.partition("/")
        about = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": model,
            "personae.role": request.purpose,
        }
        with _span(self.tracer, f"chat {model}", about) as span:
            reply = await self.model.complete(request)
            _tell_usage(span, reply.usage)
            span.set_attribute("personae.latency_ms", reply.latency_ms)
            return reply


@dataclass(slots=True)
class TracedBot:
    """A bot whose every reply is a span."""

    bot: Bot
    label: str
    tracer: Tracer

    @property
    def is_stateful(self) -> bool:
        return self.bot.is_stateful

    @property
    def system_prompt(self) -> str:
        return self.bot.system_prompt

    async def reply(self, turns: Sequence[Turn], session: Session) -> BotReply:
        about = {"personae.role": "bot", "personae.bot": self.label, "personae.turns": len(turns)}
        with _span(self.tracer, "bot reply", about) as span:
            reply = await self.bot.reply(turns, session)
            if reply.usage is not None:
                _tell_usage(span, reply.usage)
            span.set_attribute("personae.latency_ms", reply.latency_ms)
            return reply

    async def close(self) -> None:
        await self.bot.close()


@dataclass(slots=True)
class TracedExperiment(Experiment):
    """An experiment each of whose conversations is a trace."""

    tracer: Tracer | None = None

    async def conversation(self, spec: Spec) -> SimulationResult:
        assert self.tracer is not None
        about = {
            "personae.key": spec.key,
            "personae.run": self.run_id,
            "personae.persona": spec.persona.name,
            "personae.epoch": spec.epoch,
        }
        with _span(self.tracer, "conversation", about, is_root=True) as span:
            result = await Experiment.conversation(self, spec)
            _tell_result(span, result)
            return result


def observed(experiment: Experiment, tracer: Tracer) -> Experiment:
    """The same experiment, making spans of `tracer`."""
    parts: dict[str, Any] = {field.name: getattr(experiment, field.name) for field in fields(experiment) if field.init}
    label = str(experiment.metadata.get("bot", ""))
    parts["simulator"] = TracedModel(experiment.simulator, tracer)
    judge = experiment.judge
    parts["judge"] = replace(judge, model=TracedModel(judge.model, tracer))
    if isinstance(judge, Panel):
        others = tuple(replace(one, model=TracedModel(one.model, tracer)) for one in judge.others)
        parts["judge"] = replace(judge, model=TracedModel(judge.model, tracer), others=others)
    parts["bot"] = TracedBot(experiment.bot, label, tracer)
    return TracedExperiment(**parts, tracer=tracer)


@contextmanager
def _span(tracer: Tracer, name: str, about: dict[str, Any], *, is_root: bool = False) -> Iterator[Span]:
    """A span that ends as a failure where the block raises. An error's text is not told: it may quote what was said."""
    kind = SpanKind.INTERNAL if is_root else SpanKind.CLIENT
    with tracer.start_as_current_span(
        name,
        context=Context() if is_root else None,
        kind=kind,
        attributes=about,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            if (status := getattr(error, "status", None)) is not None:
                span.set_attribute("http.response.status_code", status)
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def _tell_usage(span: Span, usage: Usage) -> None:
    span.set_attribute("gen_ai.usage.input_tokens", usage.input_tokens)
    span.set_attribute("gen_ai.usage.output_tokens", usage.output_tokens)
    if usage.cost_usd is not None:
        span.set_attribute("personae.cost_usd", usage.cost_usd)


def _tell_result(span: Span, result: SimulationResult) -> None:
    termination = result.conversation.termination
    span.set_attribute("personae.termination", termination)
    span.set_attribute("personae.replies", result.turns)
    if result.goal_achieved is not None:
        span.set_attribute("personae.goal_achieved", result.goal_achieved)
    _tell_usage(span, result.total_usage)
    if termination in ERRORS:
        span.set_attribute("error.type", termination)
        span.set_status(Status(StatusCode.ERROR, termination))
