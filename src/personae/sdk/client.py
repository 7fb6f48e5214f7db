"""The two clients: one blocks, one is awaited."""

from __future__ import annotations

from types import TracebackType
from typing import Generic, Self

from personae.sdk.api_keys import ApiKeys
from personae.sdk.collections import Collections
from personae.sdk.criterion_sets import CriterionSets
from personae.sdk.doors import AsyncDoor, SyncDoor
from personae.sdk.experiments import Experiments
from personae.sdk.generations import Generations
from personae.sdk.llm_configs import LLMConfigs
from personae.sdk.nouns import D
from personae.sdk.persona_groups import PersonaGroups
from personae.sdk.personas import Personas
from personae.sdk.projects import Projects
from personae.sdk.prompt_templates import PromptTemplates
from personae.sdk.responses import Responses
from personae.sdk.session import RETRIES, TIMEOUT_S, Session


class _Nouns(Generic[D]):
    """What both clients have."""

    def __init__(self, door: D, base_url: str) -> None:
        self._door = door
        self.base_url = base_url
        self.projects = Projects(door)
        self.api_keys = ApiKeys(door)
        self.personas = Personas(door)
        self.persona_groups = PersonaGroups(door)
        self.collections = Collections(door)
        self.prompt_templates = PromptTemplates(door)
        self.criterion_sets = CriterionSets(door)
        self.llm_configs = LLMConfigs(door)
        self.experiments = Experiments(door)
        self.generations = Generations(door)
        self.responses = Responses(door)


class Client(_Nouns[SyncDoor]):
    """A personae server, for scripts.

        with Client("https://personae.example.com", api_key="pk_...") as client:
            for persona in client.personas.list(traits=["terse"]):
                print(persona.name, persona.version)

    The address comes from `base_url` or PERSONAE_URL, the key from `api_key` or PERSONAE_API_KEY (a server on loopback
    needs none), the project from `project` (id or name) or PERSONAE_PROJECT; a key knows its own. Requests that the
    server did not answer are tried again as often as `retries` says, where that is safe. All errors are PersonaeError.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        project: int | str | None = None,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
    ) -> None:
        session = Session.of(base_url, api_key, project, timeout_s, retries)
        super().__init__(SyncDoor(session), session.base_url)

    def close(self) -> None:
        """Give the connections back."""
        self._door.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(_Nouns[AsyncDoor]):
    """The same, awaited.

    async with AsyncClient() as client:
        persona = await client.personas.by_name("Ann")
        async for version in client.personas.versions(persona.id):
            print(version.note)
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        project: int | str | None = None,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
    ) -> None:
        session = Session.of(base_url, api_key, project, timeout_s, retries)
        super().__init__(AsyncDoor(session), session.base_url)

    async def close(self) -> None:
        """Give the connections back."""
        await self._door.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
