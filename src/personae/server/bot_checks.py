"""Whether the bot of an LLM config can be asked: its settings before they are stored, and the bot itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from personae.bots import BotWiring
from personae.bots._probe import Recorder, check
from personae.bots._sandbox import Parser
from personae.bots.custom_api import CustomApiBot
from personae.core.model import Model
from personae.core.template import placeholders
from personae.errors import BotError, InputError
from personae.llm.config import LLMConfig, Wiring
from personae.llm.limits import Limits
from personae.llm.providers import connect
from personae.server.bot_specs import bot_limits, bot_spec
from personae.server.config_secrets import addresses, origin, texts
from personae.server.models import carrier
from personae.server.outgoing import check_url
from personae.server.schemas.bot_check import BotCheck
from personae.server.services import Services
from personae.server.settings import ServerSettings

CHECK_TIMEOUT_S = 30.0
"""For one reply, where the config does not want less: somebody waits for it."""


async def check_settings(settings: ServerSettings, config: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    """Raises InputError for what can be known to be wrong without a call: addresses, headers, paths, the parser."""
    for field, url in addresses(config).items():
        if not placeholders(origin(url)):  # of others it is seen when the connection is made
            check_url(url, settings, field=field)
    spec = bot_spec(config, secrets)
    bot = spec.open(BotWiring(_Nowhere(), _no_model, concurrency=1))
    await bot.close()
    if isinstance(spec, CustomApiBot) and spec.parser:
        await _check_parser(spec.parser)


async def check_bot(services: Services, config: Mapping[str, Any], secrets: Mapping[str, str]) -> BotCheck:
    """Two turns and a fresh session. What fails is told in the result."""
    spec, limits = bot_spec(config, secrets), bot_limits(config)
    timeout_s = min(limits.timeout_s or CHECK_TIMEOUT_S, CHECK_TIMEOUT_S)
    async with carrier(services, spec) as transport:
        recorder = Recorder(transport, texts(secrets))
        wiring = Wiring(recorder, Limits(1), attempts=1)

        def connect_model(**settings: Any) -> Model:
            return connect(LLMConfig(**settings), wiring)

        found = await check(spec, BotWiring(recorder, connect_model, timeout_s, concurrency=1, attempts=1))
    return BotCheck.model_validate(found.as_dict())


async def _check_parser(code: str) -> None:
    """Runs it on an empty answer: only what no answer can heal is refused, such as broken syntax."""
    parser = Parser(code, concurrency=1)
    try:
        await parser.parse("", None)
    except BotError as error:
        if error.hopeless:
            raise InputError(str(error), field="custom_response_parser") from None
    finally:
        await parser.close()


class _Nowhere:
    """A transport for bots that are opened and not asked."""

    async def request(self, *_: Any, **__: Any) -> NoReturn:
        raise AssertionError("a bot was asked that was to be opened only")


def _no_model(**_: Any) -> Any:
    return None
