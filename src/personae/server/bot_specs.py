"""Bots and models from LLM configs.

A config is the `settings` of a row of `store.llm_configs`, or the copy of it in an experiment's snapshot; its secrets
are what `cipher.unseal(row["secrets"])` gives, for a copy `secrets_for`. How the parts of a config reach the engine:

    bot_spec(...)       Settings.bot        address, model, key, sampling, rate limits, request template, parser
    bot_limits(...)     Settings.concurrency, .turn_timeout_s, .bot_attempts, .bot_rates
    model_config(...)   Settings.simulator or .judge, where an experiment chose the config for that
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personae.bots import BotSpec
from personae.bots._auth import GivenAuth
from personae.bots.botario import BotarioBot
from personae.bots.custom_api import CustomApiBot
from personae.bots.mock import MockBot
from personae.bots.openai import OpenAIBot
from personae.errors import ConfigurationError, InputError
from personae.llm.config import LLMConfig
from personae.llm.prices import Rates
from personae.server.config_secrets import destination, revealed, texts
from personae.server.secrets import Cipher
from personae.store.columns import Record

DEFAULT_CONNECTIONS = 10
_SAMPLING = ("top_p", "best_of", "top_k", "logprobs", "top_logprobs", "reasoning_effort", "verbosity")
"""Settings of a config that are fields of the request's body, under the same names."""
_UNREAD = ("mock", "offline")
"""Providers that read no request: whatever a template asks for is fine."""
_OTHERS = ("anthropic", "botario", "custom_api")
"""Providers whose requests have no place for OpenAI's tools and response formats."""


@dataclass(frozen=True, slots=True)
class BotLimits:
    """How fast and how patiently a bot is asked. None: the engine's own default."""

    max_connections: int
    """Conversations at once."""
    timeout_s: float | None
    """For one reply."""
    attempts: int | None
    """Tries per reply, the first included."""
    rates: Rates | None
    """What its tokens cost."""


def bot_limits(config: Mapping[str, Any], generation_params: Mapping[str, Any] | None = None) -> BotLimits:
    """The limits of a config; those of an experiment's generation parameters win."""
    chosen = _with_params(config, generation_params)
    retries, timeout_s = chosen.get("max_retries"), chosen.get("timeout")
    return BotLimits(
        chosen.get("max_connections") or DEFAULT_CONNECTIONS,
        None if timeout_s is None else float(timeout_s),
        None if retries is None else retries + 1,
        _rates(chosen),
    )


def bot_spec(
    config: Mapping[str, Any],
    secrets: Mapping[str, Any],
    *,
    system_prompt: str = "",
    generation_params: Mapping[str, Any] | None = None,
    tools: Sequence[Mapping[str, Any]] | None = None,
    tool_choice: Any = None,
    response_format: Mapping[str, Any] | None = None,
) -> BotSpec:
    """The bot that a config describes. A blank `system_prompt` leaves the config's own.

    Raises InputError where the provider cannot take a template's tools or response format, ConfigurationError where a
    secret is missing.
    """
    chosen = _with_params(revealed(config, secrets), generation_params)
    prompt = system_prompt or chosen.get("system_message") or ""
    asked = {"tools": tools, "tool_choice": tool_choice, "response_format": response_format}
    extra = {name: value for name, value in asked.items() if value}
    provider = provider_of(chosen)
    if extra and not takes_tools(chosen):
        problem = f"cannot be sent to a bot of the provider {provider!r}: it needs an OpenAI-compatible endpoint"
        raise InputError(problem, field=f"prompt_template.{next(iter(extra))}")
    match provider:
        case "mock":
            scripted = dict(chosen.get("mock") or {})
            if "replies" in scripted:
                scripted["replies"] = tuple(scripted["replies"])
            return MockBot(system_prompt=prompt, **scripted)
        case "botario":
            return _botario(chosen, texts(secrets), prompt)
        case "custom_api":
            return _custom_api(chosen, texts(secrets), prompt)
    return _model(chosen, {} if provider in _UNREAD else extra, prompt)


def model_config(config: Mapping[str, Any], secrets: Mapping[str, Any], *, field: str = "llm_config_id") -> LLMConfig:
    """The model that a config describes, as simulator or judge. Raises InputError for a config that is no model."""
    chosen = revealed(config, secrets)
    provider = provider_of(chosen)
    if provider in ("mock", "botario", "custom_api"):
        raise InputError(f"names a config of the provider {provider!r}, which is no language model", field=field)
    retries, timeout_s = chosen.get("max_retries"), chosen.get("timeout")
    settings: dict[str, Any] = {
        **_endpoint(chosen),
        "temperature": chosen.get("temperature"),
        "max_output_tokens": chosen.get("max_tokens"),
        "timeout_s": None if timeout_s is None else float(timeout_s),
        "attempts": None if retries is None else retries + 1,
        "requests_per_minute": chosen.get("requests_per_minute"),
        "tokens_per_minute": chosen.get("tokens_per_minute"),
        "rates": _rates(chosen),
        "extra_body": _body_fields(chosen),
    }
    return LLMConfig(**{name: value for name, value in settings.items() if value is not None})


