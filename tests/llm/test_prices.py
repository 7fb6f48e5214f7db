"""What a call costs. An unknown price is unknown, and never nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.fake_llm import Reply
from lab.fake_llm import Usage as Said
from personae.core.usage import Usage
from personae.errors import ConfigurationError
from personae.llm.prices import Rates, priced, pricing
from tests.llm.reach import answer, reach

anyio = pytest.mark.anyio
MILLION = 1_000_000
INPUT, OUTPUT = Usage(1, MILLION), Usage(1, 0, 0, 0, MILLION)
CACHED = Usage(1, MILLION, MILLION)


def test_a_list_price_is_known_without_network() -> None:
    price = pricing("gpt-4o-mini", "openai", None)
    assert price is not None
    assert [price(usage) for usage in (INPUT, OUTPUT, CACHED)] == pytest.approx([0.15, 0.60, 0.075])


def test_anthropic_has_prices_for_reading_and_for_writing_the_cache() -> None:
    price = pricing("claude-haiku-4-5-20251001", "anthropic", None)
    assert price is not None
    written = Usage(1, MILLION, 0, MILLION)
    assert [price(usage) for usage in (INPUT, OUTPUT, CACHED, written)] == pytest.approx([1.0, 5.0, 0.1, 1.25])


def test_a_price_with_tiers_grows_with_the_prompt() -> None:
    price = pricing("gemini-2.5-pro", "google", None)
    assert price is not None
    short, long = price(Usage(1, 100_000)), price(Usage(1, 400_000))
    assert short is not None
    assert long is not None
    assert long > 4 * short


def test_a_tiered_price_bears_counts_that_do_not_add_up() -> None:
    price = pricing("gemini-2.5-pro", "google", None)
    assert price is not None
    assert price(Usage(1, 10, 1000)) is not None


@pytest.mark.parametrize(("model", "price_list"), [("my-own-model", "openai"), ("gpt-4o", ""), ("gpt-4o", "nobody")])
def test_a_price_that_no_list_knows_is_unknown(model: str, price_list: str) -> None:
    assert pricing(model, price_list, None) is None


def test_a_call_without_a_price_is_marked_and_not_free() -> None:
    usage = priced(Usage(calls=1, input_tokens=10), None)
    assert usage.unpriced_calls == 1
    assert usage.cost_usd is None


def test_the_users_rates_win_over_the_list() -> None:
    price = pricing("gpt-4o-mini", "openai", Rates(2.0, 4.0, 1.0))
    assert price is not None
    assert [price(usage) for usage in (INPUT, OUTPUT, CACHED)] == [2.0, 4.0, 1.0]


def test_without_a_rate_of_its_own_cached_input_costs_as_any() -> None:
    assert Rates(2.0, 4.0).price(CACHED) == 2.0


@pytest.mark.parametrize(
    ("text", "rates"), [("0.15/0.60", Rates(0.15, 0.6)), ("1/2/0.5", Rates(1.0, 2.0, 0.5)), ("0/0", Rates(0.0, 0.0))]
)
def test_rates_are_read_from_text(text: str, rates: Rates) -> None:
    assert Rates.parse(text) == rates


@pytest.mark.parametrize("text", ["", "1", "1/2/3/4", "a/b", "-1/2", "nan/1", "1/inf", "1,5/2"])
def test_rates_that_make_no_sense_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"such as 0\.15/0\.60"):
        Rates.parse(text)


@given(
    st.builds(Rates, *[st.floats(0, 100)] * 2, st.none() | st.floats(0, 100), st.none() | st.floats(0, 100)),
    *[st.integers(0, 10**7)] * 4,
)
def test_a_price_is_never_negative(rates: Rates, given_: int, cached: int, written: int, made: int) -> None:
    assert rates.price(Usage(1, given_, cached, written, made)) >= 0


@anyio
async def test_a_reply_carries_its_cost_by_the_tokens_that_the_endpoint_counted() -> None:
    async with reach(Reply("Fine.", usage=Said(1_000_000, 500_000, cached=400_000))) as there:
        usage = (await answer(there.model(rates=Rates(1.0, 4.0, 0.5)))).usage
    assert usage.cost_usd == pytest.approx(0.6 + 0.2 + 2.0)


@anyio
async def test_a_model_on_ones_own_machine_is_free_and_priced() -> None:
    async with reach(Reply("Fine.")) as there:
        assert (await answer(there.model("ollama"))).usage.cost_usd == 0.0


@anyio
async def test_an_estimate_of_a_call_is_none_where_the_price_is_unknown() -> None:
    async with reach() as there:
        assert there.model("litellm").estimate_usd(1000, 10) is None
        assert there.model(rates=Rates(1.0, 2.0)).estimate_usd(MILLION, MILLION) == 3.0
