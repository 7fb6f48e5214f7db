"""Any HTTP API: a request from a template, the reply by a path, from a stream, or by a script in a sandbox.

Source: seeds/000, provider Custom API
Idea:   placeholders in URL, headers and JSON body; JMESPath or a sandboxed parser for what comes back.
Cost:   one call per turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from personae.bots import BotReply, BotWiring, Session, bots
from personae.bots._answer import Path, decode, dumped, shape, usual_reply
from personae.bots._auth import Auth
from personae.bots._chat import cut, messages, prompt_for, reply_text
from personae.bots._http import Endpoint, checked_url, host_of
from personae.bots._spec_file import spec_in_file
from personae.bots._template import Template, Values, checked_body, checked_headers
from personae.core.conversation import Turn
from personae.core.template import placeholders
from personae.core.text import whole
from personae.errors import BotError, InputError
from personae.transport import Response
from personae.transport.sse import events

if TYPE_CHECKING:
    from personae.bots._sandbox import Parser

_END_OF_STREAM = b"\ndata: [DONE]"


@bots.method("custom_api")
@dataclass(frozen=True)
class CustomApiBot:
    """An HTTP API, described by a template."""

    url: str
    """Where requests go. May hold placeholders; their values are percent-encoded."""
    method: str = "POST"
    """The HTTP method."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, metadata={"secret": True})
    """Headers. May hold placeholders. Keys are better given by `auth`."""
    body: Any = None
    """JSON body with placeholders. A text that is nothing but `{{messages}}` becomes the list of chat messages. Blank:
    `{"messages": "{{messages}}"}`, or `{"message": ..., "session_id": ...}` if stateful; GET, HEAD, DELETE: none."""
    reply_path: str = ""
    """JMESPath of the reply in the answer, such as `data.answer`. Blank: the usual places, such as `reply`."""
    session_path: str = ""
    """JMESPath of the session id in the answer. From then on it is what `{{session_id}}` stands for."""
    stream: bool = False
    """The answer is a stream of server-sent events."""
    stream_path: str = ""
    """JMESPath of the piece of text in each event, such as `choices[0].delta.content`. Blank: the whole event."""
    auth: Auth | None = None
    """A key from the environment: `env`, `header`, `prefix`."""
    parser: str = ""
    """Python, run in a sandbox, that makes the reply of `body` (the answer's JSON, None if it is none; of a stream the
    list of its events) and `text` (the answer as text). Its last line is the reply, or {"reply", "session_id"}."""
    stateful: bool = False
    """The bot remembers: only `{{message}}` is sent, and a conversation that broke off starts anew."""
    system_prompt: str = ""
    """Sent where `{{system_prompt}}` stands, and as the first of `{{messages}}`; else kept for the transcript alone."""
    hidden: tuple[str, ...] = field(default=(), repr=False, metadata={"secret": True})
    """Other secrets that stand in the settings: no error shows them."""

    @classmethod
    def from_target(cls, target: str) -> Self | None:
        """A spec file (.yaml, .yml, .json) with `bot: custom_api`, or with a `url` and no `bot`."""
        return spec_in_file(target, "custom_api", cls)

    @property
    def label(self) -> str:
        return f"custom_api at {host_of(self.url)}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that its placeholders ask for."""
        return self.template.columns()

    @property
    def sends_system_prompt(self) -> bool:
        """Whether the request has a place for it. Raises InputError."""
        return not {"messages", "system_prompt"}.isdisjoint(self.template.names())

    @cached_property
    def template(self) -> Template:
        """The request before it is filled. Raises InputError."""
        names = {name.lower() for name in self.headers}
        headers = dict(checked_headers(self.headers))
        body = self._body()
        if body is not None and "content-type" not in names:
            headers["Content-Type"] = "application/json"
        if "accept" not in names:
            headers["Accept"] = "text/event-stream" if self.stream else "application/json"
        return Template(self.url, headers, body)

    def _body(self) -> Any:
        if self.body not in (None, ""):
            return checked_body(self.body)
        if self.method.upper() in ("GET", "HEAD", "DELETE"):
            return None
        if self.stateful:
            return {"message": "{{message}}", "session_id": "{{session_id}}"}
        return {"messages": "{{messages}}"}

    def open(self, wiring: BotWiring) -> _CustomApi:
        checked_url(self.url)
        if not self.method.isalpha():
            raise InputError(f"{self.method!r} is no HTTP method", field="method")
        placeholders_used = self.template.names()
        if self.stateful and "messages" in placeholders_used:
            problem = (
                "{{messages}} in a request to a stateful bot, which remembers: send {{message}} and {{session_id}}"
            )
            raise InputError(problem, field="body")
        if self.parser and (self.reply_path or self.stream_path):
            raise InputError("is given beside a path for the reply: one of them must go", field="parser")
        if self.stream_path and not self.stream:
            raise InputError("needs `stream: true`", field="stream_path")
        if self.stream and self.reply_path:
            raise InputError("is for whole answers: for a stream give stream_path", field="reply_path")
        return _CustomApi(self, wiring)