def secrets_for(config: Mapping[str, Any], row: Record, cipher: Cipher) -> dict[str, Any]:
    """The secrets of the config in `row` for an older copy of it.

    Raises ConfigurationError where the config leads to another address by now: its key is not for the old one.
    """
    secrets = cipher.unseal(row["secrets"])
    if secrets and destination(config) != destination(row["settings"]):
        raise ConfigurationError(
            f"the LLM config {row['name']!r} was changed to another address since the experiment was made, and its key "
            "is not sent to the old one: make a new experiment"
        )
    return secrets


def provider_of(config: Mapping[str, Any]) -> str:
    """What the config really is. An API version says Azure, as it does in OpenAI's own library."""
    provider = str(config.get("provider") or config.get("inference_type") or "openai")
    return "azure" if provider == "openai" and config.get("api_version") else provider


def takes_tools(config: Mapping[str, Any]) -> bool:
    """Whether requests to it have a place for OpenAI's tools and response formats, or are read by nobody."""
    return provider_of(config) not in _OTHERS


def _with_params(config: Mapping[str, Any], params: Mapping[str, Any] | None) -> dict[str, Any]:
    given = {name: value for name, value in (params or {}).items() if value is not None}
    if given.get("max_connections") == DEFAULT_CONNECTIONS:  # the SDK always sends it: nobody chose it
        del given["max_connections"]
    chosen = {**config, **given}
    if "temperature" in given:
        chosen["reasoning_effort"] = None
    elif "reasoning_effort" in given:
        chosen["temperature"] = None
    return chosen


def _model(config: Mapping[str, Any], extra: Mapping[str, Any], prompt: str) -> OpenAIBot:
    return OpenAIBot(
        system_prompt=prompt,
        temperature=config.get("temperature"),
        max_output_tokens=config.get("max_tokens"),
        requests_per_minute=config.get("requests_per_minute"),
        tokens_per_minute=config.get("tokens_per_minute"),
        extra_body={**_body_fields(config), **extra},
        **_endpoint(config),
    )


def _endpoint(config: Mapping[str, Any]) -> dict[str, Any]:
    """The process's own keys go to the provider's own address, never to one that a config names."""
    base_url = config.get("llm_base_url") or ""
    return {
        "provider": provider_of(config),
        "model": config.get("llm_model_name") or "",
        "base_url": base_url,
        "api_key": config.get("api_key") or "",
        "api_version": config.get("api_version") or "",
        "uses_environment": not base_url,
    }


def _body_fields(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: config[name] for name in _SAMPLING if config.get(name) is not None}


def _rates(config: Mapping[str, Any]) -> Rates | None:
    """Both prices; where only one is known the other is free."""
    prices = (config.get("input_price_per_mtok"), config.get("output_price_per_mtok"))
    return None if prices == (None, None) else Rates(prices[0] or 0.0, prices[1] or 0.0)


def _custom_api(config: Mapping[str, Any], hidden: tuple[str, ...], prompt: str) -> CustomApiBot:
    api = dict(config.get("custom_api_config") or {})
    headers, auth = api.pop("headers", None) or {}, api.pop("auth", None)
    given = {name: value for name, value in api.items() if value is not None}
    given.setdefault("url", config.get("llm_base_url") or "")
    return CustomApiBot(
        headers=headers,
        auth=_auth(config, auth, headers),
        parser=config.get("custom_response_parser") or "",
        system_prompt=prompt,
        hidden=hidden,
        **given,
    )


def _botario(config: Mapping[str, Any], hidden: tuple[str, ...], prompt: str) -> BotarioBot:
    api = config.get("custom_api_config") or {}
    headers = api.get("headers") or {}
    names = ("session_field", "message_field", "reply_path")
    return BotarioBot(
        url=api.get("url") or config.get("llm_base_url") or "",
        headers=headers,
        auth=_auth(config, api.get("auth"), headers),
        system_prompt=prompt,
        hidden=hidden,
        **{name: api[name] for name in names if api.get(name) is not None},
    )


def _auth(config: Mapping[str, Any], how: Mapping[str, Any] | None, headers: Mapping[str, str]) -> GivenAuth | None:
    """The key in its header: as `auth` says, else as a bearer token if the config has no such header itself."""
    key = config.get("api_key") or ""
    if not key or (how is None and any(name.lower() == "authorization" for name in headers)):
        return None
    return GivenAuth(key=key, **{name: value for name, value in (how or {}).items() if value is not None})
