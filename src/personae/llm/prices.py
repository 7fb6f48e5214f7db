"""What tokens cost: genai-prices' list, which works offline, or the user's own rates.

An unknown price is None, never 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from personae.core.usage import Usage
from personae.errors import ConfigurationError

Pricing = Callable[[Usage], float | None]
"""US dollars for the tokens of one call, or None where they are not known."""
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars a million tokens."""

    input: float
    output: float
    cached: float | None = None
    """For input served from the provider's prompt cache. None: as any input."""
    cache_write: float | None = None

    @classmethod
    def parse(cls, text: str) -> Rates:
        """`INPUT/OUTPUT` or `INPUT/OUTPUT/CACHED`, in dollars a million tokens, such as `0.15/0.60`."""
        try:
            values = [float(part) for part in text.split("/")]
        except ValueError:
            values = []
        if len(values) not in (2, 3) or not all(0 <= value < MILLION for value in values):
            raise ConfigurationError(
                f"a price is INPUT/OUTPUT in dollars a million tokens, such as 0.15/0.60, not {text!r}"
            )
        return cls(*values)

    def price(self, usage: Usage) -> float:
        """US dollars for the tokens of `usage`."""
        cached = self.input if self.cached is None else self.cached
        written = self.input if self.cache_write is None else self.cache_write
        plain = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
        return (
            max(plain, 0) * self.input
            + usage.cached_tokens * cached
            + usage.cache_write_tokens * written
            + usage.output_tokens * self.output
        ) / MILLION


FREE = Rates(0.0, 0.0)


def pricing(model: str, price_list: str, rates: Rates | None) -> Pricing | None:
    """How calls of `model` are priced, or None where its price is not known.

    `rates` win. `price_list` is the provider's name in genai-prices; blank where the endpoint is unknown to it.
    """
    if rates is not None:
        return rates.price
    if not price_list:
        return None
    from genai_prices import data_snapshot  # heavy, and only needed for models that cost money

    try:
        provider, entry = data_snapshot.get_snapshot().find_provider_model(model, None, price_list, None)
    except LookupError:
        return None
    plain = _plain_rates(entry)
    if plain is not None:
        return plain.price
    return lambda usage: _listed_price(provider.id, model, usage)


def _plain_rates(entry: Any) -> Rates | None:
    """The list's rates as numbers, where the model has one price at all times and lengths; else None."""
    price = entry.prices
    if isinstance(price, list):
        return None
    values = (price.input_mtok, price.output_mtok, price.cache_read_mtok, price.cache_write_mtok)
    if not all(value is None or isinstance(value, Decimal) for value in values) or None in values[:2]:
        return None
    numbers = [None if value is None else float(value) for value in values]
    return Rates(numbers[0] or 0.0, numbers[1] or 0.0, numbers[2], numbers[3])


def _listed_price(provider: str, model: str, usage: Usage) -> float | None:
    from genai_prices import Usage as Tokens
    from genai_prices import calc_price

    tokens = Tokens(
        input_tokens=max(usage.input_tokens, usage.cached_tokens + usage.cache_write_tokens),
        cache_read_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
    )
    try:
        return float(calc_price(tokens, model, provider_id=provider).total_price)
    except LookupError:
        return None


def priced(usage: Usage, price: Pricing | None) -> Usage:
    """`usage`, which nobody else has yet, with its cost or marked as unpriced."""
    cost = None if price is None else price(usage)
    if cost is None:
        usage.unpriced_calls = usage.calls
    else:
        usage.priced_usd = cost
    return usage
