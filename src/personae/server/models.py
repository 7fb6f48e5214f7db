"""The deployment's own models: the simulator, the judge, and the generator of small jobs.

They come from the server's settings. An experiment may choose others by the keys `simulator` and `judge` of its
settings, or `judges`, a list: `{"llm_config_id": 7}`, a config of the project, or any of `{"provider", "model",
"base_url"}`. The
deployment's key goes to the deployment's address alone: who chooses another provider or address brings a config with a
key of its own. A project may choose others for all that is asked in it: see `project_settings`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from personae.bots import BotSpec
from personae.bots.openai import OpenAIBot
from personae.core.model import Model
from personae.errors import InputError
from personae.experiments.settings import JUDGE_TEMPERATURE, SIMULATOR_TEMPERATURE
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.providers import connect
from personae.server.bot_specs import model_config
from personae.server.deps import ProjectAccess
from personae.server.outgoing import pool
from personae.server.services import Services
from personae.server.settings import ServerSettings
from personae.store import llm_configs
from personae.transport import Pool, Transport

GENERATOR_CALLS = 4
"""Calls at once of one generation job."""
GENERATOR_ATTEMPTS = 4
"""Tries per call: somebody waits for the answer."""


def simulator_config(settings: ServerSettings) -> LLMConfig:
    """Who plays the personas, where an experiment does not say otherwise."""
    return LLMConfig(
        provider=settings.simulator_provider,
        model=settings.simulator_model,
        base_url=settings.simulator_base_url,
        api_key=settings.simulator_api_key,
        temperature=SIMULATOR_TEMPERATURE,
    )


def judge_config(settings: ServerSettings) -> LLMConfig:
    """Who rates: the simulator's model, with what the judge's own settings change."""
    config = overridden(
        simulator_config(settings).with_(temperature=JUDGE_TEMPERATURE),
        {
            "provider": settings.judge_provider,
            "model": settings.judge_model,
            "base_url": settings.judge_base_url,
        },
    )
    if settings.judge_api_key:
        config = config.with_(api_key=settings.judge_api_key)
    return config.with_(uses_environment=True)


def overridden(config: LLMConfig, choice: Mapping[str, Any]) -> LLMConfig:
    """`config` with another `provider`, `model` or `base_url`. Another provider or address does not get its key."""
    provider = choice.get("provider") or config.provider
    base_url = choice.get("base_url") or (config.base_url if provider == config.provider else "")
    model = choice.get("model") or (config.model if provider == config.provider else "")
    if (provider, base_url) == (config.provider, config.base_url):
        return config.with_(model=model)
    return config.with_(provider=provider, base_url=base_url, model=model, api_key="", uses_environment=not base_url)


@dataclass(frozen=True, slots=True)
class Models:
    """The models of one experiment, beside its bot."""

    simulator: LLMConfig
    judges: tuple[LLMConfig, ...]
    """One, or several of whom the majority decides."""


async def experiment_models(
    connection: AsyncConnection, services: Services, project_id: int, settings: Mapping[str, Any]
) -> Models:
    """Simulator and judges of an experiment with these settings.

    Raises InputError for a config that is not there or is no model, ConfigurationError for a key that cannot be read.
    """

    own, several = judge_config(services.settings), settings.get("judges")
    judges = (
        [
            await _chosen(connection, services, project_id, own, choice, f"judges.{place}")
            for place, choice in enumerate(several)
        ]
        if several
        else [await chosen_judge(connection, services, project_id, settings.get("judge"))]
    )
    simulator = await chosen_simulator(connection, services, project_id, settings.get("simulator"))
    return Models(simulator, tuple(judges))


async def chosen_simulator(
    connection: AsyncConnection, services: Services, project_id: int, choice: Mapping[str, Any] | None
) -> LLMConfig:
    """Who plays the personas, by a `simulator` such as experiments have. Raises InputError, ConfigurationError."""
    return await _chosen(
        connection, services, project_id, simulator_config(services.settings), choice or {}, "simulator"
    )


async def chosen_judge(
    connection: AsyncConnection, services: Services, project_id: int, choice: Mapping[str, Any] | None
) -> LLMConfig:
    """Who rates, by a `judge` such as experiments have. Raises InputError, ConfigurationError."""
    return await _chosen(connection, services, project_id, judge_config(services.settings), choice or {}, "judge")


async def _chosen(
    connection: AsyncConnection,
    services: Services,
    project_id: int,
    config: LLMConfig,
    choice: Mapping[str, Any],
    which: str,
) -> LLMConfig:
    id_ = choice.get("llm_config_id")
    if id_ is None:
        return overridden(config, choice)
    row = await llm_configs.get(connection, project_id, id_)
    if row is None:
        raise InputError(f"there is no LLM config {id_} in this project", field=f"{which}.llm_config_id")
    named = model_config(row["settings"], services.cipher.unseal(row["secrets"]), field=f"{which}.llm_config_id")
    return named if named.temperature is not None else named.with_(temperature=config.temperature)


@asynccontextmanager
async def outgoing(services: Services) -> AsyncIterator[Transport]:
    """What carries requests to models and bots of users, and never into the network behind the server."""
    async with pool(services.settings) as guarded:
        yield guarded


def carrier(services: Services, spec: BotSpec) -> AbstractAsyncContextManager[Transport]:
    """What carries the requests to one bot. The deployment's own addresses, where a model's config names none, may be
    private ones; the user's may not.
    """
    is_own = isinstance(spec, OpenAIBot) and spec.uses_environment
    return Pool() if is_own else outgoing(services)


@asynccontextmanager
async def generator(project: ProjectAccess) -> AsyncIterator[Model]:
    """The project's simulator, connected, for a small job. Raises InputError, ConfigurationError where it cannot be."""
    services, choice = project.services, project.chosen.get("simulator")
    async with project.reading() as connection:
        config = await chosen_simulator(connection, services, project.id, choice)
    async with outgoing(services) if choice else Pool() as transport:  # only the deployment may name a private address
        yield connect(config, Wiring(transport, Limits(GENERATOR_CALLS), attempts=GENERATOR_ATTEMPTS))
