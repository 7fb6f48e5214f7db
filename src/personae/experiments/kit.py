"""Kit: what it takes to hold conversations of one experiment in another process, as plain data.

The other process opens it with `build.unpacked` and has the same engine: the same settings, and what rows say of the
run. Secrets travel in it, so whoever sends it must seal it.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from personae import __version__
from personae.bots import BotSpec, BringsFiles
from personae.bots._auth import Auth
from personae.errors import ConfigurationError
from personae.experiments.settings import Settings
from personae.llm.providers import ReadsEnvironment, providers


@dataclass(frozen=True, slots=True)
class Guard:
    """Where requests may go whose address somebody else than the process's owner chose."""

    allowed: Callable[[str], bool] | None
    """Asked about each IP address. None: anywhere."""


@dataclass(frozen=True, slots=True)
class Kit:
    """The engine's settings, and what every row says of its run."""

    settings: Settings
    run_id: str
    metadata: Mapping[str, Any]
    guard: Guard | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables that the settings ask for: keys and addresses."""
    version: str = __version__

    def for_travel(self) -> Kit:
        """With all that the settings only name: variables of the environment, files of the bot.

        Raises ConfigurationError where something in it belongs to this process alone, InputError for files that cannot
        be read.
        """
        settings = self.settings
        if settings.cassette is not None:
            raise ConfigurationError("a cassette is recorded and played back in one process: use the executor `local`")
        names = dict.fromkeys(_variables(settings))
        found = {name: value for name in names if (value := os.environ.get(name)) is not None}
        bot = settings.bot.with_files() if isinstance(settings.bot, BringsFiles) else settings.bot
        return replace(self, settings=replace(settings, bot=bot), environment=found)

    def check(self) -> None:
        """In the other process. Raises ConfigurationError where another version runs there."""
        if self.version != __version__:
            raise ConfigurationError(
                f"the worker has personae {__version__}, and the run was started by {self.version}: install the same"
            )


def _variables(settings: Settings) -> Iterator[str]:
    """Names of the variables of the environment that models and bot may read."""
    for config in (settings.simulator, settings.judge, *settings.more_judges):
        if config.uses_environment:
            yield from _variables_of(config.provider)
    yield from _variables_of_bot(settings.bot)


def _variables_of_bot(bot: BotSpec) -> Iterator[str]:
    if getattr(bot, "uses_environment", True) and (provider := getattr(bot, "provider", "")):
        yield from _variables_of(provider)
    for field_ in dataclasses.fields(cast("Any", bot)):
        value = getattr(bot, field_.name)
        if isinstance(value, Auth):
            yield value.env
        elif field_.name.endswith("_env") and isinstance(value, str):
            yield value


def _variables_of(provider: str) -> tuple[str, ...]:
    found = providers.get(provider)()
    return found.variables if isinstance(found, ReadsEnvironment) else ()
