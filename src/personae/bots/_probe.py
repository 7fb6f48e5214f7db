"""A bot on the bench: two turns in one session, and the question again in a fresh one.

Tells whether the bot answers at all, whether it remembers what was said before in the conversation, and whether it
remembers what was said in another one, which would make every simulated conversation depend on those before it.
"""

from __future__ import annotations

import dataclasses
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import uuid4

import orjson

from personae.bots import Bot, BotSpec, BotWiring, Session
from personae.bots._answer import decode, places_of_reply, places_of_session
from personae.bots._auth import Auth, GivenAuth
from personae.bots._http import shown
from personae.core.conversation import Turn
from personae.core.text import whole
from personae.errors import BotError, PersonaeError
from personae.transport import Response, Transport, TransportError

STATEMENT = "Please remember the number 7413."
QUESTION = "Which number did I ask you to remember?"
LONGEST_BODY = 20_000
"""Characters of a raw request or reply that a check keeps."""

Verdict = Literal["remembers", "remembers_sent_history", "does_not_remember", "leaks", "failed"]

MEANINGS: Mapping[Verdict, str] = {
    "remembers": "The bot keeps the conversation itself and remembers what was said before.",
    "remembers_sent_history": "The bot remembers, because the whole conversation is sent with every message.",
    "does_not_remember": "The bot answers, but does not know what was said a turn before.",
    "leaks": "The bot knows in a fresh session what was said in another one: conversations are not apart.",
    "failed": "The bot gave no answer.",
}

_BETWEEN = r"[\s,.'\u2019_*-]*"
_NUMBER = re.compile(_BETWEEN.join("7413"))
_SECRETIVE = re.compile(r"auth|token|key|secret|cookie|passw|credential|signature|session", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request as sent, and what came back. Secrets are masked."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    status: int | None
    answer_headers: Mapping[str, str]
    answer: str
    """The raw answer."""
    latency_ms: float | None
    error: str = ""
    """Why no answer came."""

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class CheckedTurn:
    """One message to the bot and what became of it."""

    session: Literal["first", "fresh"]
    message: str
    reply: str | None
    """The reply as the simulator would see it, or None where there was none."""
    session_id: str
    """The id by which the bot knows the conversation, as far as it is known."""
    latency_ms: float | None
    exchanges: tuple[Exchange, ...]
    """More than one where a try failed. None for bots that are not reached by HTTP."""
    error: str = ""
    received: str = ""
    """What came instead of a reply."""

    def as_dict(self) -> dict[str, Any]:
        data = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return data | {"exchanges": [exchange.as_dict() for exchange in self.exchanges]}


@dataclass(frozen=True, slots=True)
class Check:
    """What the probe found."""

    label: str
    is_stateful: bool | None
    """None where the bot could not be opened."""
    turns: tuple[CheckedTurn, ...]
    verdict: Verdict
    explanation: str
    """The verdict in a sentence."""
    error: str = ""
    """The first error, blank if there was none."""
    reply_paths: tuple[str, ...] = ()
    """Where the reply may stand in the raw answer, the likeliest first; blank where one was found."""
    session_paths: tuple[str, ...] = ()
    """Where the session's id may stand, of a bot that forgot what was said."""

    @property
    def passed(self) -> bool:
        """Whether the bot can be simulated with: it answers, remembers, and keeps conversations apart."""
        return self.verdict in ("remembers", "remembers_sent_history") and not self.error

    def as_dict(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "is_stateful": self.is_stateful,
            "passed": self.passed,
            "verdict": self.verdict,
            "explanation": self.explanation,
            "error": self.error,
            "turns": [turn.as_dict() for turn in self.turns],
            "reply_paths": list(self.reply_paths),
            "session_paths": list(self.session_paths),
        }


class Recorder:
    """A transport that keeps what passes through it. Put it under `connect_model` too, to see a model's requests."""

    def __init__(self, transport: Transport, secrets: tuple[str, ...] = ()) -> None:
        self._transport = transport
        self._seen: list[Exchange] = []
        self.secrets = secrets
        """Texts that are masked wherever they stand."""

    def taken(self) -> tuple[Exchange, ...]:
        """What passed since it was last asked."""
        seen, self._seen = tuple(self._seen), []
        return seen

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
        until: bytes | None = None,
    ) -> Response:
        hidden = _hidden(headers, self.secrets)
        sent = Exchange(
            method,
            _mask(_masked_url(url), hidden),
            {name: _masked_header(name, value, hidden) for name, value in headers.items()},
            _mask(_text(body or b""), hidden),
            status=None,
            answer_headers={},
            answer="",
            latency_ms=None,
        )
        try:
            response = await self._transport.request(
                method, url, headers=headers, body=body, timeout_s=timeout_s, until=until
            )
        except TransportError as error:
            self._seen.append(replace(sent, error=_mask(str(error), hidden)))
            raise
        self._seen.append(
            replace(
                sent,
                status=response.status,
                answer_headers={name: _masked_header(name, value, hidden) for name, value in response.headers.items()},
                answer=_mask(_text(response.body), hidden),
                latency_ms=response.latency_ms,
            )
        )
        return response


async def check(spec: BotSpec, wiring: BotWiring) -> Check:
    """Open the bot, talk with it, close it. What fails is told in the result; nothing is raised but BudgetExceeded."""
    given = wiring.transport
    recorder = given if isinstance(given, Recorder) else Recorder(given)
    recorder.secrets += _secrets(spec)
    try:
        bot = spec.open(replace(wiring, transport=recorder))
    except PersonaeError as error:
        return Check(spec.label, None, (), "failed", "The bot cannot be opened.", str(error))
    try:
        turns = await _talk(bot, recorder)
    finally:
        await bot.close()
    verdict = _verdict(turns, is_stateful=bot.is_stateful)
    first_error = next((turn.error for turn in turns if turn.error), "")
    replies, sessions = _places(turns, verdict)
    return Check(
        spec.label, bot.is_stateful, turns, verdict, _explanation(verdict, turns), first_error, replies, sessions
    )


