"""What of an LLM config must not be shown: found, taken out, and put back where it is used.

Secrets are kept by their place in the config, such as `/api_key` or `/custom_api_config/headers/Authorization`. In the
config itself a mask stands for them, so that a config that was read can be sent back as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from personae.errors import ConfigurationError

MASK = "***"

_SECRETIVE = re.compile(r"auth|token|key|secret|cookie|passw|credential|signature", re.IGNORECASE)
_HARMLESS = re.compile(r"max_?(output_?|completion_?)?tokens|token_?count|keyword|author(?!iz)", re.IGNORECASE)
_LIKE_A_KEY = re.compile(
    r"(?:sk|pk|rk|xox[abp]|gh[opsu]|glpat|hf|key)[-_][A-Za-z0-9_-]{16,}"
    r"|AKIA[0-9A-Z]{12,}|AIza[0-9A-Za-z_-]{20,}|(?:Bearer|Basic) +[A-Za-z0-9._~+/=-]{8,}|eyJ[A-Za-z0-9_-]{20,}"
)
_PLACEHOLDER = re.compile(r"\s*(?:[A-Za-z]+ +)?\{\{[^{}]*\}\}\s*")
_PARTS = ("api_key", "llm_base_url", "custom_api_config")
"""Where in a config secrets may stand."""
_PLAIN = ("auth", "session_field", "message_field", "reply_path", "session_path", "stream_path", "method")
"""Parts of `custom_api_config` that hold names and paths, never secrets."""


def hidden(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The config with masks for its secrets, and the secrets by their places. Of `api_key` it says if there is one."""
    found: dict[str, str] = {}
    shown = {name: _hide(value, f"/{name}", found) if name in _PARTS else value for name, value in config.items()}
    shown.pop("api_key", None)
    shown["has_api_key"] = "/api_key" in found
    return shown, found


def revealed(config: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """The config with its secrets. Raises ConfigurationError where one is not there."""
    whole = {
        name: _reveal(value, f"/{name}", secrets, is_strict=True) if name in _PARTS else value
        for name, value in config.items()
    }
    key = secrets.get("/api_key")
    if config.get("has_api_key") and not key:
        raise ConfigurationError("the LLM config's key is not stored any more: enter it again")
    return {**whole, "api_key": key}


def kept(config: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """The config as sent for an update, each mask replaced by the secret that it stands for."""
    return {
        name: _reveal(value, f"/{name}", secrets, is_strict=False) if name in _PARTS else value
        for name, value in config.items()
    }


def masks(config: Mapping[str, Any]) -> list[str]:
    """Places where a mask stands."""
    parts = {name: config[name] for name in _PARTS if name in config}
    return [place for place, text in _texts(parts, "") if _is_mask(text)]


def destination(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Who gets the config's secrets: the provider, and the hosts of its addresses."""
    hosts = (f"{field} {origin(url)}" for field, url in addresses(config).items())
    return (str(config.get("provider") or ""), *hosts)


def addresses(config: Mapping[str, Any]) -> dict[str, str]:
    """Where the config's requests go, by field; nothing where the provider has its own address."""
    given = {"llm_base_url": config.get("llm_base_url")}
    given["custom_api_config.url"] = (config.get("custom_api_config") or {}).get("url")
    return {field: url for field, url in given.items() if url}


def texts(secrets: Mapping[str, str]) -> tuple[str, ...]:
    """The texts that no error may show: each secret, without its scheme (`Bearer`), and those inside addresses."""
    found: set[str] = set()
    for place, text in secrets.items():
        if _is_address(text):
            found |= {value for name, value in parse_qsl(urlsplit(text).query) if _is_secretive(name, value)}
        else:
            found |= {text, text.rpartition(" ")[2]} if place != "/api_key" else {text}
    return tuple(sorted((text for text in found if len(text) > 3), key=len, reverse=True))


def _hide(value: Any, place: str, found: dict[str, str]) -> Any:
    match value:
        case dict():
            plain = _PLAIN if place == "/custom_api_config" else ()
            return {
                name: item if name in plain else _hide(item, f"{place}/{name}", found) for name, item in value.items()
            }
        case list():
            return [_hide(item, f"{place}/{index}", found) for index, item in enumerate(value)]
        case str() if value:
            masked = _masked(value, place)
            if masked != value:
                found[place] = value
            return masked
    return value


def _masked(text: str, place: str) -> str:
    if _is_address(text):
        return _masked_address(text)
    return MASK if _is_secretive(_name(place), text) else text


def _name(place: str) -> str:
    """The nearest name above: items of a list go by the list's."""
    return next((part for part in reversed(place.split("/")) if not part.isdigit()), "")


def _is_secretive(name: str, text: str) -> bool:
    if _PLACEHOLDER.fullmatch(text) or not text:
        return False
    return bool(_SECRETIVE.search(_HARMLESS.sub("", name)) or _LIKE_A_KEY.search(text))


def _is_mask(text: str) -> bool:
    return text == MASK or (_is_address(text) and f"={MASK}" in text)


def origin(address: str) -> str:
    """Scheme, host and port, in lower case."""
    scheme, separator, rest = address.lower().partition("://")
    return scheme + separator + re.split(r"[/?#\\]", rest, maxsplit=1)[0]


def _is_address(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def _masked_address(text: str) -> str:
    address, mark, query = text.partition("?")
    if not mark:
        return text
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(_is_secretive(name, value) for name, value in pairs):
        return text
    return f"{address}?" + "&".join(
        f"{quote(name)}={MASK if _is_secretive(name, value) else quote(value, safe='{}')}" for name, value in pairs
    )


def _reveal(value: Any, place: str, secrets: Mapping[str, str], *, is_strict: bool) -> Any:
    match value:
        case dict():
            return {
                name: _reveal(item, f"{place}/{name}", secrets, is_strict=is_strict) for name, item in value.items()
            }
        case list():
            return [_reveal(item, f"{place}/{index}", secrets, is_strict=is_strict) for index, item in enumerate(value)]
        case str() if _is_mask(value):
            secret = secrets.get(place)
            if secret is not None and (value == MASK or _masked(secret, place) == value):
                return secret
            if is_strict:
                raise ConfigurationError(f"the LLM config's secret at {place} is not stored any more: enter it again")
    return value


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for name, item in value.items():
                yield from _texts(item, f"{place}/{name}")
        case list():
            for index, item in enumerate(value):
                yield from _texts(item, f"{place}/{index}")
        case str():
            yield place, value
