"""Settings of a run: everything that a door (command line, Python, server) can choose."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from personae.bots import BotSpec
from personae.core.persona import Behaviour
from personae.core.rating import Criterion, Mode
from personae.experiments.budget import Ceilings
from personae.llm.config import LLMConfig
from personae.llm.prices import Rates
from personae.llm.providers import providers

DEFAULT_METRICS = ("conversation_relevance", "knowledge_retention", "turn_consistency")
DEFAULT_BUDGET_USD = 1.0
DEFAULT_MAX_TURNS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What to run, and within which limits."""

    bot: BotSpec
    simulator: LLMConfig
    judge: LLMConfig
    more_judges: tuple[LLMConfig, ...] = ()
    """Further judges, who rate the same: the majority decides."""
    criteria: tuple[Criterion, ...] = ()
    metrics: tuple[str, ...] = DEFAULT_METRICS
    judge_mode: Mode = "detailed"
    max_turns: int = DEFAULT_MAX_TURNS
    """Replies of the bot, per conversation."""
    epochs: int = 1
    """Repeats of each persona and scenario."""
    seed: int = 0
    audit: bool = False
    """Ask the judge, in one more call per conversation, whether the simulated user behaved as the persona would."""
    repeat_invalid: int = 1
    """How often at most a conversation is held again that was no fair test by the simulator's fault."""
    behaviours: tuple[Behaviour, ...] = ()
    """How all personas speak now and then, where they and their scenarios say nothing else of a behaviour."""
    concurrency: int = 16
    """Conversations at once."""
    ceilings: Ceilings = field(default_factory=lambda: Ceilings(usd=DEFAULT_BUDGET_USD))
    turn_timeout_s: float = 60.0
    """For one reply of the bot."""
    bot_attempts: int | None = None
    """Tries per reply of the bot, the first included. None: the bot's, or its model's, own default."""
    bot_rates: Rates | None = None
    """What the bot's tokens cost, where it is a model. None: by the price list."""
    conversation_timeout_s: float = 1800.0
    cassette: Path | None = None
    """Record HTTP exchanges to this file, and play back what it holds."""
    replay_only: bool = False
    """Never ask for what the cassette does not hold."""


SIMULATOR_TEMPERATURE = 0.7
JUDGE_TEMPERATURE = 0.0


def llm_configs(
    *,
    provider: str = "",
    base_url: str = "",
    simulator_model: str = "",
    judge_model: str = "",
    judge_provider: str = "",
    api_key: str = "",
    rates: Rates | None = None,
    requests_per_minute: float | None = None,
    tokens_per_minute: float | None = None,
    timeout_s: float = 120.0,
) -> tuple[LLMConfig, LLMConfig]:
    """The simulator's and the judge's LLM config, from what a person chose.

    Whatever is chosen for one of them serves the other too where nothing else is said. A base URL alone means an
    endpoint that speaks OpenAI's protocol; nothing at all means Anthropic, as in the seed.
    """
    by_judge = "" if base_url and judge_provider == "offline" else judge_provider  # it asks nobody at an address
    simulator_provider = provider or by_judge or ("openai" if base_url else "anthropic")
    config = LLMConfig(
        provider=simulator_provider,
        model=simulator_model or judge_model,
        base_url=base_url,
        api_key=api_key,
        temperature=SIMULATOR_TEMPERATURE,
        timeout_s=timeout_s,
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
        rates=rates,
    )
    judge = config.with_(
        provider=judge_provider or simulator_provider,
        model=judge_model or simulator_model,
        temperature=JUDGE_TEMPERATURE,
    )
    if judge.provider != config.provider:  # another provider has its own address, and its own default model
        judge = judge.with_(base_url="", model=judge_model)
    return config, judge


def several_judges(judge: LLMConfig, names: str) -> tuple[LLMConfig, ...]:
    """The judges in `names`, `PROVIDER/MODEL` or `MODEL`, separated by commas, each set as `judge`, which they replace.

    `judge` alone where there is no name. A beginning that is no provider's name is part of the model's.
    """
    found = []
    for name in (part.strip() for part in names.split(",") if part.strip()):
        provider, _, model = name.partition("/")
        if provider not in providers.names() or not model:
            provider, model = judge.provider, name
        chosen = judge.with_(provider=provider, model=model)
        found.append(chosen if provider == judge.provider else chosen.with_(base_url=""))
    return tuple(found) or (judge,)
