"""LLM configs on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, field_validator, model_validator

from personae.bots._http import checked_url
from personae.errors import InputError
from personae.llm.providers import providers
from personae.server.schemas.custom_api import CustomApi, MockScript
from personae.store.columns import Record

InferenceType = Literal["openai", "botario", "custom_api"]
OTHER_BOTS = ("botario", "custom_api", "mock")
"""What a config can reach that is no language model."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Text = Annotated[str, StringConstraints(max_length=1_000_000)]
Count = Annotated[int, Field(ge=1, le=2**31 - 1)]
Price = Annotated[float, Field(ge=0, lt=1_000_000, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]

EXAMPLE: dict[str, Any] = {
    "name": "Our support bot",
    "inference_type": "custom_api",
    "api_key": "the key of the bot",
    "custom_api_config": {
        "url": "https://bot.example.com/chat",
        "body": {"message": "{{message}}", "session": "{{session_id}}"},
        "reply_path": "answer.text",
        "session_path": "session",
        "stateful": True,
    },
}


class LLMSettings(BaseModel):
    """What an LLM config says, without its key."""

    name: Name
    description: Text = ""
    provider: Annotated[str, StringConstraints(max_length=60)] | None = None
    """What it really is: `openai`, `anthropic`, `ollama`, `offline` ..., or `botario`, `custom_api`, `mock`. Absent: as
    `inference_type` says."""
    inference_type: InferenceType = "openai"
    """The same in the three words that the elluminate SDK knows. Where `provider` is given it decides."""
    llm_model_name: Line | None = None
    """The model's name. Blank: the provider's own default."""
    llm_base_url: Line | None = None
    """Address of the endpoint. Blank: the provider's own."""
    api_version: Line | None = None
    """Of an Azure endpoint."""
    max_connections: Annotated[int, Field(ge=1, le=1000)] = 10
    """Conversations at once."""
    max_retries: Annotated[int, Field(ge=0, le=20)] | None = None
    """Tries after the first one."""
    timeout: Annotated[int, Field(ge=1, le=3600)] | None = None
    """Seconds for one reply."""
    requests_per_minute: Rate | None = None
    tokens_per_minute: Rate | None = None
    system_message: Text | None = None
    """Used where an experiment has no prompt template."""
    max_tokens: Count | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    best_of: Annotated[int, Field(ge=1, le=100)] | None = None
    top_k: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=100)] | None = None
    reasoning_effort: Literal["minimal", "low", "medium", "high"] | None = None
    """Not together with a temperature."""
    verbosity: Literal["low", "medium", "high"] | None = None
    custom_response_parser: Annotated[str, StringConstraints(max_length=100_000)] | None = None
    """Python, run in a sandbox, that makes the reply of `body` (the answer's JSON) and `text` (the answer as text). Its
    last line is the reply, or `{"reply": text, "session_id": text}`."""
    mock: MockScript | None = None
    """What a bot of the provider `mock` says."""
    input_price_per_mtok: Price | None = None
    """US dollars a million tokens. Blank: as in the price list."""
    output_price_per_mtok: Price | None = None


class LLMConfigIn(LLMSettings):
    """An LLM config to make, or to replace one with: whole, not a part of it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": EXAMPLE},
    )

    api_key: Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000)] | None = None
    """Never shown again. In an update, null keeps the stored one and a blank text removes it."""
    custom_api_config: CustomApi | None = None
    """How a bot of the provider `custom_api` (or `botario`) is asked."""
    is_default: bool | None = None
    """Whether experiments that name no config use this one. Null leaves it as it is."""

    @model_validator(mode="before")
    @classmethod
    def _as_it_was_read(cls, given: Any) -> Any:
        """A config that was read can be sent back as it is."""
        read_only = ("id", "has_api_key", "created_at", "updated_at")
        return {name: given[name] for name in given if name not in read_only} if isinstance(given, dict) else given

    @field_validator("llm_base_url")
    @classmethod
    def _is_address(cls, url: str | None) -> str | None:
        return _address(url) if url else None

    @field_validator("api_key")
    @classmethod
    def _can_be_sent(cls, key: str | None) -> str | None:
        if key and not (key.isascii() and key.isprintable()):
            raise ValueError("holds characters that no key has: copy it again")
        return key

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        kind = self.provider = (self.provider or self.inference_type).replace("-", "_")
        if kind not in (*OTHER_BOTS, *providers.names()):
            known = ", ".join((*OTHER_BOTS, *providers.names()))
            raise ValueError(f"provider: {kind!r} is not known; there is {known}")
        self.inference_type = inference_type(kind)
        self._check_fields(kind)
        if self.temperature is not None and self.reasoning_effort is not None:
            raise ValueError("temperature and reasoning_effort exclude each other: give one of them")
        return self

    def _check_fields(self, kind: str) -> None:
        api = self.custom_api_config
        if api is not None and kind not in ("botario", "custom_api"):
            raise ValueError(f"custom_api_config: is for the providers custom_api and botario, not for {kind!r}")
        if api is not None and (foreign := api.foreign_to(kind)):
            raise ValueError(f"custom_api_config.{foreign[0]}: means nothing to a bot of the provider {kind!r}")
        if self.custom_response_parser and kind != "custom_api":
            raise ValueError(f"custom_response_parser: is for the provider custom_api, not for {kind!r}")
        if self.mock is not None and kind != "mock":
            raise ValueError(f"mock: is for the provider mock, not for {kind!r}")
        if kind in OTHER_BOTS and (self.requests_per_minute or self.tokens_per_minute):
            raise ValueError("requests_per_minute, tokens_per_minute: are for language models: set max_connections")
        if kind in ("botario", "custom_api") and not (self.llm_base_url or (api and api.url)):
            raise ValueError(f"llm_base_url: the provider {kind!r} needs an address, here or in custom_api_config.url")

    def settings(self) -> dict[str, Any]:
        """What is stored, the name apart. With the key, which the caller takes out."""
        return self.model_dump(mode="json", exclude={"name", "is_default"}, exclude_none=True)


class LLMConfig(LLMSettings):
    """An LLM config. Where it holds a secret there is `***`; sent back in an update, it stands for the stored one."""

    id: int
    provider: str
    api_key: None = None
    """Never shown."""
    has_api_key: bool = False
    custom_api_config: dict[str, JsonValue] | None = None
    is_default: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @classmethod
    def of(cls, row: Record) -> Self:
        """From a row of `store.llm_configs`, or from the `snapshot` of one in an experiment."""
        names = ("id", "name", "is_default", "created_at", "updated_at")
        return cls(**row["settings"], **{name: row[name] for name in names if name in row})


def inference_type(provider: str) -> InferenceType:
    """What the elluminate SDK calls it: it knows three words and fails at any other."""
    return "botario" if provider == "botario" else "custom_api" if provider == "custom_api" else "openai"


def _address(url: str) -> str:
    try:
        return checked_url(url)
    except InputError as error:
        raise ValueError(error.problem) from None