class _CustomApi:
    def __init__(self, spec: CustomApiBot, wiring: BotWiring) -> None:
        self.spec = spec
        self.is_stateful = spec.stateful
        self.system_prompt = spec.system_prompt
        self._reply = Path(spec.reply_path, "reply_path") if spec.reply_path else None
        self._session = Path(spec.session_path, "session_path") if spec.session_path else None
        self._piece = Path(spec.stream_path, "stream_path") if spec.stream_path else None
        self._parser: Parser | None = None
        if spec.parser:
            from personae.bots._sandbox import Parser  # heavy, and only needed for a script

            self._parser = Parser(spec.parser, wiring.concurrency)
        self._auth = spec.auth.headers() if spec.auth else {}
        self._endpoint = Endpoint(
            spec.label,
            wiring,
            is_stateful=spec.stateful,
            is_fixed=not placeholders(spec.url),
            secrets=(*spec.hidden, *((spec.auth.secret(),) if spec.auth else ())),
        )

    async def reply(self, turns: Sequence[Turn], session: Session) -> BotReply:
        spec = self.spec
        prompt = prompt_for(session, self.system_prompt)
        session_id = str(session.state.get("session_id", session.id))
        values = Values(turns[-1].content, messages(turns, prompt), session_id, prompt, session.columns)
        url, headers, body = spec.template.filled(values)
        response = await self._endpoint.send(
            spec.method.upper(), url, {**headers, **self._auth}, body, _END_OF_STREAM if spec.stream else None
        )
        try:
            text, theirs = await self._read(response, is_known="session_id" in session.state)
        except BotError as error:
            received = self._endpoint.received(response)
            raise BotError(
                f"{spec.label}: {self._endpoint.hide(str(error))}", received=received, hopeless=error.hopeless
            ) from None  # the cause may hold a key that the bot sent back
        if theirs is not None:
            session_id = session.state["session_id"] = theirs
        text = reply_text(text, spec.label, received=self._endpoint.received(response))
        return BotReply(text, response.latency_ms, metadata={"session_id": session_id, "status": response.status})

    async def _read(self, response: Response, *, is_known: bool) -> tuple[str, str | None]:
        """The reply, and the session id if the answer gives one; it must if the session of a stateful bot has none."""
        text = response.body.decode("utf-8", "replace")
        body: Any = list(_until_done(text)) if self.spec.stream else _decoded(response)
        theirs: str | None = None
        if self._parser is not None:
            reply, theirs = await self._parser.parse(text, None if isinstance(body, _NotJson) else body)
        elif isinstance(body, _NotJson) and (self._reply or body.should_be):
            raise BotError(f"the answer is not JSON ({body.problem})")
        else:
            reply = self._joined(body, text) if self.spec.stream else self._found(body, text)
        theirs = theirs or self._their_session(body)
        if theirs is None and self._session is not None and self.is_stateful and not is_known:
            self._session.text(text if isinstance(body, _NotJson) else body)
        return reply, theirs

    def _found(self, body: Any, text: str) -> str:
        if isinstance(body, _NotJson):
            return text
        if self._reply is not None:
            return self._reply.text(body)
        reply = usual_reply(body)
        if reply is None:
            raise BotError(f"no reply in the usual places; set reply_path. The answer is {shape(body)}")
        return reply

    def _joined(self, stream: list[Any], text: str) -> str:
        """The pieces of all events. An event without the piece says nothing; if all do, that is an error."""
        if not stream:
            raise BotError(f"the answer holds no server-sent event: {text[:200]!r}")
        for event in stream:
            if isinstance(event, dict) and event.get("error"):
                raise BotError(f"the stream tells of an error: {cut(dumped(event['error']))}")
        if self._piece is None:
            return "".join(event if isinstance(event, str) else usual_reply(event) or "" for event in stream)
        pieces = [self._piece.text(event) for event in stream if self._piece.find(event) is not None]
        if not pieces:
            self._piece.text(stream[0])
        return "".join(pieces)

    def _their_session(self, body: Any) -> str | None:
        if self._session is None or isinstance(body, _NotJson):
            return None
        for answer in body if self.spec.stream else [body]:
            found = self._session.find(answer)
            if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
                return whole(str(found))
        return None

    async def close(self) -> None:
        if self._parser is not None:
            await self._parser.close()


@dataclass(frozen=True, slots=True)
class _NotJson:
    problem: str
    should_be: bool
    """The answer calls itself JSON, or is a web page: not a reply in plain text."""


def _decoded(response: Response) -> Any:
    kind = response.headers.get("content-type", "").partition(";")[0]
    try:
        return decode(response.body)
    except ValueError as error:
        return _NotJson(f"{kind}: {error}" if kind else str(error), "json" in kind or "html" in kind)


def _until_done(text: str) -> Iterator[Any]:
    """Each event's data up to `[DONE]`: its JSON, or the text where it is none."""
    for data in events(text):
        if data.strip() == "[DONE]":
            return
        try:
            yield decode(data)
        except ValueError:
            yield data
