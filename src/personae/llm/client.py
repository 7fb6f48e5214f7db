"""One model at one HTTP endpoint: limits, retries, what the endpoint turns out not to support, usage and price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
import stamina

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
_OTHER_NAME = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}


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
    capabilities: Capabilities = field(default_factory=Capabilities)

    @property
    def name(self) -> str:
        return f"{self.config.provider}/{self.config.model}"

    def estimate_usd(self, input_tokens: int, output_tokens: int) -> float | None:
        if self.price is None:
            return None
        return self.price(Usage(calls=1, input_tokens=input_tokens, output_tokens=output_tokens))

    async def complete(self, request: Request) -> Reply:
        """One answer, with retries. Raises ProviderError; see `llm/failures.py` for which are retried."""
        # The first try stands outside: nearly every call ends there, and the retry machinery is not free.
        try:
            return await self._adapting(request)
        except ProviderError as error:
            if not error.retryable or self.attempts == 1:
                raise
            failures = [error]
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
            tokens_field = self.capabilities.tokens_field
            try:
                return await self._once(request)
            except ProviderError as error:
                if error.status != 400 or not self._adapt(error.body, tokens_field):
                    raise
        return await self._once(request)

    def _adapt(self, body: str, tokens_field: str) -> bool:
        """Whether `body` complains of a parameter; it is then left out, or renamed, in all later requests."""
        if tokens_field in body:
            self.capabilities.tokens_field = _OTHER_NAME[tokens_field]
        elif "temperature" in body:
            self.capabilities.temperature = False
        else:
            return False
        return True

    async def _once(self, request: Request) -> Reply:
        limit = request.max_output_tokens or self.config.max_output_tokens
        body = self.wire.encode(
            request,
            self.config.model,
            self.capabilities,
            temperature=self.config.temperature,
            max_output_tokens=limit,
        )
        sampling: dict[str, float] = {name: body[name] for name in _SAMPLING if name in body}
        data = orjson.dumps({**body, **self.config.extra_body} if self.config.extra_body else body)
        await self.gate.enter(len(data) // 4 + limit)
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
            raise no_answer(self.name, error) from error
        if response.status != 200:
            error_ = failure(self.name, self.url, response)
            if response.status in (429, 503, 529):
                self.gate.overloaded()
            raise error_
        return response

    def _decode(self, response: Response) -> Answer:
        try:
            body = loads(response.body)
            if not isinstance(body, dict):
                raise Malformed("it is not a JSON object")
            return self.wire.decode(body)
        except ValueError as error:
            problem = f"its JSON is broken ({error})"
        except Malformed as error:
            problem = str(error)
        start = response.body[:500].decode("utf-8", "replace")
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
