"""What the server saw: counts by model and role, connections, and how well prompts can be cached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from lab.fake_llm.request import ChatRequest, text_of

PLAIN = {"role", "content"}


@dataclass(slots=True)
class Tally:
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    """Answers by status code; `reset`, `cut` and `stall` where none was completed."""


@dataclass(slots=True)
class Ledger:
    by_model_and_role: dict[tuple[str, str], Tally] = field(default_factory=dict)
    connections: int = 0
    """TCP connections accepted, those of the `/_lab/` calls not counted."""
    in_flight: int = 0
    max_in_flight: int = 0
    openings: int = 0
    """Requests without any assistant message: the first of a conversation, or a single question."""
    with_predecessor: int = 0
    """Requests that go on with a conversation."""
    prefix_unchanged: int = 0
    """Of those, how many are the messages of an earlier request, unchanged, plus new ones or none."""
    unchanged_but_last: int = 0
    """Of the others, how many are an earlier request less its last message, plus new ones."""

    def tally(self, model: str, role: str) -> Tally:
        found = self.by_model_and_role.get((model, role))
        if found is None:
            found = self.by_model_and_role[model, role] = Tally()
        return found

    def total(self, *, model: str | None = None, role: str | None = None) -> Tally:
        """One tally over everything that matches."""
        total = Tally()
        for (its_model, its_role), tally in self.by_model_and_role.items():
            if model in (None, its_model) and role in (None, its_role):
                total.calls += tally.calls
                total.prompt_tokens += tally.prompt_tokens
                total.completion_tokens += tally.completion_tokens
                total.cached_tokens += tally.cached_tokens
                total.statuses.update(tally.statuses)
        return total

    def calls(self, *, model: str | None = None, role: str | None = None) -> int:
        return self.total(model=model, role=role).calls

    def to_json(self) -> dict[str, Any]:
        rows = [
            {
                "model": model,
                "role": role,
                "calls": tally.calls,
                "prompt_tokens": tally.prompt_tokens,
                "completion_tokens": tally.completion_tokens,
                "cached_tokens": tally.cached_tokens,
                "statuses": dict(tally.statuses),
            }
            for (model, role), tally in sorted(self.by_model_and_role.items())
        ]
        return {"rows": rows} | {name: getattr(self, name) for name in COUNTS}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Ledger:
        ledger = cls(**{name: data[name] for name in COUNTS})
        for row in data["rows"]:
            values = {key: value for key, value in row.items() if key not in ("model", "role")}
            values["statuses"] = Counter(values["statuses"])
            ledger.by_model_and_role[row["model"], row["role"]] = Tally(**values)
        return ledger


COUNTS = (
    "connections",
    "in_flight",
    "max_in_flight",
    "openings",
    "with_predecessor",
    "prefix_unchanged",
    "unchanged_but_last",
)


class PrefixWatch:
    """Tells by rolling hashes whether a request extends an earlier one: each message is hashed once."""

    def __init__(self) -> None:
        self._whole: set[int] = set()
        self._but_last: set[int] = set()

    def see(self, request: ChatRequest, ledger: Ledger) -> tuple[int, int]:
        """Record a request; return the characters of its prompt and those a prompt cache would have had."""
        rolling = hash((request.model, *request.tools))
        hashes, lengths, length, going_on = [rolling], [0], 0, False
        for message in request.messages:
            content = message.get("content")
            role = message.get("role")
            if type(content) is str and message.keys() <= PLAIN:
                length += len(content)
                rolling = hash((rolling, role, content))
            else:
                length += len(text_of(message))
                rolling = hash((rolling, orjson.dumps(message)))
            going_on = going_on or role == "assistant"
            hashes.append(rolling)
            lengths.append(length)
        cached = self._cached(hashes, lengths, going_on, ledger)
        self._whole.add(hashes[-1])
        self._but_last.add(hashes[-2] if len(hashes) > 1 else hashes[-1])
        return length, cached

    def _cached(self, hashes: list[int], lengths: list[int], going_on: bool, ledger: Ledger) -> int:
        if not going_on:
            ledger.openings += 1
            return lengths[-1] if hashes[-1] in self._whole else 0
        ledger.with_predecessor += 1
        for new in range(min(4, len(hashes))):
            if hashes[-1 - new] in self._whole:
                ledger.prefix_unchanged += 1
                return lengths[-1 - new]
        # a message for one turn alone was dropped; then come a reply, its answer and the next such message
        if len(hashes) > 3 and hashes[-4] in self._but_last:
            ledger.unchanged_but_last += 1
            return lengths[-4]
        return 0
