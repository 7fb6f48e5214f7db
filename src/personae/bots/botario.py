"""A bot that remembers: a session id per conversation, and only the new message is sent.

Source: seeds/000, provider Botario
Idea:   POST {"sessionId": ..., "message": ...}; the system prompt is kept for the transcript and not sent.
Cost:   one call per turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

from personae.bots import BotReply, BotWiring, Session, bots
from personae.bots._answer import Path, decode, shape, usual_reply
from personae.bots._auth import Auth
from personae.bots._chat import reply_text
from personae.bots._http import Endpoint, checked_url, host_of
from personae.bots._spec_file import spec_in_file
from personae.bots._template import checked_headers
from personae.core.conversation import Turn
from personae.core.text import whole
from personae.errors import BotError


@bots.method("botario")
@dataclass(frozen=True)
class BotarioBot:
    """A stateful bot behind one address."""

    url: str
    """Where messages are posted."""
    session_field: str = "sessionId"
    """The field of the request that carries the session id."""
    message_field: str = "message"
    """The field of the request that carries the user's message."""
    reply_path: str = ""
    """JMESPath of the reply in the answer. Blank: `reply`, `message`, `text`, `answer` or `messages[].text`."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, metadata={"secret": True})
    """Headers sent with each request."""
    auth: Auth | None = None
    """A key from the environment: `env`, `header`, `prefix`."""
    system_prompt: str = ""
    """Kept in the stored transcript. Not sent: the bot has its own."""
    hidden: tuple[str, ...] = field(default=(), repr=False, metadata={"secret": True})
    """Other secrets that stand in the settings: no error shows them."""

    @classmethod
    def from_target(cls, target: str) -> Self | None:
        """`botario:URL`, or a spec file with `bot: botario`."""
        if target.startswith("botario:"):
            return cls(url=target.removeprefix("botario:"))
        return spec_in_file(target, "botario", cls)

    @property
    def label(self) -> str:
        return f"botario at {host_of(self.url)}"

    def open(self, wiring: BotWiring) -> _Botario:
        checked_url(self.url)
        return _Botario(self, wiring)


class _Botario:
    is_stateful = True

    def __init__(self, spec: BotarioBot, wiring: BotWiring) -> None:
        self.spec = spec
        self.system_prompt = spec.system_prompt
        self._path = Path(spec.reply_path, "reply_path") if spec.reply_path else None
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            **checked_headers(spec.headers),
            **(spec.auth.headers() if spec.auth else {}),
        }
        secrets = (*spec.hidden, *((spec.auth.secret(),) if spec.auth else ()))
        self._endpoint = Endpoint(spec.label, wiring, is_stateful=True, secrets=secrets)

    async def reply(self, turns: Sequence[Turn], session: Session) -> BotReply:
        spec = self.spec
        session_id = session.state.setdefault("session_id", _uuid(session.id))
        body = orjson.dumps({spec.session_field: session_id, spec.message_field: whole(turns[-1].content)})
        response = await self._endpoint.send("POST", spec.url, self._headers, body)
        received = self._endpoint.received(response)
        try:
            answer = decode(response.body)
        except ValueError as error:
            raise BotError(f"{spec.label} answered with broken JSON ({error})", received=received) from error
        text = self._path.text(answer) if self._path else usual_reply(answer)
        if text is None:
            raise BotError(
                f"{spec.label}: no reply in the usual places; set reply_path. The answer is {shape(answer)}",
                received=received,
            )
        text = reply_text(text, spec.label, received=received)
        return BotReply(text, response.latency_ms, metadata={"session_id": session_id})

    async def close(self) -> None:
        """Connections belong to the run."""


def _uuid(session_id: str) -> str:
    """`session_id` itself if it is a UUID, else one made of it, so that a replayed conversation sends the same."""
    try:
        return str(UUID(session_id))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, f"personae:{whole(session_id)}"))
