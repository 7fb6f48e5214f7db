"""Answers in JSON, by the strongest way that the model's endpoint offers.

In order: a JSON schema, one forced tool with the schema as its arguments, any JSON object with the schema in the
prompt, plain text with the schema in the prompt. What an endpoint refuses is remembered in the model's capabilities, so
only the first call of a run pays for finding out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import orjson

from personae.core.model import Capabilities, Message, Model, OutputSchema, Purpose, Reply, Request, Tool
from personae.core.prompt import load
from personae.core.text import loads, shown
from personae.core.usage import NO_USAGE, Usage
from personae.errors import ProviderError

T = TypeVar("T")
_SCHEMA_WORDS = ("response_format", "json_schema", "structured", "json schema")
_TOO_LONG = ("context_length", "context length", "maximum context", "too long", "too large")
"""A refusal of the length, which may name tools and formats as what took the room."""
_THINKING = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
MOST_SAID_BACK = 8_000
"""Characters of an answer that cannot be used, as the model is shown it again."""
CUT_OFF = frozenset({"length", "max_tokens"})
"""Finish reasons of an answer that ran into its limit."""

JSON_SHAPE = load("personae.llm", "json_shape")
MALFORMED_JSON = load("personae.llm", "malformed_json")


class NotUsable(ValueError):
    """An answer is not in the form that was asked for. The text is shown to the model, which gets one more try."""


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """A usable answer, and what it took."""

    value: T
    usage: Usage
    latency_ms: float
    sampling: Mapping[str, float]


async def ask(
    model: Model,
    messages: Sequence[Message],
    *,
    purpose: Purpose,
    schema: OutputSchema,
    parse: Callable[[Any], T],
    about: object = None,
    max_output_tokens: int | None = None,
) -> Parsed[T]:
    """The model's answer as JSON, as `parse` understands it.

    `parse` raises NotUsable for what it cannot take: the model is then shown why, once. Raises ProviderError with the
    usage of both tries in `.usage` where the second is no better.
    """
    usage, latency_ms, problem = NO_USAGE, 0.0, ""
    tries = list(messages)
    for _ in range(2):
        request = Request(tries, purpose, output=schema, about=about, max_output_tokens=max_output_tokens)
        try:
            reply = await _by_the_strongest_way(model, request)
        except ProviderError as error:
            if not problem or error.hopeless:
                raise
            raise UnusableAnswer(f"{error} (asked again after an answer without use: {problem})", usage) from error
        usage, latency_ms = usage + reply.usage, latency_ms + reply.latency_ms
        try:
            value = parse(_json(reply, schema.name))
        except NotUsable as error:
            problem = str(error)
            if reply.finish_reason in CUT_OFF:
                problem = f"It was cut off because it was too long: be much shorter. {problem}"
            tries = [
                *messages,
                {"role": "assistant", "content": said_back(reply)},
                {"role": "user", "content": MALFORMED_JSON.render(problem=problem)},
            ]
            continue
        return Parsed(value, usage, latency_ms, reply.sampling)
    raise UnusableAnswer(f"{model.name} did not answer in the form asked for, twice: {problem}", usage)


class UnusableAnswer(ProviderError):
    """The model answered twice in a form that cannot be used. Both answers were paid for."""

    def __init__(self, problem: str, usage: Usage) -> None:
        super().__init__(problem, status=200)
        self.usage = usage


def said_back(reply: Reply) -> str:
    """What the model wrote, its calls included, as it is shown to it again with what is wrong."""
    calls = (f"{call.name}({call.arguments})" for call in reply.tool_calls)
    return shown("\n".join(part for part in (reply.text, *calls) if part.strip()), MOST_SAID_BACK) or "(empty)"


async def _by_the_strongest_way(model: Model, request: Request) -> Reply:
    while True:
        shaped = _shaped(request, model.capabilities)
        try:
            return await model.complete(shaped)
        except ProviderError as error:
            if not refused_feature(error, shaped, model.capabilities):
                raise


def _shaped(request: Request, can: Capabilities) -> Request:
    """The request in the strongest form that the endpoint is known to take."""
    schema = request.output
    if schema is None or can.json_schema:
        return request
    if can.tools:
        tool = Tool(schema.name, "Give the answer in this form.", schema.schema)
        return replace(request, output=None, tools=(tool,), force_tool=tool.name)
    shape = JSON_SHAPE.render(schema=orjson.dumps(schema.schema).decode())
    first, *rest = request.messages
    told = {"role": first["role"], "content": f"{first['content']}\n\n{shape}"}
    return replace(request, output=None, json_object=can.json_object, messages=[told, *rest])


def refused_feature(error: ProviderError, request: Request, can: Capabilities) -> bool:
    """Whether the endpoint refused a feature of this request rather than the request. If so, it is marked as missing.

    What counts is what this request used: another conversation may have marked the same feature a moment before.
    """
    if error.status not in (400, 404, 415, 422, 500, 501):
        return False
    body = error.body.lower()
    if any(words in body for words in _TOO_LONG):
        return False
    if request.output is not None and any(word in body for word in _SCHEMA_WORDS):
        can.json_schema = False
        return True
    if request.tools and any(word in body for word in ("tool", "function")):
        can.tools = False
        return True
    if request.json_object and any(word in body for word in ("response_format", "json")):
        can.json_object = False
        return True
    return False


def wants_alternation(error: ProviderError) -> bool:
    """Whether the endpoint refused two messages of one role in a row."""
    return error.status in (400, 422, 500) and "alternat" in error.body.lower()


def _json(reply: Reply, name: str) -> Any:
    """The JSON in a reply: a tool call's arguments, the whole text, or the outermost object in it."""
    for call in reply.tool_calls:
        if call.name == name:
            return _loads(call.arguments)
    text = (_THINKING.sub("", reply.text) if "</think" in reply.text else reply.text).strip()
    if not text:
        raise NotUsable("It was empty.")
    try:
        return loads(text)
    except ValueError:
        begin, end = text.find("{"), text.rfind("}")
        if begin < 0 or end < begin:
            raise NotUsable("It holds no JSON object.") from None
        return _loads(text[begin : end + 1])


def _loads(text: str) -> Any:
    try:
        return loads(text)
    except ValueError as error:
        raise NotUsable(f"Its JSON is broken: {error}.") from None
