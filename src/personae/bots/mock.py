"""A bot that answers from a script, or says back what it hears, late or failing where it is told to.

Source: seeds/000, provider Mock
Idea:   the number of bot turns so far picks the reply, so that a resumed conversation goes on in the script.
Cost:   nothing: no call leaves the process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal, Self

from personae.bots import BotReply, BotWiring, Session, bots
from personae.bots._chat import reply_text
from personae.bots._spec_file import spec_in_file
from personae.core.conversation import Turn
from personae.errors import BotError, InputError


@bots.method("mock")
@dataclass(frozen=True)
class MockBot:
    """Scripted or echoed replies."""

    replies: tuple[str, ...] = ("I am a mock. How can I help?", "I see.", "Is there anything else?")
    """The replies in order."""
    at_end: Literal["repeat", "cycle"] = "repeat"
    """After the last reply: repeat it, or begin again."""
    echo: bool = False
    """Say back the user's message instead."""
    latency_ms: float = 0.0
    """How long each reply takes."""
    fail_every: int = 0
    """Each so manieth call fails, counted over all conversations. 0: none."""
    fail_with: str = "the mock fails as it was told to"
    """What the failure says."""
    system_prompt: str = ""
    """Kept in the transcript. The mock does not read it."""

    @classmethod
    def from_target(cls, target: str) -> Self | None:
        """`mock`, `mock:echo`, or a spec file with `bot: mock`."""
        if target == "mock":
            return cls()
        if target == "mock:echo":
            return cls(echo=True)
        return spec_in_file(target, "mock", cls)

    @property
    def label(self) -> str:
        return "mock:echo" if self.echo else "mock"

    def open(self, wiring: BotWiring) -> _Mock:
        if not self.echo and not self.replies:
            raise InputError("is empty: give at least one reply, or `echo: true`", field="replies")
        if self.fail_every < 0:
            raise InputError("is negative", field="fail_every")
        return _Mock(self, wiring)


class _Mock:
    is_stateful = False

    def __init__(self, spec: MockBot, wiring: BotWiring) -> None:
        self.spec = spec
        self.system_prompt = spec.system_prompt
        self._timeout_s = wiring.timeout_s
        self._calls = count(1)

    async def reply(self, turns: Sequence[Turn], session: Session) -> BotReply:  # noqa: ARG002 - the protocol
        began = time.perf_counter()
        spec, number = self.spec, next(self._calls)
        if spec.latency_ms:
            await asyncio.sleep(min(spec.latency_ms / 1000, self._timeout_s))
        if spec.latency_ms > self._timeout_s * 1000:
            raise BotError(f"mock: no answer within {self._timeout_s:g} s", retryable=True)
        if spec.fail_every and number % spec.fail_every == 0:
            raise BotError(f"mock: {spec.fail_with}")
        text = turns[-1].content if spec.echo else self._scripted(turns)
        return BotReply(reply_text(text, "mock"), (time.perf_counter() - began) * 1000)

    def _scripted(self, turns: Sequence[Turn]) -> str:
        replies, said = self.spec.replies, sum(turn.role == "assistant" for turn in turns)
        return replies[said % len(replies) if self.spec.at_end == "cycle" else min(said, len(replies) - 1)]

    async def close(self) -> None:
        """Nothing is held."""
