"""LLM configs: how to reach the bots under test, and language models."""

from __future__ import annotations

from typing import Any, Literal

from personae.errors import NotFound
from personae.sdk.nouns import D, Noun, Received, listing, method
from personae.sdk.steps import Listing, Steps, delete, get, post, put


class LLMConfig(Received):
    """A config. Keys are never shown."""

    id: int
    name: str
    description: str
    provider: str
    llm_model_name: str | None = None
    llm_base_url: str | None = None
    has_api_key: bool = False
    is_default: bool = False
    max_connections: int
    custom_api_config: dict[str, Any] | None = None


class CheckedTurn(Received):
    """One message to the bot and what became of it."""

    session: str
    message: str
    reply: str | None
    latency_ms: float | None
    error: str


class BotCheck(Received):
    """What a test of a connection found."""

    passed: bool
    """It answers, remembers what it should, and keeps conversations apart."""
    verdict: Literal["remembers", "remembers_sent_history", "does_not_remember", "leaks", "failed"]
    explanation: str
    error: str
    turns: tuple[CheckedTurn, ...]


class LLMConfigs(Noun[D]):
    """The project's configs. Their settings are those of `POST llm_configs`, see the server's /docs."""

    @listing
    def list(self) -> Listing[LLMConfig]:
        """All of them."""
        return Listing(get("llm_configs"), LLMConfig.model_validate)

    @method
    def get(self, config_id: int) -> Steps[LLMConfig]:
        """One config. Raises NotFound."""
        return LLMConfig.model_validate((yield get(f"llm_configs/{config_id}")))

    @method
    def by_name(self, name: str) -> Steps[LLMConfig]:
        """The config with exactly this name. Raises NotFound."""
        found = (yield get("llm_configs", name=name))["items"]
        if not found:
            raise NotFound(f"there is no LLM config {name!r}")
        return LLMConfig.model_validate(found[0])

    @method
    def create(self, /, name: str, *, provider: str, api_key: str | None = None, **settings: Any) -> Steps[LLMConfig]:
        """A new config, such as `create("bot", provider="custom_api", custom_api_config={...})`.

        Raises Conflict where the name is taken.
        """
        body = {"name": name, "provider": provider, "api_key": api_key, **settings}
        return LLMConfig.model_validate((yield post("llm_configs", body)))

    @method
    def update(self, /, config_id: int, *, api_key: str | None = None, **settings: Any) -> Steps[LLMConfig]:
        """Other settings; what is not given stays. Without a key the stored one is kept, a blank one removes it."""
        now = yield get(f"llm_configs/{config_id}")
        return LLMConfig.model_validate(
            (yield put(f"llm_configs/{config_id}", {**now, **settings, "api_key": api_key}))
        )

    @method
    def test(self, config_id: int) -> Steps[BotCheck]:
        """Ask the bot twice in one session and once in a fresh one."""
        return BotCheck.model_validate((yield post(f"llm_configs/{config_id}/test", None)))

    @method
    def delete(self, config_id: int) -> Steps[None]:
        """Experiments that ran keep what they used. Raises Conflict where an unfinished one uses it."""
        yield delete(f"llm_configs/{config_id}")
