"""One message of a conversation that somebody tries by hand: the persona's, or the bot's. Nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from personae.bots import BotReply, BotWiring, Session
from personae.core.conversation import Turn
from personae.core.model import Model
from personae.core.persona import Persona, Scenario
from personae.core.result import Spec
from personae.errors import ConfigurationError, InputError
from personae.experiments.plan import filled_persona
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.providers import connect
from personae.server.bot_checks import CHECK_TIMEOUT_S
from personae.server.bot_specs import bot_limits, bot_spec
from personae.server.deps import ProjectAccess
from personae.server.models import carrier, generator
from personae.server.secrets import Cipher
from personae.server.services import Services
from personae.simulation import dose
from personae.simulation.simulator import Move, Simulator

ATTEMPTS = 2
"""Tries per reply of a bot: somebody waits for it."""


async def next_move(
    project: ProjectAccess, persona: Persona, scenario: Scenario, turns: Sequence[Turn], seed: int
) -> tuple[Move, str]:
    """What `persona` says after `turns`, and the name of the model that played it.

    Raises InputError for a placeholder that no column fills, ProviderError, ConfigurationError.
    """
    if wrong := list(dose.problems("", persona.behaviours, persona.traits)):
        raise InputError("; ".join(wrong), field="behaviours")
    spec = Spec(
        key="try",
        index=0,
        persona=filled_persona(persona, scenario),
        scenario=scenario,
        epoch=1,
        seed=seed,
        behaviours=dose.chosen(persona, scenario),
    )
    async with generator(project) as model:
        return await Simulator(model, spec, project.limits.max_turns).next_move(turns), model.name


async def bot_reply(
    services: Services,
    config: Mapping[str, Any],
    secrets: Mapping[str, Any],
    turns: Sequence[Turn],
    session: Session,
) -> BotReply:
    """What the bot of an LLM config answers. Raises BotError, ProviderError, ConfigurationError, InputError."""
    spec, limits = bot_spec(config, secrets), bot_limits(config)
    async with carrier(services, spec) as transport:
        wiring = Wiring(transport, Limits(1), attempts=ATTEMPTS)

        def connect_model(**settings: Any) -> Model:
            return connect(LLMConfig(**settings), wiring)

        timeout_s = limits.timeout_s or CHECK_TIMEOUT_S
        bot = spec.open(BotWiring(transport, connect_model, timeout_s, concurrency=1, attempts=ATTEMPTS))
        try:
            return await bot.reply(turns, session)
        finally:
            await bot.close()


def opened(cipher: Cipher, config_id: int, sealed: str) -> Session:
    """The session that an earlier answer gave, or a new one. Raises InputError for one of another bot."""
    if not sealed:
        return Session(f"try-{uuid4().hex}")
    try:
        kept = cipher.unseal(sealed)
    except ConfigurationError:
        kept = {}
    if kept.get("config") != config_id:
        raise InputError("must be what an answer of this bot gave, or blank for a new one", field="session")
    return Session(kept["id"], state=kept["state"])


def kept(cipher: Cipher, config_id: int, session: Session) -> str:
    """A session as a text for the caller, to whom it says nothing."""
    return cipher.seal({"config": config_id, "id": session.id, "state": session.state}) or ""