def _places(turns: tuple[CheckedTurn, ...], verdict: Verdict) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paths that the bot's settings may lack, as far as its last good answer shows them."""
    raw = [one for turn in turns for one in turn.exchanges if one.status is not None and one.status < 300]
    if not raw or verdict not in ("failed", "does_not_remember"):
        return (), ()
    try:
        answer = decode(raw[-1].answer)
    except ValueError:
        return (), ()
    is_lost = turns[-1].reply is None
    return (
        tuple(places_of_reply(answer, turns[-1].message)) if is_lost else (),
        tuple(places_of_session(answer)),
    )


async def _talk(bot: Bot, recorder: Recorder) -> tuple[CheckedTurn, ...]:
    first = Session(str(uuid4()))
    said: tuple[Turn, ...] = (Turn("user", STATEMENT),)
    statement = await _ask(bot, recorder, said, first, "first")
    if statement.reply is None:
        return (statement,)
    said = (*said, Turn("assistant", statement.reply), Turn("user", QUESTION))
    question = await _ask(bot, recorder, said, first, "first")
    fresh = await _ask(bot, recorder, (Turn("user", QUESTION),), Session(str(uuid4())), "fresh")
    return statement, question, fresh


async def _ask(
    bot: Bot, recorder: Recorder, turns: tuple[Turn, ...], session: Session, which: Literal["first", "fresh"]
) -> CheckedTurn:
    recorder.taken()
    message = turns[-1].content
    try:
        reply = await bot.reply(turns, session)
    except BotError as error:
        session_id = str(session.state.get("session_id", session.id))
        problem, received = (_mask(text, recorder.secrets) for text in (str(error), error.received))
        return CheckedTurn(which, message, None, session_id, None, recorder.taken(), problem, received)
    session_id = str(session.state.get("session_id", session.id))
    text = _mask(reply.text, recorder.secrets)
    return CheckedTurn(which, message, text, session_id, reply.latency_ms, recorder.taken())


def _verdict(turns: tuple[CheckedTurn, ...], *, is_stateful: bool) -> Verdict:
    replies = {(turn.session, turn.message): turn.reply for turn in turns}
    if _knows(replies.get(("fresh", QUESTION))):
        return "leaks"
    answer = replies.get(("first", QUESTION))
    if answer is None:
        return "failed"
    if _knows(answer):
        return "remembers" if is_stateful else "remembers_sent_history"
    return "does_not_remember"


def _explanation(verdict: Verdict, turns: tuple[CheckedTurn, ...]) -> str:
    text = MEANINGS[verdict]
    if verdict == "failed" and len(turns) > 1:
        text = "The bot answered the first message and failed at the second."
    fresh = [turn for turn in turns if turn.session == "fresh"]
    if verdict != "failed" and fresh and fresh[0].reply is None:
        text += " Whether it keeps conversations apart is not known: it failed in the fresh session."
    return text


def _knows(reply: str | None) -> bool:
    """Whether the number is said, also as `7,413`, `7 4 1 3` or in other scripts' digits."""
    if reply is None:
        return False
    digits = "".join(str(unicodedata.digit(sign, sign)) for sign in reply)
    return _NUMBER.search(digits) is not None


def _secrets(spec: BotSpec) -> tuple[str, ...]:
    """The keys that the spec's settings hold or name."""
    found: list[str] = []
    for field in dataclasses.fields(cast("Any", spec)):
        value = getattr(spec, field.name)
        if isinstance(value, GivenAuth):
            found.append(value.key.strip())
        elif isinstance(value, Auth):
            found.append(os.environ.get(value.env, "").strip())
        elif field.name.endswith("_env") and isinstance(value, str):
            found.append(os.environ.get(value, "").strip())
        elif field.metadata.get("secret") and isinstance(value, str | tuple):
            found += [value] if isinstance(value, str) else value
    return tuple(secret for secret in found if secret)


def _hidden(headers: Mapping[str, str], secrets: tuple[str, ...]) -> tuple[str, ...]:
    """All that must be masked: the known secrets, and what secretive headers carry, with and without its prefix."""
    found = list(secrets)
    for name, value in headers.items():
        if _SECRETIVE.search(name) and "session" not in name.lower():
            found += [value, value.rpartition(" ")[2]]
    return tuple(sorted({secret for secret in found if len(secret) > 3}, key=len, reverse=True))


def _mask(text: str, hidden: tuple[str, ...]) -> str:
    for secret in hidden:
        text = text.replace(secret, "***")
    return text


def _masked_header(name: str, value: str, hidden: tuple[str, ...]) -> str:
    if _SECRETIVE.search(name) and "session" not in name.lower():
        scheme, space, _ = value.partition(" ")
        return f"{scheme} ***" if space and scheme.isalpha() else "***"
    return _mask(value, hidden)


def _masked_url(url: str) -> str:
    query = urlsplit(url).query
    if not query:
        return shown(url)
    pairs = (
        f"{quote(name)}={'***' if _SECRETIVE.search(name) and 'session' not in name.lower() else quote(value)}"
        for name, value in parse_qsl(query, keep_blank_values=True)
    )
    return f"{shown(url)}?{'&'.join(pairs)}"


def _text(body: bytes) -> str:
    try:
        text = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode() if body else ""
    except orjson.JSONDecodeError:
        text = whole(body.decode("utf-8", "replace"))
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]} ... ({len(text)} characters)"
