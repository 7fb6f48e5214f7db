"""What one running lab knows: its settings, its script and what it has seen so far."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp.web_protocol import RequestHandler

from lab.fake_llm.ledger import Ledger, PrefixWatch
from lab.fake_llm.limits import OPEN, Limits
from lab.fake_llm.request import ChatRequest
from lab.fake_llm.script import Director, Script


@dataclass(frozen=True, slots=True)
class Settings:
    latency_ms: float = 0
    jitter_ms: float = 0
    """Up to so much more for each request, by its content, so that replies overtake each other."""
    end_after: int | None = None
    """The simulator ends the conversation with `goal_met` after so many turns; never when None."""
    limits: Limits = OPEN
    keep_requests: bool = False


class Lab:
    def __init__(self, settings: Settings, script: Script | None = None) -> None:
        self.settings = settings
        self.director = Director(script)
        self.ledger = Ledger()
        self.prefixes = PrefixWatch()
        self.requests: list[ChatRequest] = []
        self.number = 0
        self.connections: set[RequestHandler] = set()
        self.closing = asyncio.Event()

    def reset(self) -> None:
        """An empty ledger. The script keeps its place; open connections count anew when used again."""
        self.ledger = Ledger(in_flight=self.ledger.in_flight)
        self.prefixes = PrefixWatch()
        self.requests.clear()
        self.number = 0
        self.connections.clear()

    def connected(self, connection: RequestHandler) -> None:
        """Count a connection at its first request."""
        if connection not in self.connections:
            self.connections.add(connection)
            self.ledger.connections += 1

    def arrived(self, chat: ChatRequest) -> None:
        """Enter a request in the ledger, before anything is done about it."""
        self.number += 1
        chat.number = self.number
        tally = self.ledger.tally(chat.model, chat.role)
        tally.calls += 1
        chat.prompt_chars, chat.cached_chars = self.prefixes.see(chat, self.ledger)
        tally.prompt_tokens += chat.prompt_chars // 4
        tally.cached_tokens += chat.cached_chars // 4
        if self.settings.keep_requests:
            self.requests.append(chat)

    def ended(self, chat: ChatRequest, how: str, completion_tokens: int = 0) -> None:
        tally = self.ledger.tally(chat.model, chat.role)
        tally.statuses[how] += 1
        tally.completion_tokens += completion_tokens
