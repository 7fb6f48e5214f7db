"""The plan before it is run: how many conversations, what they will take, what is missing, and one prompt to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from personae.errors import ConfigurationError, InputError
from personae.experiments.build import Engine, engine
from personae.experiments.foresight import detectable
from personae.experiments.plan import Plan
from personae.server.experiments.inputs import engine_settings, inputs
from personae.server.models import Models
from personae.server.outgoing import pool
from personae.server.services import Services
from personae.simulation.simulator import example_system_message
from personae.store.columns import Record


@dataclass(slots=True)
class Preview:
    """What a run would be. With `problems` there is nothing to run."""

    personas: int = 0
    rows: int = 0
    epochs: int = 1
    conversations: int = 0
    detectable: float | None = None
    """The smallest drop of the goal rate, 0 to 1, that so many conversations are likely to see against another run."""
    calls: tuple[int, int] | None = None
    """Low and high."""
    tokens: tuple[int, int] | None = None
    cost_usd: tuple[float, float] | None = None
    """None where a price is not known; see `unpriced`."""
    unpriced: tuple[str, ...] = ()
    """Models whose price is not known."""
    budget_usd: float | None = None
    bot: str = ""
    simulator: str = ""
    judge: str = ""
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is not in the way, and should be known."""
    example: dict[str, str] | None = None
    """One prompt as it would be sent: of the simulator, or of the bot where there are no personas."""


async def preview(
    services: Services,
    experiment: Mapping[str, Any],
    rows: Sequence[Record],
    secrets: Mapping[str, Any],
    models: Models,
) -> Preview:
    """The preview of an experiment that is not run yet: its columns as they would be stored."""
    snapshot = experiment["snapshot"]
    found = Preview(personas=len(snapshot["personas"]), rows=len(rows), epochs=experiment["n_epochs"])
    if left_out := (snapshot["persona_group"] or {}).get("left_out"):
        found.notes.append(f"archived personas of the group are left out: {', '.join(left_out)}")
    if not snapshot["criterion_set"]["criteria"]:
        found.notes.append("no criteria: transcripts are rated by their goal alone, where a row says what it expects")
    try:
        given = inputs(
            snapshot,
            rows,
            mode=experiment["evaluation_mode"],
            response_column=experiment["settings"].get("response_column"),
        )
        settings = engine_settings(experiment, secrets, models, services.settings)
        found.budget_usd = settings.ceilings.usd
        async with engine(settings, pool(services.settings)) as running:
            _fill(found, running, running.plan(given.personas, given.scenarios, system_prompt=given.system_prompt))
    except (InputError, ConfigurationError) as error:
        found.problems += str(error).split("\n")
    return found


def _fill(found: Preview, running: Engine, plan: Plan) -> None:
    first = next(iter(plan))
    is_scripted = bool(first.scenario.opening)
    estimate = running.estimate(len(plan), is_scripted=is_scripted)
    found.conversations = len(plan)
    found.detectable = detectable(len(plan), plan.epochs)
    found.calls, found.tokens, found.cost_usd = estimate.calls, estimate.tokens, estimate.usd
    found.unpriced = estimate.unpriced
    found.bot = running.settings.bot.label
    found.simulator, found.judge = running.simulator.name, running.judge.name
    if is_scripted:
        system = first.system_prompt or running.bot.system_prompt
        said = [{"role": "system", "content": system}] if system else []
        said += [{"role": turn.role, "content": turn.content} for turn in first.opening()]
        found.example = {"of": "bot", "text": "\n\n".join(f"[{one['role']}]\n{one['content']}" for one in said)}
    else:
        found.example = {"of": "simulator", "text": example_system_message(first, running.simulator)}
