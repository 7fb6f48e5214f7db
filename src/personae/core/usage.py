"""What calls took: counts of calls and tokens, and money where the price is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(slots=True, unsafe_hash=True)
class Usage:
    """Tokens and cost of one call or of many. Adding two gives their sum.

    Never changed once made. It is not declared frozen because several are made per call, and freezing triples the cost.
    """

    calls: int = 0
    input_tokens: int = 0
    """All input tokens, those from a provider's cache included."""
    cached_tokens: int = 0
    """The part of the input that a provider's prompt cache served."""
    cache_write_tokens: int = 0
    """The part of the input that was written to a provider's prompt cache at a price of its own."""
    output_tokens: int = 0
    """All output tokens, those spent on reasoning included."""
    reasoning_tokens: int = 0
    estimated_calls: int = 0
    """Calls whose reply gave no usage, so that the tokens are an estimate."""
    unpriced_calls: int = 0
    """Calls whose price is not known; they are not in `cost_usd`."""
    priced_usd: float = 0.0
    """The cost in US dollars of the calls whose price is known."""

    def __add__(self, other: Usage) -> Usage:
        if other is NO_USAGE:  # the commonest cases
            return self
        if self is NO_USAGE:
            return other
        return Usage(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.cached_tokens + other.cached_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.output_tokens + other.output_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.estimated_calls + other.estimated_calls,
            self.unpriced_calls + other.unpriced_calls,
            self.priced_usd + other.priced_usd,
        )

    def __sub__(self, part: Usage) -> Usage:
        """What is left without `part`, which is a part of it."""
        counts = {name: getattr(self, name) - getattr(part, name) for name in ("calls", *_COUNTS)}
        return Usage(**counts, priced_usd=max(0.0, round(self.priced_usd - part.priced_usd, 9)))

    @property
    def cost_usd(self) -> float | None:
        """US dollars, or None where the price of any call is not known."""
        return None if self.unpriced_calls else self.priced_usd

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, rare counts only where not zero. `cost_usd` is null where a price is not known."""
        data: dict[str, Any] = {
            "calls": self.calls,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
        }
        if self.cached_tokens:  # spelled out: this is asked of every turn
            data["cached_tokens"] = self.cached_tokens
        if self.cache_write_tokens:
            data["cache_write_tokens"] = self.cache_write_tokens
        if self.reasoning_tokens:
            data["reasoning_tokens"] = self.reasoning_tokens
        if self.estimated_calls:
            data["estimated_calls"] = self.estimated_calls
        known = round(self.priced_usd, 9) if self.priced_usd else 0.0
        data["cost_usd"] = None if self.unpriced_calls else known
        if self.unpriced_calls:
            data["unpriced_calls"] = self.unpriced_calls
            data["priced_usd"] = known
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Usage:
        get = data.get  # spelled out: this is asked of every turn
        return cls(
            int(get("calls", 0)),
            int(get("input_tokens", 0)),
            int(get("cached_tokens", 0)),
            int(get("cache_write_tokens", 0)),
            int(get("output_tokens", 0)),
            int(get("reasoning_tokens", 0)),
            int(get("estimated_calls", 0)),
            int(get("unpriced_calls", 0)),
            float(get("priced_usd") or get("cost_usd") or 0.0),
        )


@dataclass(slots=True)
class UsageSum:
    """The usage of very many calls, added up from their plain data: in a third of the time that making each takes."""

    _counts: dict[str, float] = field(default_factory=dict)

    def add(self, data: Mapping[str, Any]) -> None:
        """`data` as `Usage.as_dict` makes it."""
        counts = self._counts
        for name, value in data.items():
            if value:
                counts[name] = counts.get(name, 0) + value

    def merge(self, other: UsageSum) -> None:
        self.add(other._counts)

    def finish(self) -> Usage:
        """Rows tell their cost where every price is known, and else what is known of it: never both."""
        known = [self._counts.get(name, 0.0) for name in ("cost_usd", "priced_usd")]
        return Usage.from_dict({**self._counts, "priced_usd": sum(known)})


NO_USAGE = Usage()
_COUNTS = tuple(one.name for one in fields(Usage) if one.name not in {"calls", "priced_usd"})
