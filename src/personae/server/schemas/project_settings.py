"""Settings of a project on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from personae.server.schemas.experiment import Reference
from personae.server.schemas.session import example


class ConfigChoice(BaseModel):
    """A model of the project."""

    model_config = ConfigDict(extra="forbid")

    llm_config_id: Reference
    """An LLM config that is a language model, and no bot."""


class ProjectSettings(BaseModel):
    """Where an experiment says nothing else, this holds. Null: what the server is set to."""

    model_config = example({"judge": {"llm_config_id": 1}, "max_turns": 12, "budget_usd": 5.0})

    simulator: ConfigChoice | None = None
    """Plays the personas, also when one is tried by hand, and writes what is generated."""
    judge: ConfigChoice | None = None
    """Rates, also when criteria are tried."""
    max_turns: Annotated[int, Field(ge=1, le=200)] | None = None
    """Replies of the bot after which a conversation ends."""
    budget_usd: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None
    """Ceiling of an experiment, and of a generation, that names none."""
    max_conversations: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """Most conversations at once of one experiment: it may ask for fewer (`max_connections`), and not for more. Never
    more than the server allows."""


class InForce(BaseModel):
    """What holds. Models by name."""

    simulator: str
    judge: str
    max_turns: int
    budget_usd: float
    max_conversations: int


class ProjectSettingsOut(ProjectSettings):
    """What the project chose, and what that comes to."""

    in_force: InForce
    """For an experiment that is made now and says nothing else."""
    server: InForce
    """What holds wherever the project says nothing."""
