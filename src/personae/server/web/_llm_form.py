"""The form of an LLM config: from a config to its fields, and from what was typed to a config."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pydantic import ValidationError
from starlette.datastructures import FormData

from personae.bots._curl import read_curl
from personae.errors import InputError, PersonaeError
from personae.llm.providers import providers
from personae.server.schemas.custom_api import CustomApi
from personae.server.schemas.llm_config import OTHER_BOTS, LLMConfig, LLMConfigIn
from personae.server.web._forms import Problems, problems
from personae.server.web._texts import N_

BY_HTTP = ("custom_api", "botario")
KINDS = {
    "custom_api": N_("Your bot, by HTTP"),
    "openai": N_("OpenAI, or an address that speaks its protocol"),
    "offline": N_("Offline: answers by rules, without a model"),
    "mock": N_("Mock: says fixed replies"),
}
"""What kinds are called; others by their own names."""

_PLAIN = (
    "name",
    "provider",
    "description",
    "llm_model_name",
    "llm_base_url",
    "api_version",
    "max_connections",
    "max_retries",
    "timeout",
    "requests_per_minute",
    "tokens_per_minute",
    "system_message",
    "max_tokens",
    "top_p",
    "temperature",
    "reasoning_effort",
    "custom_response_parser",
    "input_price_per_mtok",
    "output_price_per_mtok",
)
_OF_REQUEST = ("method", "reply_path", "session_path", "stream_path", "session_field", "message_field")
_JSON = ("headers", "body")
_CHECKS = ("stateful", "stream")
_RARE = ("headers", "auth_header", "method", "stream", "custom_response_parser")
_OF_MODELS = ("requests_per_minute", "tokens_per_minute", "api_version")
_PLACES = {"url": "llm_base_url", "auth": "auth_header"}
"""Fields of `custom_api_config` under other names in the form."""
_FOUND = ("reply_path", "session_path")
_KNOWN = (*_PLAIN, "api_key", *_OF_REQUEST, *_JSON, *_CHECKS, "auth_header", "auth_prefix")


def kinds() -> list[str]:
    """All there are, those that are common first."""
    known = (*OTHER_BOTS, *providers.names())
    return [*(one for one in KINDS if one in known), *sorted(set(known) - set(KINDS))]


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields, as texts."""

    typed: Mapping[str, str] = field(default_factory=lambda: {"provider": "custom_api", "max_connections": "10"})

    @classmethod
    def of(cls, config: LLMConfig) -> Self:
        """What the form shows of a config; its address is in one of two places."""
        held = config.model_dump(mode="json", exclude_none=True)
        api = held.get("custom_api_config", {})
        shown = {name: _text(held.get(name)) for name in _PLAIN}
        shown |= {name: _text(api.get(name)) for name in _OF_REQUEST}
        shown |= {name: json.dumps(api[name], indent=2, ensure_ascii=False) for name in _JSON if name in api}
        shown |= {name: "1" for name in _CHECKS if api.get(name)}
        if auth := api.get("auth"):
            shown |= {"auth_header": auth["header"], "auth_prefix": auth["prefix"]}
        if api.get("url"):
            shown["llm_base_url"] = api["url"]
        return cls(shown | {"is_default": "1" if config.is_default else ""})

    @classmethod
    def received(cls, form: FormData, found: Mapping[str, str] | None = None) -> Self:
        """What came back, with a path that a test `found`."""
        typed = {name: str(text).replace("\r\n", "\n") for name, text in form.items()}
        return cls(typed | {name: path for name in _FOUND if (path := (found or {}).get(name))})

    @classmethod
    def pasted(cls, form: FormData) -> Self:
        """What a curl command says, over what was typed. Raises InputError."""
        typed = dict(cls.received(form).typed)
        said = read_curl(typed.get("curl", ""))
        is_bearer = (said.key_header.lower(), said.key_prefix) == ("authorization", "Bearer ")
        texts = {name: json.dumps(value, indent=2, ensure_ascii=False) for name, value in
                 (("headers", said.headers), ("body", said.body)) if value}  # fmt: skip
        return cls(
            typed
            | {"provider": "custom_api", "llm_base_url": said.url, "api_key": said.key, "headers": "", "body": ""}
            | {"method": "" if said.method == "POST" else said.method}
            | {"auth_header": "" if is_bearer else said.key_header, "auth_prefix": "" if is_bearer else said.key_prefix}
            | texts
            | ({"stateful": "1"} if said.has_session else {})
            | {"has_message": "1" if said.has_message else ""}
        )

    def get(self, name: str) -> str:
        return self.typed.get(name, "")

    @property
    def has_rare(self) -> bool:
        """Whether there is anything in the fields that are folded away."""
        return any(self._given(name) for name in _RARE)

    def body(self, before: LLMConfig | None = None) -> LLMConfigIn:
        """As the API takes it, with what `before` has and the form does not show. A key that is not typed stays.

        Raises InputError and ValidationError.
        """
        held = {} if before is None else before.model_dump(mode="json", exclude_none=True)
        api = held.pop("custom_api_config", {})
        given = {name: value for name, value in held.items() if name not in (*_PLAIN, "inference_type")}
        given |= {name: text for name in _PLAIN if (text := self._given(name))}
        kind = self.get("provider")
        if kind in OTHER_BOTS:
            given = {name: value for name, value in given.items() if name not in _OF_MODELS}
        if kind != "custom_api":
            given.pop("custom_response_parser", None)
        if kind != "mock":
            given.pop("mock", None)
        if kind in BY_HTTP:
            if api.get("url") or not held.get("llm_base_url"):  # where it was; in a new one where placeholders may be
                api["url"] = given.pop("llm_base_url", None)
            given["custom_api_config"] = self._request(kind, api)
        if self.get("remove_key") or self.get("api_key").strip():
            given["api_key"] = "" if self.get("remove_key") else self.get("api_key")
        return LLMConfigIn.model_validate(given | {"is_default": self.get("is_default") == "1"})

    def _request(self, kind: str, api: Mapping[str, Any]) -> dict[str, Any] | None:
        """The request of a bot of this kind, None where nothing is said of it. Raises InputError."""
        changed = (*_OF_REQUEST, *_JSON, *_CHECKS, "auth")
        made = {name: value for name, value in api.items() if name not in changed}
        made |= {name: text for name in _OF_REQUEST if (text := self._given(name))}
        made |= {name: True for name in _CHECKS if self.get(name)}
        for name in _JSON:
            if text := self._given(name):
                try:
                    made[name] = json.loads(text)
                except (ValueError, RecursionError) as error:
                    raise InputError(f"is not JSON: {error}", field=name) from None
        if header := self._given("auth_header"):
            made["auth"] = {"header": header, "prefix": self.get("auth_prefix")}
        foreign = CustomApi.model_construct(**made).foreign_to(kind)
        return {name: value for name, value in made.items() if name not in foreign} or None

    def _given(self, name: str) -> str:
        return text if (text := self.get(name)).strip() else ""


def told(error: ValidationError | PersonaeError) -> Problems:
    """Each problem at its field, and what belongs to none at the top of the form."""
    found, placed = problems(error), Problems()
    placed.status = found.status
    for place, text in found.items():
        name, said = place.removeprefix("custom_api_config").lstrip("."), text
        head, _, rest = text.partition(": ")
        if not place and head.split(".")[-1] in (*_KNOWN, *_PLACES):  # rules of the whole body name their field so
            name, said = head.split(".")[-1], rest
        top = name.split(".")[0]
        top = _PLACES.get(top, top)
        if top not in _KNOWN:
            top, said = "", f"{name}: {said}" if name else said
        placed[top] = "; ".join(filter(None, (placed.get(top), said)))
    return placed


def _text(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
