"""One model at one HTTP endpoint: limits, retries, what the endpoint turns out not to support, usage and price."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from personae import provenance
from personae.core.model import Capabilities, Reply, Request
from personae.core.text import loads
from personae.core.usage import Usage
from personae.errors import ProviderError
from personae.llm import tokens
from personae.llm.config import LLMConfig
from personae.llm.failures import failure, no_answer
from personae.llm.limits import Gate
from personae.llm.prices import Pricing, priced
from personae.llm.wire import Answer, Malformed, Wire
from personae.transport import Response, Transport, TransportError

_SAMPLING = ("temperature", "top_p", "seed")
_PARAMETERS = 2
"""How many parameters an endpoint may refuse: temperature, and the name of the limit on output."""
_MOST_OUTPUT = re.compile(
    r"max(?:_completion)?_tokens.{0,80}?(?:at most|less than or equal to|<=|> |\[1,) ?(\d{2,7})", re.DOTALL
)
"""A limit on output that is too high, as OpenAI, Anthropic, DeepSeek and others say it."""
_OTHER_NAME = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}


class _Parameters(NamedTuple):
    limit: int
    tokens_field: str
    temperature: bool


@dataclass(slots=True)
class HttpModel:
    """A model behind an HTTP endpoint."""

    config: LLMConfig
    url: str
    wire: Wire
    transport: Transport
    gate: Gate
    price: Pricing | None
    headers: Mapping[str, str]
    attempts: int
    secrets: tuple[str, ...] = ()
    """What must not stand in an error, also where the endpoint sends it back."""
    capabilities: Capabilities = field(default_factory=Capabilities)
    most_output: int = 1_000_000
    """Tokens that the model can put out, as far as the endpoint has complained."""

    @property
    def name(self) -> str:
        return f"{self.config.provider}/{self.config.model}"

    def estimate_usd(self, input_tokens: int, output_tokens: int) -> float | None:
        if self.price is None:
            return None
        return self.price(Usage(calls=1, input_tokens=input_tokens, output_tokens=output_tokens))

    async def complete(self, request: Request) -> Reply:
        """One answer, with retries. Raises ProviderError; see `llm/failures.py` for which are retried."""
        sent = self._parameters(request)
        try:  # nearly every call ends here, and the retry machinery is not free
            return await self._once(request, sent)
        except ProviderError as error:
            failed = error
        import stamina  # heavy, and only needed where a call failed

        failures = [] if self._adapt(failed, sent) else [failed]
        async for attempt in stamina.retry_context(
            on=_retry_after, attempts=self.attempts, timeout=None, wait_initial=0.5, wait_max=30.0
        ):
            with attempt:
                if failures:
                    raise failures.pop()
                return await self._adapting(request)
        raise AssertionError("the retry loop ends by a reply or an error")

    async def _adapting(self, request: Request) -> Reply:
        """One try, made again at once where the endpoint refuses a mere parameter that it can do without."""
        for _ in range(_PARAMETERS):
            sent = self._parameters(request)
            try:
                return await self._once(request, sent)
            except ProviderError as error:
                if not self._adapt(error, sent):
                    raise
        return await self._once(request, self._parameters(request))

    def _parameters(self, request: Request) -> _Parameters:
        """What the next try of `request` will send beside its messages."""
        limit = min(request.max_output_tokens or self.config.max_output_tokens, self.most_output)
        can = self.capabilities
        return _Parameters(limit, can.tokens_field, can.temperature and self.config.temperature is not None)

    def _adapt(self, error: ProviderError, sent: _Parameters) -> bool:
        """Whether it complains of a parameter that was sent: left out, renamed or lowered in all later requests."""
        if error.status not in (400, 422):
            return False
        if most := _MOST_OUTPUT.search(error.body):
            self.most_output = min(self.most_output, max(int(most[1]), 1))
            return self.most_output < sent.limit
        if sent.tokens_field in error.body:
            self.capabilities.tokens_field = _OTHER_NAME[sent.tokens_field]
        elif sent.temperature and "temperature" in error.body:
            self.capabilities.temperature = False
        else:
            return False
        return True

    async def _once(self, request: Request, sent: _Parameters) -> Reply:
        body = self.wire.encode(
            request,
            self.config.model,
            self.capabilities,
            temperature=self.config.temperature,
            max_output_tokens=sent.limit,
        )
        if self.config.extra_body:
            body |= self.config.extra_body
        if request.extra:
            body |= request.extra
        sampling: dict[str, float] = {name: body[name] for name in _SAMPLING if name in body}
        data = orjson.dumps(body)
        await self.gate.enter(len(data) // 4 + sent.limit)
        try:
            response = await self._post(data)
        finally:
            self.gate.leave()
        self.gate.succeeded()
        answer = self._decode(response)
        usage = answer.usage or _estimated(request, answer)
        return Reply(
            answer.text,
            answer.tool_calls,
            priced(usage, self.price),
            response.latency_ms,
            answer.finish_reason,
            sampling,
        )

    async def _post(self, data: bytes) -> Response:
        try:
            with provenance.suppressed():
                response = await self.transport.request(
                    "POST", self.url, headers=self.headers, body=data, timeout_s=self.config.timeout_s
                )
        except TransportError as error:
            if error.timed_out:
                self.gate.overloaded()
            raise no_answer(self.name, error, ever_reached=self.gate.ever_reached) from error
        self.gate.ever_reached = True
        if response.status != 200:
            if response.status in (429, 503, 529):
                self.gate.overloaded()
            raise failure(self.name, self.url, response, self._hide)
        return response

    def _hide(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    def _decode(self, response: Response) -> Answer:
        try:
            return self.wire.decode(loads(response.body))
        except ValueError as error:
            problem = f"its JSON is broken ({error})"
        except Malformed as error:
            problem = str(error)
        start = self._hide(response.body[:500].decode("utf-8", "replace"))
        raise ProviderError(f"{self.name} answered, but {problem}: {start!r}", status=200, retryable=True, body=start)


def _retry_after(error: Exception) -> bool | float:
    """For stamina: whether to try again, or after how many seconds the endpoint asked for."""
    if not isinstance(error, ProviderError) or not error.retryable:
        return False
    return error.retry_after_s if error.retry_after_s is not None else True


def _estimated(request: Request, answer: Answer) -> Usage:
    output = tokens.estimate(answer.text) + sum(tokens.estimate(call.arguments) for call in answer.tool_calls)
    return Usage(
        calls=1,
        input_tokens=tokens.estimate_messages(request.messages),
        output_tokens=output,
        estimated_calls=1,
    )
